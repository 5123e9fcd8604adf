#include "proxy/http1/response_parser.hpp"

#include "proxy/http/characters.hpp"

#include <algorithm>
#include <cstddef>

namespace cardea::proxy::http1 {
namespace {

/// `d`: a digit, everything else itself.
constexpr std::string_view status_line_pattern = "HTTP/1.d ddd ";
constexpr std::size_t minor_at = 7;
constexpr std::size_t status_at = 9;

/// The index of the first byte of `text` that does not fit the pattern, or its size.
std::size_t pattern_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  for (; at < std::min(text.size(), status_line_pattern.size()); ++at) {
    const char wanted = status_line_pattern[at];
    if (wanted == 'd' ? !http::is_digit(text[at]) : text[at] != wanted) break;
  }
  return at;
}

}  // namespace

parse_status response_parser::parse(std::string_view bytes, bool to_head,
                                    http::response_head& head) noexcept {
  if (stage_ == stage::failed) return parse_status::failed;
  // Cut where the limit is, so that what fails first does not depend on how much has arrived.
  const bool full = bytes.size() >= limits_->head_bytes_max;
  if (full) bytes = bytes.substr(0, limits_->head_bytes_max);
  parse_status status = parse_status::done;
  if (stage_ == stage::status_line) {
    const std::size_t line_end_max = limits_->line_bytes_max + 2;
    status = read_status_line(bytes.substr(0, line_end_max), head);
    if (status == parse_status::need_more && bytes.size() >= line_end_max)
      return fail("the status line is too long");
  }
  if (status == parse_status::done) {
    stage_ = stage::fields;
    status = read_fields(bytes, to_head, head);
  }
  return full && status == parse_status::need_more ? fail("the head is too large") : status;
}

void response_parser::reset() noexcept {
  position_ = {};
  framing_ = {};
  stage_ = stage::status_line;
  reason_ = {};
}

parse_status response_parser::read_status_line(std::string_view bytes, http::response_head& head) noexcept {
  const std::size_t fits = pattern_prefix(bytes);
  if (fits < status_line_pattern.size()) {
    if (fits == bytes.size()) return parse_status::need_more;
    return fail("a malformed status line");
  }
  if (bytes[minor_at] > '1') return fail("a version other than HTTP/1.0 and HTTP/1.1");
  if (bytes[status_at] < '1' || bytes[status_at] > '5') return fail("a status outside of 100 to 599");

  const std::size_t reason = status_line_pattern.size();
  const std::size_t at = find_value_end(bytes.data(), reason, bytes.size());
  if (at == bytes.size()) return parse_status::need_more;
  if (bytes[at] != '\r') return fail("a control byte in the status line");
  if (at + 1 == bytes.size()) return parse_status::need_more;
  if (bytes[at + 1] != '\n') return fail("a bare CR in the status line");

  head.status = static_cast<std::uint16_t>((bytes[status_at] - '0') * 100 +
                                           (bytes[status_at + 1] - '0') * 10 + (bytes[status_at + 2] - '0'));
  head.reason = {static_cast<std::uint32_t>(reason), static_cast<std::uint32_t>(at - reason)};
  head.version = bytes[minor_at] == '1' ? http::protocol_version::http11 : http::protocol_version::http10;
  head.fields.clear();
  position_ = {at + 2, at + 2, 0};
  return parse_status::done;
}

parse_status response_parser::read_fields(std::string_view bytes, bool to_head,
                                          http::response_head& head) noexcept {
  const char* data = bytes.data();
  line_position position = position_;
  std::string_view why;
  http::field line;
  while (true) {
    const line_outcome outcome = read_field_line(data, bytes.size(), position, line, why);
    if (outcome != line_outcome::field) {
      position_ = position;
      if (outcome == line_outcome::need_more) return parse_status::need_more;
      if (outcome == line_outcome::malformed) return fail(why);
      break;
    }
    line.id = http::identify_field(http::name_of(line, data));
    if (line.id != http::field_id::other && !accept_field(line, data, head)) return parse_status::failed;
    if (head.fields.size() == limits_->header_count_max || !head.fields.add(line))
      return fail("too many field lines");
  }
  head.head_bytes = static_cast<std::uint32_t>(position.begin);
  return accept_head(to_head, head) ? parse_status::done : parse_status::failed;
}

bool response_parser::accept_field(http::field line, const char* data, http::response_head& head) noexcept {
  std::string_view why;
  switch (line.id) {
    case http::field_id::content_length:
      why = framing_.take_content_length(value_of(line, data));
      break;
    case http::field_id::transfer_encoding:
      why = framing_.take_transfer_encoding(value_of(line, data), head.version);
      break;
    case http::field_id::connection:
      why = framing_.take_connection(value_of(line, data));
      break;
    default:
      break;
  }
  return why.empty() || refuse(why);
}

bool response_parser::accept_head(bool to_head, http::response_head& head) noexcept {
  const framing_fields::coding coding = framing_.transfer_coding();
  if (coding == framing_fields::coding::unsupported) return refuse("a transfer coding other than chunked");
  const bool is_chunked = coding == framing_fields::coding::chunked;
  head.has_content_length = framing_.has_content_length();
  head.content_length = framing_.content_length();
  head.keep_alive = framing_.keeps_alive(head.version);
  if (head.status < 200 || head.status == 204) {
    if (is_chunked || head.has_content_length) return refuse("a body's framing on a status without a body");
    head.framing = http::body_framing::none;
  } else if (to_head || head.status == 304) {
    head.framing = http::body_framing::none;
  } else if (is_chunked) {
    head.framing = http::body_framing::chunked;
  } else if (head.has_content_length) {
    head.framing = http::body_framing::length;
  } else {
    head.framing = http::body_framing::until_close;
    head.keep_alive = false;
  }
  return true;
}

bool response_parser::refuse(std::string_view reason) noexcept {
  fail(reason);
  return false;
}

parse_status response_parser::fail(std::string_view reason) noexcept {
  stage_ = stage::failed;
  reason_ = reason;
  return parse_status::failed;
}

}  // namespace cardea::proxy::http1
