#include "proxy/http1/request_parser.hpp"

#include "base/text.hpp"
#include "proxy/http/authority.hpp"
#include "proxy/http/characters.hpp"

#include <algorithm>
#include <cstring>

namespace cardea::proxy::http1 {
namespace {

/// Longer than any registered method; what is longer is not one that we implement.
constexpr std::size_t method_size_max = 32;

constexpr std::string_view version_pattern = "HTTP/";
constexpr std::size_t version_size = 8;

/// The index of the first byte of `text` at which it cannot become a version, or its size.
std::size_t version_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  for (; at < std::min(text.size(), version_size); ++at) {
    const bool fits = at < version_pattern.size() ? text[at] == version_pattern[at]
                      : at == 6                   ? text[at] == '.'
                                                  : http::is_digit(text[at]);
    if (!fits) break;
  }
  return at;
}

/// The size of "http://" or "https://" at the begin of the target, or 0.
std::size_t scheme_size(std::string_view target) noexcept {
  const auto begins = [target](std::string_view scheme) {
    return target.size() >= scheme.size() &&
           base::equal_ignoring_case(target.substr(0, scheme.size()), scheme);
  };
  return begins("http://") ? 7 : begins("https://") ? 8 : 0;
}

/// Whether a protocol of an Upgrade field is HTTP/2, which is never tunnelled (S37).
bool is_http2(std::string_view protocol) noexcept {
  return base::equal_ignoring_case(protocol, "h2c") || base::equal_ignoring_case(protocol, "h2");
}

/// Whether a field has a say in how the request is understood.
bool is_examined(http::field_id id) noexcept {
  using enum http::field_id;
  constexpr auto bit = [](http::field_id each) { return std::uint64_t{1} << static_cast<unsigned>(each); };
  constexpr std::uint64_t examined =
      bit(host) | bit(content_length) | bit(transfer_encoding) | bit(connection) | bit(expect);
  return (examined >> static_cast<unsigned>(id) & 1) != 0;
}

enum class upgrade_kind : std::uint8_t { malformed, http2, other };

/// Upgrade = #( token [ "/" token ] ), RFC 9110 section 7.8.
upgrade_kind kind_of_upgrade(std::string_view value) noexcept {
  upgrade_kind kind = upgrade_kind::malformed;
  while (true) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view element = base::trim(value.substr(0, comma));
    const std::size_t slash = std::min(element.find('/'), element.size());
    const std::string_view name = element.substr(0, slash);
    const std::string_view version = element.substr(std::min(slash + 1, element.size()));
    const auto is_tokens = [](std::string_view text) {
      return !text.empty() && std::all_of(text.begin(), text.end(), http::is_token);
    };
    if (!is_tokens(name) || (slash < element.size() && !is_tokens(version))) return upgrade_kind::malformed;
    if (is_http2(name)) kind = upgrade_kind::http2;
    if (kind != upgrade_kind::http2) kind = upgrade_kind::other;
    if (comma == value.size()) return kind;
    value.remove_prefix(comma + 1);
  }
}

http::slice slice_of(std::size_t begin, std::size_t end) noexcept {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
}

}  // namespace

parse_status request_parser::parse(std::string_view bytes, http::request_head& head) noexcept {
  if (stage_ == stage::failed) return parse_status::failed;
  // Cut where the limit is, so that what fails first does not depend on how much has arrived.
  const bool full = bytes.size() >= limits_->head_bytes_max;
  if (full) bytes = bytes.substr(0, limits_->head_bytes_max);
  if (stage_ == stage::request_line) {
    const parse_status status = read_request_line(bytes, head);
    if (status != parse_status::done)
      return full && status == parse_status::need_more ? fail(414, "the request line is too long") : status;
    stage_ = stage::fields;
  }
  const parse_status status = read_fields(bytes, head);
  return full && status == parse_status::need_more ? fail(431, "the head is too large") : status;
}

void request_parser::reset() noexcept {
  position_ = {};
  framing_ = {};
  default_port_ = 0;
  stage_ = stage::request_line;
  rejection_ = {};
}

