#include "proxy/http1/response_parser.hpp"

#include "base/text.hpp"
#include "proxy/http1/field_line.hpp"

namespace cardea::proxy::http1 {
namespace {

using http::field_id;
using http::response_head;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "HTTP/1.x SP 3DIGIT SP [reason]" (RFC 9112 section 4). The blank before an
// empty reason is required there, and missing in enough real answers to forgive.
std::string_view parse_status_line(std::string_view line, std::size_t offset, response_head& head) noexcept {
  if (line.starts_with("HTTP/1.1 "))
    head.version = http::protocol_version::http11;
  else if (line.starts_with("HTTP/1.0 "))
    head.version = http::protocol_version::http10;
  else
    return "not an HTTP/1 status line";
  const std::string_view code = line.substr(9, 3);
  if (code.size() != 3 || !is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]))
    return "a status that is not three digits";
  head.status = static_cast<std::uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  if (head.status < 100 || head.status > 599) return "a status outside 100..599";
  head.reason = {static_cast<std::uint32_t>(offset + line.size()), 0};
  if (line.size() == 12) return {};
  if (line[12] != ' ') return "a status that is not three digits";
  const std::string_view reason = line.substr(13);
  if (!is_field_value(reason)) return "a control byte in the reason";
  head.reason = {static_cast<std::uint32_t>(offset + 13), static_cast<std::uint32_t>(reason.size())};
  return {};
}

std::string_view check_length(const char* buffer, response_head& head) noexcept {
  head.has_content_length = head.fields.has(field_id::content_length);
  head.content_length = 0;
  if (!head.has_content_length) return {};
  if (count_fields(head.fields, field_id::content_length) != 1) return "more than one Content-Length";
  const auto length = parse_content_length(http::value_of(*head.fields.find(field_id::content_length), buffer));
  if (!length) return "a Content-Length that is not a number";
  head.content_length = *length;
  return {};
}

// RFC 9112 section 6.3, with everything doubtful refused (S34, S35).
std::string_view check_framing(const char* buffer, bool to_head, response_head& head) noexcept {
  if (const std::string_view wrong = check_length(buffer, head); !wrong.empty()) return wrong;
  const bool coded = head.fields.has(field_id::transfer_encoding);
  const bool never_a_body = head.status < 200 || head.status == 204;
  if (coded) {
    if (head.has_content_length) return "Content-Length beside Transfer-Encoding";
    if (never_a_body) return "Transfer-Encoding in an answer without a body";
    if (head.version == http::protocol_version::http10) return "Transfer-Encoding in HTTP/1.0";
    if (count_fields(head.fields, field_id::transfer_encoding) != 1) return "more than one Transfer-Encoding";
    const std::string_view coding = http::value_of(*head.fields.find(field_id::transfer_encoding), buffer);
    if (!base::equal_ignoring_case(coding, "chunked")) return "a transfer coding other than chunked";
  }
  if (never_a_body && head.has_content_length && head.content_length > 0) return "a length in an answer without a body";
  if (never_a_body) head.has_content_length = false;
  if (never_a_body || to_head || head.status == 304)
    head.framing = http::body_framing::none;
  else if (coded)
    head.framing = http::body_framing::chunked;
  else
    head.framing = head.has_content_length ? http::body_framing::length : http::body_framing::until_close;
  return {};
}

}  // namespace

void response_parser::reset() noexcept {
  line_begin_ = scanned_ = 0;
  have_status_line_ = false;
  reason_ = {};
}

parse_status response_parser::refuse(std::string_view why) noexcept {
  reason_ = why;
  return parse_status::failed;
}

parse_status response_parser::parse(std::string_view bytes, bool to_head, http::response_head& head) noexcept {
  while (true) {
    const line_search line = find_line(bytes, line_begin_, scanned_);
    const bool found = line.outcome == line_search::state::found;
    const std::size_t end = found ? line_begin_ + line.size + 2 : bytes.size();
    if (end > limits_->head_bytes_max) return refuse("a response head over the limit");
    if (line.outcome == line_search::state::incomplete) {
      scanned_ = bytes.size();
      return parse_status::need_more;
    }
    if (!found) return refuse("a line that ends without CR");
    const std::string_view text = bytes.substr(line_begin_, line.size);
    const std::size_t offset = line_begin_;
    line_begin_ = scanned_ = end;

    if (!have_status_line_) {
      head.fields.clear();
      if (const std::string_view wrong = parse_status_line(text, offset, head); !wrong.empty()) return refuse(wrong);
      have_status_line_ = true;
      continue;
    }
    if (text.empty()) {
      head.head_bytes = static_cast<std::uint32_t>(line_begin_);
      if (const std::string_view wrong = check_framing(bytes.data(), to_head, head); !wrong.empty()) return refuse(wrong);
      const connection_tokens asked = read_connection(head.fields, bytes.data());
      head.keep_alive = (head.version == http::protocol_version::http11 ? !asked.close : asked.keep_alive && !asked.close) &&
                        head.framing != http::body_framing::until_close;
      return parse_status::done;
    }
    http::field parsed{};
    if (head.fields.size() >= limits_->header_count_max) return refuse("more fields than the limit");
    if (const char* wrong = parse_field_line(text, offset, parsed)) return refuse(wrong);
    if (!head.fields.add(parsed)) return refuse("more fields than can be held");
  }
}

}  // namespace cardea::proxy::http1
