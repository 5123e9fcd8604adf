#include "proxy/http2/request_decoder.hpp"

#include "base/text.hpp"
#include "proxy/http/authority.hpp"
#include "proxy/http/characters.hpp"
#include "proxy/http/content_length.hpp"
#include "proxy/http/hop_by_hop.hpp"
#include "proxy/http2/field_rules.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace cardea::proxy::http2 {
namespace {

using verdict = request_decoder::verdict;
using outcome = request_decoder::outcome;

/// As for HTTP/1: longer than any registered method.
constexpr std::size_t method_size_max = 32;

constexpr std::string_view websocket_key = "sec-websocket-key";
constexpr std::array<char, request_decoder::websocket_key_bytes> blank_key{};

bool is_token_text(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), http::is_token);
}

bool is_path(std::string_view path) noexcept {
  return std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
}

/// One head in the making.
class head_builder {
 public:
  head_builder(const request_limits& limits, std::span<char> memory, http::request_head& into) noexcept
      : limits_(limits), memory_(memory), head_(into) {
    into.method = into.target = into.path = into.host = {};
    into.version = http::protocol_version::http11;
    into.framing = http::body_framing::none;
    into.content_length = 0;
    into.keep_alive = true;
    into.expects_continue = into.wants_upgrade = into.is_head = into.is_connect = into.is_extended_connect = false;
    into.head_bytes = 0;
    into.fields.clear();
  }

  [[nodiscard]] char* place() noexcept { return memory_.data() + used_; }
  [[nodiscard]] std::size_t room() const noexcept { return memory_.size() - used_; }
  [[nodiscard]] const outcome& result() const noexcept { return out_; }

  // The field at `place()`.
  void take(std::size_t name_size, std::size_t value_size) {
    listed_ += name_size + value_size + hpack_table::entry_overhead;
    if (listed_ > limits_.head_bytes_max) refuse(431, "the head is too large");
    if (out_.is != verdict::accepted) return;
    const std::string_view name(place(), name_size);
    const std::string_view value(place() + name_size, value_size);
    if (name_size > 0 && name.front() == ':') {
      if (saw_regular_) return malformed("a pseudo-field behind other fields");
      take_pseudo(name, value);
    } else {
      saw_regular_ = true;
      take_field(name, value);
    }
  }

  void refuse(std::uint16_t status, std::string_view reason) noexcept {
    // A malformed head stays one, whatever its size.
    if (out_.is == verdict::accepted) out_ = {verdict::refused, status, reason, 0, {}};
  }
  void malformed(std::string_view reason) noexcept {
    if (out_.is != verdict::broken) out_ = {verdict::malformed, 400, reason, 0, {}};
  }

  void finish(bool ends_stream) {
    if (out_.is == verdict::accepted) join_cookies();
    if (out_.is == verdict::accepted) check_target();
    if (out_.is == verdict::accepted) frame(ends_stream);
    out_.bytes = used_;
  }

 private:
  [[nodiscard]] http::slice slice_of(std::string_view text) const noexcept {
    return {static_cast<std::uint32_t>(text.data() - memory_.data()), static_cast<std::uint32_t>(text.size())};
  }
  [[nodiscard]] const char* bytes() const noexcept { return memory_.data(); }
  void keep(std::string_view name, std::string_view value) noexcept { used_ += name.size() + value.size(); }

  void take_pseudo(std::string_view name, std::string_view value) {
    bool* seen = nullptr;
    http::slice* into = nullptr;
    if (name == ":method") {
      seen = &saw_method_;
      into = &head_.method;
    } else if (name == ":path") {
      seen = &saw_path_;
      into = &head_.path;
    } else if (name == ":scheme") {
      seen = &saw_scheme_;
      into = &scheme_;
    } else if (name == ":authority") {
      seen = &saw_authority_;
      into = &head_.host;
    } else if (name == ":protocol") {
      seen = &saw_protocol_;
      into = &protocol_;
    } else {
      return malformed("an unknown pseudo-field");
    }
    if (*seen) return malformed("a pseudo-field twice");
    *seen = true;
    *into = slice_of(value);
    keep(name, value);
  }

  void take_field(std::string_view name, std::string_view value) {
    if (!is_field_name(name)) return malformed("a forbidden byte in a field name");
    if (!is_field_value(value)) return malformed("a forbidden byte or a blank around a field value");
    const http::field_id id = http::identify_field(name);
    if (id != http::field_id::other && !take_known(id, value)) return;
    if (name == "priority") out_.order = parse_priority(value);
    if (name == websocket_key) saw_websocket_key_ = true;
    if (head_.fields.size() == limits_.field_count_max) return refuse(431, "too many field lines");
    const http::slice at = slice_of(name);
    const http::field line{at.offset, at.offset + at.size, static_cast<std::uint32_t>(value.size()),
                           static_cast<std::uint16_t>(name.size()), id};
    if (!head_.fields.add(line)) return refuse(431, "too many field lines");
    keep(name, value);
  }