parse_status request_parser::read_request_line(std::string_view bytes, http::request_head& head) noexcept {
  std::size_t at = 0;
  if (!bytes.empty() && bytes[0] == '\r') {
    if (bytes.size() == 1) return parse_status::need_more;
    if (bytes[1] != '\n') return fail(400, "a bare CR before the request line");
    at = 2;
  }
  const std::size_t begin = at;
  if (bytes.substr(at).starts_with("GET ")) at += 3;
  const std::size_t method_end = std::min(bytes.size(), begin + method_size_max + 1);
  while (at < method_end && http::is_token(bytes[at])) ++at;
  if (at - begin > method_size_max) return fail(501, "the method is too long");
  if (at == bytes.size()) return parse_status::need_more;
  if (bytes[at] != ' ') return fail(400, "a forbidden byte in the method");
  if (at == begin) return fail(400, "a blank before the method");
  head.method = slice_of(begin, at);

  const std::size_t line_end_max = begin + limits_->line_bytes_max + 2;
  const bool full = bytes.size() >= line_end_max;
  const parse_status status = read_target(full ? bytes.substr(0, line_end_max) : bytes, at + 1, head);
  return full && status == parse_status::need_more ? fail(414, "the request line is too long") : status;
}

parse_status request_parser::read_target(std::string_view bytes, std::size_t at,
                                         http::request_head& head) noexcept {
  const std::size_t begin = at;
  at = find_target_end(bytes.data(), at, bytes.size());
  if (at == bytes.size()) return parse_status::need_more;
  if (bytes[at] == '#') return fail(400, "a fragment in the target");
  if (bytes[at] != ' ') return fail(400, "a forbidden byte in the target, or no version");
  if (at == begin) return fail(400, "an empty target");
  head.target = slice_of(begin, at);
  head.path = head.target;
  head.host = {};
  const std::string_view method = head.method.in(bytes.data());
  head.is_head = method == "HEAD";
  head.is_connect = method == "CONNECT";
  if ((bytes[begin] != '/' || head.is_connect) && !accept_target(bytes, head)) return parse_status::failed;
  return read_version(bytes, at + 1, head);
}

bool request_parser::accept_target(std::string_view bytes, http::request_head& head) noexcept {
  const std::string_view target = head.target.in(bytes.data());
  if (head.is_connect) {
    const auto named = http::parse_authority(target);
    if (!named || named->port == 0) return refuse(400, "a CONNECT target that is not host:port");
    head.host = head.target;
    head.path = {head.target.offset + head.target.size, 0};
    return true;
  }
  if (target == "*") {
    if (head.method.in(bytes.data()) == "OPTIONS") return true;
    return refuse(400, "the target * with a method other than OPTIONS");
  }
  const std::size_t prefix = scheme_size(target);
  if (prefix == 0) return refuse(400, "a target in no form that fits the method");
  return accept_absolute_form(bytes, prefix, head);
}

bool request_parser::accept_absolute_form(std::string_view bytes, std::size_t prefix,
                                          http::request_head& head) noexcept {
  const std::string_view target = head.target.in(bytes.data());
  const std::size_t end = std::min(target.find_first_of("/?", prefix), target.size());
  if (!http::parse_authority(target.substr(prefix, end - prefix)))
    return refuse(400, "an invalid authority in the target");
  // Legal, but then the path would have to be made up; nobody sends it.
  if (end < target.size() && target[end] == '?') return refuse(400, "a query without a path in the target");
  const std::size_t offset = head.target.offset;
  head.host = slice_of(offset + prefix, offset + end);
  head.path = slice_of(offset + end, offset + target.size());
  default_port_ = prefix == 7 ? 80 : 443;
  return true;
}

parse_status request_parser::read_version(std::string_view bytes, std::size_t at,
                                          http::request_head& head) noexcept {
  const std::string_view rest = bytes.substr(at);
  if (!rest.starts_with("HTTP/1.1\r\n")) {
    const std::size_t fits = version_prefix(rest);
    if (fits < version_size) {
      if (fits == rest.size()) return parse_status::need_more;
      return fail(400, "a malformed version");
    }
    if (rest[5] != '1' || rest[7] > '1') return fail(505, "a version other than HTTP/1.0 and HTTP/1.1");
    if (rest.size() == version_size) return parse_status::need_more;
    if (rest[version_size] != '\r') return fail(400, "no CRLF after the version");
    if (rest.size() == version_size + 1) return parse_status::need_more;
    if (rest[version_size + 1] != '\n') return fail(400, "no CRLF after the version");
  }
  head.version = rest[7] == '1' ? http::protocol_version::http11 : http::protocol_version::http10;
  head.framing = http::body_framing::none;
  head.content_length = 0;
  head.expects_continue = false;
  head.wants_upgrade = false;
  head.fields.clear();
  const std::size_t next = at + version_size + 2;
  position_ = {next, next, 0};
  return parse_status::done;
}

