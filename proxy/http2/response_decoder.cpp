#include "proxy/http2/response_decoder.hpp"

#include "proxy/http/content_length.hpp"
#include "proxy/http/hop_by_hop.hpp"
#include "proxy/http2/field_rules.hpp"

#include <algorithm>
#include <cstring>

namespace cardea::proxy::http2 {
namespace {

using verdict = response_decoder::verdict;
using outcome = response_decoder::outcome;

/// One head in the making.
class head_builder {
 public:
  head_builder(const response_limits& limits, std::span<char> memory, http::response_head& into) noexcept
      : limits_(limits), memory_(memory), head_(into) {
    into.status = 0;
    into.reason = {};
    into.version = http::protocol_version::http11;
    into.framing = http::body_framing::none;
    into.content_length = 0;
    into.has_content_length = false;
    into.keep_alive = true;
    into.fields.clear();
  }

  [[nodiscard]] char* place() noexcept { return memory_.data() + used_; }
  [[nodiscard]] std::size_t room() const noexcept { return memory_.size() - used_; }
  [[nodiscard]] const outcome& result() const noexcept { return out_; }

  // The field at `place()`.
  void take(std::size_t name_size, std::size_t value_size) {
    listed_ += name_size + value_size + hpack_table::entry_overhead;
    if (listed_ > limits_.head_bytes_max) return refuse("the answer's head is too large");
    const std::string_view name(place(), name_size);
    const std::string_view value(place() + name_size, value_size);
    if (name_size > 0 && name.front() == ':')
      take_pseudo(name, value);
    else
      take_field(name, value);
  }

  void refuse(std::string_view reason) noexcept {
    if (out_.is == verdict::accepted) out_ = {verdict::malformed, reason, 0};
  }

  void finish(bool to_head, bool ends_stream) {
    if (out_.is == verdict::accepted && head_.status == 0) refuse("an answer without a status");
    if (out_.is == verdict::accepted) frame(to_head, ends_stream);
    head_.head_bytes = static_cast<std::uint32_t>(used_);
    out_.bytes = used_;
  }

 private:
  void take_pseudo(std::string_view name, std::string_view value) {
    if (name != ":status") return refuse("a pseudo-field other than :status");
    if (head_.status != 0) return refuse("two statuses");
    if (saw_regular_) return refuse("a pseudo-field behind other fields");
    const bool is_number = value.size() == 3 && std::all_of(value.begin(), value.end(), http::is_digit);
    if (!is_number || value.front() < '1' || value.front() > '5') return refuse("a status outside of 100 to 599");
    const auto status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    if (status == 101) return refuse("a 101, which HTTP/2 does not have");
    head_.status = static_cast<std::uint16_t>(status);
  }

  void take_field(std::string_view name, std::string_view value) {
    saw_regular_ = true;
    if (!is_field_name(name)) return refuse("a forbidden byte in a field name");
    if (!is_field_value(value)) return refuse("a forbidden byte or a blank around a field value");
    const http::field_id id = http::identify_field(name);
    if (is_of_connection(id) || id == http::field_id::te)
      return refuse("a field that belongs to an HTTP/1 connection");
    if (id == http::field_id::content_length && !take_length(value)) return;
    const auto offset = static_cast<std::uint32_t>(used_);
    const auto name_size = static_cast<std::uint16_t>(name.size());
    const http::field line{offset, offset + name_size, static_cast<std::uint32_t>(value.size()), name_size, id};
    if (head_.fields.size() == limits_.field_count_max || !head_.fields.add(line))
      return refuse("too many field lines");
    used_ += name.size() + value.size();
  }

  [[nodiscard]] bool take_length(std::string_view value) {
    const http::content_length parsed = http::parse_content_length(value);
    if (!parsed.why.empty())
      refuse(parsed.why);
    else if (head_.has_content_length)
      refuse("more than one Content-Length");
    head_.has_content_length = true;
    head_.content_length = parsed.bytes;
    return out_.is == verdict::accepted;
  }