  // False when the field is not one of those that are kept as they are.
  [[nodiscard]] bool take_known(http::field_id id, std::string_view value) {
    if (is_of_connection(id)) {
      malformed("a field that belongs to an HTTP/1 connection");
      return false;
    }
    switch (id) {
      case http::field_id::te:
        if (value == "trailers") return true;
        malformed("TE other than trailers");
        return false;
      case http::field_id::host:
        take_host(value);
        return false;
      case http::field_id::content_length:
        return take_length(value);
      case http::field_id::expect:
        if (head_.expects_continue || !base::equal_ignoring_case(value, "100-continue"))
          refuse(417, "an expectation other than one 100-continue");
        head_.expects_continue = true;
        return out_.is == verdict::accepted;
      default:
        return true;
    }
  }

  void take_host(std::string_view value) {
    if (saw_host_) return malformed("Host twice");
    saw_host_ = true;
    host_ = slice_of(value);
    used_ += 4 + value.size();
  }

  [[nodiscard]] bool take_length(std::string_view value) {
    const http::content_length parsed = http::parse_content_length(value);
    if (!parsed.why.empty()) malformed(parsed.why);
    if (has_length_) malformed("more than one Content-Length");
    has_length_ = true;
    head_.content_length = parsed.bytes;
    return out_.is == verdict::accepted;
  }

  // Clients send a cookie in crumbs so that they compress; backends want one line (H08).
  void join_cookies() {
    std::size_t crumbs = 0;
    std::size_t size = 0;
    for (const http::field& line : head_.fields) {
      if (line.id != http::field_id::cookie) continue;
      ++crumbs;
      size += line.value_size + 2;
    }
    if (crumbs < 2) return;
    if (size + 6 > room()) return refuse(431, "the head is too large");
    char* const begin = place();
    std::memcpy(begin, "cookie", 6);
    char* at = begin + 6;
    http::header_table joined;
    for (const http::field& line : head_.fields) {
      if (line.id != http::field_id::cookie) {
        static_cast<void>(joined.add(line));
        continue;
      }
      if (at != begin + 6) {
        std::memcpy(at, "; ", 2);
        at += 2;
      }
      std::memcpy(at, bytes() + line.value_offset, line.value_size);
      at += line.value_size;
    }
    const auto offset = static_cast<std::uint32_t>(used_);
    used_ += static_cast<std::size_t>(at - begin);
    static_cast<void>(joined.add({offset, offset + 6, static_cast<std::uint32_t>(at - begin - 6), 6,
                                  http::field_id::cookie}));
    head_.fields = joined;
  }

  void check_target() {
    const std::string_view method = head_.method.in(bytes());
    if (!saw_method_ || !is_token_text(method)) return malformed("no method, or a forbidden byte in it");
    if (method.size() > method_size_max) return refuse(501, "the method is too long");
    head_.is_head = method == "HEAD";
    head_.is_connect = method == "CONNECT" && !saw_protocol_;
    if (saw_protocol_ && method != "CONNECT") return malformed("a :protocol without CONNECT");
    if (!check_host()) return;
    if (head_.is_connect) {
      // It opens a tunnel and has neither scheme nor path (RFC 9113 section 8.5).
      if (saw_scheme_ || saw_path_) malformed("a CONNECT with a scheme or a path");
      head_.target = head_.host;
      return;
    }
    const std::string_view scheme = scheme_.in(bytes());
    if (!saw_scheme_ || (scheme != "https" && scheme != "http")) return malformed("no scheme that is served");
    const std::string_view path = head_.path.in(bytes());
    const bool whole_server = path == "*" && method == "OPTIONS";
    if (!saw_path_ || path.empty() || (path.front() != '/' && !whole_server) || !is_path(path))
      return malformed("no path, or a forbidden byte in it");
    if (path.size() > limits_.line_bytes_max) return refuse(414, "the path is too long");
    head_.target = head_.path;
    if (saw_protocol_) make_upgrade();
  }

  // What HTTP/2 calls an extended CONNECT is a GET with an Upgrade to those behind (RFC 8441).
  void make_upgrade() {
    const std::string_view protocol = protocol_.in(bytes());
    if (protocol != "websocket") return refuse(501, "an extended CONNECT to something other than websocket");
    if (has_length_) return malformed("a Content-Length on an extended CONNECT");
    head_.is_extended_connect = head_.wants_upgrade = true;
    head_.method = append("GET");
    if (!add("upgrade", protocol, http::field_id::upgrade)) return refuse(431, "the head is too large");
    if (saw_websocket_key_) return;
    const std::string_view blank(blank_key.data(), blank_key.size());
    if (!add(websocket_key, blank, http::field_id::other)) return refuse(431, "the head is too large");
    out_.websocket_key = used_ - blank.size();
  }

  [[nodiscard]] http::slice append(std::string_view text) noexcept {
    if (text.size() > room()) return {};
    const auto offset = static_cast<std::uint32_t>(used_);
    std::memcpy(place(), text.data(), text.size());
    used_ += text.size();
    return {offset, static_cast<std::uint32_t>(text.size())};
  }