parse_status request_parser::read_fields(std::string_view bytes, http::request_head& head) noexcept {
  const char* data = bytes.data();
  line_position position = position_;
  std::string_view why;
  http::field line;
  while (true) {
    const line_outcome outcome = read_field_line(data, bytes.size(), position, line, why);
    if (outcome != line_outcome::field) {
      position_ = position;
      if (outcome == line_outcome::need_more) return parse_status::need_more;
      if (outcome == line_outcome::malformed) return fail(400, why);
      break;
    }
    line.id = http::identify_field(http::name_of(line, data));
    if (is_examined(line.id) && !accept_field(line, bytes, head)) return parse_status::failed;
    if (head.fields.size() == limits_->header_count_max || !head.fields.add(line))
      return fail(431, "too many field lines");
  }
  head.head_bytes = static_cast<std::uint32_t>(position.begin);
  return accept_head(data, head) ? parse_status::done : parse_status::failed;
}

bool request_parser::accept_field(http::field line, std::string_view bytes,
                                  http::request_head& head) noexcept {
  const char* data = bytes.data();
  std::string_view why;
  switch (line.id) {
    case http::field_id::host:
      return accept_host(line, bytes, head);
    case http::field_id::content_length:
      why = framing_.take_content_length(value_of(line, data));
      break;
    case http::field_id::transfer_encoding:
      why = framing_.take_transfer_encoding(value_of(line, data), head.version);
      break;
    case http::field_id::connection:
      why = framing_.take_connection(value_of(line, data));
      break;
    case http::field_id::expect:
      if (head.expects_continue || !base::equal_ignoring_case(value_of(line, data), "100-continue"))
        return refuse(417, "an expectation other than one 100-continue");
      head.expects_continue = true;
      break;
    default:
      break;
  }
  return why.empty() || refuse(400, why);
}

bool request_parser::accept_host(http::field line, std::string_view bytes,
                                 http::request_head& head) noexcept {
  if (head.fields.has(http::field_id::host)) return refuse(400, "more than one Host");
  const std::string_view value = value_of(line, bytes.data());
  if (head.host.size == 0) {
    if (!http::is_authority(value, bytes.size() - line.value_offset))
      return refuse(400, "an empty or invalid Host");
    head.host = {line.value_offset, line.value_size};
    return true;
  }
  // Routing, log and backend must all see the same name, so the target may not differ (T03).
  const auto named = http::parse_authority(value);
  if (!named) return refuse(400, "an empty or invalid Host");
  const auto target = http::parse_authority(head.host.in(bytes.data()));
  if (!target || !http::same_authority(*target, *named, default_port_))
    return refuse(400, "the target and Host disagree");
  return true;
}

bool request_parser::accept_head(const char* data, http::request_head& head) noexcept {
  const bool is_http11 = head.version == http::protocol_version::http11;
  if (is_http11 && !head.fields.has(http::field_id::host)) return refuse(400, "no Host");
  switch (framing_.transfer_coding()) {
    case framing_fields::coding::unsupported:
      return refuse(501, "a transfer coding other than chunked");
    case framing_fields::coding::chunked:
      head.framing = http::body_framing::chunked;
      break;
    case framing_fields::coding::none:
      if (framing_.has_content_length()) head.framing = http::body_framing::length;
      break;
  }
  head.content_length = framing_.content_length();
  head.keep_alive = framing_.keeps_alive(head.version);
  const bool has_body = head.framing == http::body_framing::chunked || head.content_length > 0;
  // HTTP/1.0 clients cannot wait for it, and without a body there is nothing to wait for.
  head.expects_continue = head.expects_continue && is_http11 && has_body;
  head.wants_upgrade = false;
  if (is_http11 && framing_.lists_upgrade() && head.fields.has(http::field_id::upgrade)) {
    if (!accept_upgrade(data, head)) return false;
    if (head.wants_upgrade && has_body) return refuse(400, "an upgrade with a body");
  }
  return true;
}

bool request_parser::accept_upgrade(const char* data, http::request_head& head) noexcept {
  head.wants_upgrade = true;
  for (const http::field& line : head.fields) {
    if (line.id != http::field_id::upgrade) continue;
    switch (kind_of_upgrade(value_of(line, data))) {
      case upgrade_kind::malformed:
        return refuse(400, "a malformed Upgrade");
      case upgrade_kind::http2:
        head.wants_upgrade = false;
        break;
      case upgrade_kind::other:
        break;
    }
  }
  return true;
}

bool request_parser::refuse(std::uint16_t status, std::string_view reason) noexcept {
  fail(status, reason);
  return false;
}

parse_status request_parser::fail(std::uint16_t status, std::string_view reason) noexcept {
  stage_ = stage::failed;
  rejection_ = {status, reason};
  return parse_status::failed;
}

}  // namespace cardea::proxy::http1