  void frame(bool to_head, bool ends_stream) {
    if (head_.status < 200 || head_.status == 204) {
      if (head_.has_content_length) return refuse("a body's framing on a status without a body");
      if (head_.status < 200 && ends_stream) return refuse("an answer that ends with an interim head");
    } else if (!to_head && head_.status != 304) {
      if (ends_stream && head_.content_length > 0) return refuse("a Content-Length without a body");
      // Without a length it lasts as long as it comes, even if that is not at all.
      head_.framing = head_.has_content_length ? http::body_framing::length : http::body_framing::chunked;
    }
  }

  const response_limits& limits_;
  std::span<char> memory_;
  http::response_head& head_;
  outcome out_;
  std::size_t used_ = 0;
  std::size_t listed_ = 0;
  bool saw_regular_ = false;
};

constexpr outcome broken_block{verdict::broken, "a broken header block", 0};

}  // namespace

outcome response_decoder::head(std::string_view block, bool to_head, bool ends_stream, std::span<char> memory,
                               http::response_head& into) {
  head_builder builder(*limits_, memory, into);
  hpack_.begin_block();
  while (true) {
    // What is refused already is decoded only for the table's sake, over the same memory.
    const bool discarding = builder.result().is != verdict::accepted;
    char* const place = discarding ? memory.data() : builder.place();
    const std::size_t room = discarding ? memory.size() : builder.room();
    const hpack_decoder::step step = hpack_.next(block, place, room, discarding);
    if (step.outcome == hpack_decoder::status::malformed) return broken_block;
    if (step.outcome == hpack_decoder::status::end) break;
    if (step.outcome == hpack_decoder::status::no_room)
      builder.refuse("the answer's head is too large");
    else if (!discarding)
      builder.take(step.name_size, step.value_size);
  }
  builder.finish(to_head, ends_stream);
  return builder.result();
}

outcome response_decoder::trailers(std::string_view block, std::span<char> memory) {
  constexpr std::size_t punctuation = 4;  // ": " and CRLF
  outcome out;
  std::size_t listed = 0;
  hpack_.begin_block();
  while (true) {
    char* const at = memory.data() + out.bytes;
    const std::size_t room = memory.size() - out.bytes - punctuation;
    const hpack_decoder::step step = hpack_.next(block, at, room, true);
    if (step.outcome == hpack_decoder::status::malformed) return broken_block;
    if (step.outcome == hpack_decoder::status::end) return out;
    listed += step.name_size + step.value_size + hpack_table::entry_overhead;
    if (listed > limits_->trailer_bytes_max && out.is == verdict::accepted)
      out = {verdict::malformed, "the answer's trailers are too large", 0};
    if (out.is != verdict::accepted) continue;
    const std::string_view name(at, step.name_size);
    const http::field_id id = http::identify_field(name);
    if (!is_field_name(name) || !is_field_value({at + name.size(), step.value_size}) || is_of_connection(id)) {
      out = {verdict::malformed, "a forbidden field among the answer's trailers", 0};
      continue;
    }
    if (!http::forwards_as_trailer(id, name)) continue;
    char* const value = at + name.size();
    std::memmove(value + 2, value, step.value_size);
    std::memcpy(value, ": ", 2);
    std::memcpy(value + 2 + step.value_size, "\r\n", 2);
    out.bytes += name.size() + step.value_size + punctuation;
  }
}

bool response_decoder::skip(std::string_view block, std::span<char> memory) {
  hpack_.begin_block();
  while (true) {
    const hpack_decoder::step step = hpack_.next(block, memory.data(), memory.size(), true);
    if (step.outcome == hpack_decoder::status::malformed) return false;
    if (step.outcome == hpack_decoder::status::end) return true;
  }
}

}  // namespace cardea::proxy::http2