  [[nodiscard]] bool add(std::string_view name, std::string_view value, http::field_id id) noexcept {
    const http::slice at = append(name);
    const http::slice text = append(value);
    if (at.size == 0 || text.size == 0) return false;
    return head_.fields.add({at.offset, text.offset, text.size, static_cast<std::uint16_t>(at.size), id});
  }

  // One name wins everywhere: that of :authority, which a Host may only repeat (H05).
  [[nodiscard]] bool check_host() {
    const std::uint16_t port = scheme_.in(bytes()) == "http" ? std::uint16_t{80} : std::uint16_t{443};
    if (!saw_authority_) head_.host = host_;
    const auto named = http::parse_authority(head_.host.in(bytes()));
    if (!named) {
      malformed("no authority, or an invalid one");
      return false;
    }
    if (!saw_authority_ || !saw_host_) return true;
    const auto repeated = http::parse_authority(host_.in(bytes()));
    if (repeated && http::same_authority(*named, *repeated, port)) return true;
    malformed("Host differs from :authority");
    return false;
  }

  void frame(bool ends_stream) {
    head_.head_bytes = static_cast<std::uint32_t>(used_);
    if (head_.is_extended_connect) return;  // what follows belongs to the tunnel
    if (ends_stream && head_.content_length > 0) return malformed("a Content-Length without a body");
    const std::string_view method = head_.method.in(bytes());
    // A backend may ask for a length with methods whose content means something (H07).
    const bool says_none = method == "POST" || method == "PUT" || method == "PATCH";
    if (has_length_ || (ends_stream && says_none))
      head_.framing = http::body_framing::length;
    else
      head_.framing = ends_stream ? http::body_framing::none : http::body_framing::chunked;
    head_.expects_continue = head_.expects_continue && !ends_stream;
  }

  const request_limits& limits_;
  std::span<char> memory_;
  http::request_head& head_;
  outcome out_;
  std::size_t used_ = 0;
  std::size_t listed_ = 0;
  http::slice scheme_;
  http::slice host_;
  http::slice protocol_;
  bool saw_method_ = false;
  bool saw_path_ = false;
  bool saw_scheme_ = false;
  bool saw_authority_ = false;
  bool saw_host_ = false;
  bool saw_protocol_ = false;
  bool saw_websocket_key_ = false;
  bool saw_regular_ = false;
  bool has_length_ = false;
};

}  // namespace

outcome request_decoder::head(std::string_view block, bool ends_stream, std::span<char> memory,
                              http::request_head& into) {
  head_builder builder(*limits_, memory, into);
  hpack_.begin_block();
  while (true) {
    // What is refused already is decoded only for the table's sake, over the same memory.
    const bool discarding = builder.result().is != verdict::accepted;
    char* const place = discarding ? memory.data() : builder.place();
    const std::size_t room = discarding ? memory.size() : builder.room();
    const hpack_decoder::step step = hpack_.next(block, place, room, discarding);
    if (step.outcome == hpack_decoder::status::malformed) return {verdict::broken, 0, "a broken header block", 0, {}};
    if (step.outcome == hpack_decoder::status::end) break;
    if (step.outcome == hpack_decoder::status::no_room)
      builder.refuse(431, "the head is too large");
    else if (!discarding)
      builder.take(step.name_size, step.value_size);
  }
  builder.finish(ends_stream);
  return builder.result();
}

outcome request_decoder::trailers(std::string_view block, std::span<char> memory, std::string& into) {
  outcome out;
  std::size_t listed = 0;
  hpack_.begin_block();
  while (true) {
    const hpack_decoder::step step = hpack_.next(block, memory.data(), memory.size(), true);
    if (step.outcome == hpack_decoder::status::malformed) return {verdict::broken, 0, "a broken header block", 0, {}};
    if (step.outcome == hpack_decoder::status::end) return out;
    listed += step.name_size + step.value_size + hpack_table::entry_overhead;
    if (listed > limits_->trailer_bytes_max && out.is == verdict::accepted)
      out = {verdict::refused, 431, "the trailers are too large", 0, {}};
    if (out.is != verdict::accepted) continue;
    const std::string_view name(memory.data(), step.name_size);
    const std::string_view value(memory.data() + step.name_size, step.value_size);
    const http::field_id id = http::identify_field(name);
    if (!is_field_name(name) || !is_field_value(value) || is_of_connection(id)) {
      out = {verdict::malformed, 400, "a forbidden field among the trailers", 0, {}};
      continue;
    }
    if (!http::forwards_as_trailer(id, name)) continue;
    into.append(name).append(": ").append(value).append("\r\n");
  }
}

bool request_decoder::skip(std::string_view block, std::span<char> memory) {
  hpack_.begin_block();
  while (true) {
    const hpack_decoder::step step = hpack_.next(block, memory.data(), memory.size(), true);
    if (step.outcome == hpack_decoder::status::malformed) return false;
    if (step.outcome == hpack_decoder::status::end) return true;
  }
}

}  // namespace cardea::proxy::http2
