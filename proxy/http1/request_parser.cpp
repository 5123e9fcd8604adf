#include "proxy/http1/request_parser.hpp"

#include "base/text.hpp"
#include "proxy/http/authority.hpp"
#include "proxy/http1/field_line.hpp"

#include <algorithm>

namespace cardea::proxy::http1 {
namespace {

using http::field_id;
using http::request_head;

constexpr std::size_t method_bytes_max = 32;

constexpr rejection accepted{0, {}};
constexpr rejection bad(std::string_view reason) noexcept { return {400, reason}; }

http::slice slice_at(std::size_t offset, std::size_t size) noexcept {
  return {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size)};
}

bool is_target(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

rejection parse_version(std::string_view text, request_head& head) noexcept {
  if (text == "HTTP/1.1") {
    head.version = http::protocol_version::http11;
    return accepted;
  }
  if (text == "HTTP/1.0") {
    head.version = http::protocol_version::http10;
    return accepted;
  }
  const bool shaped = text.size() == 8 && text.starts_with("HTTP/") && text[6] == '.' && text[5] >= '0' &&
                      text[5] <= '9' && text[7] >= '0' && text[7] <= '9';
  if (shaped) return {505, "a protocol version other than HTTP/1.0 and HTTP/1.1"};
  return bad("not an HTTP version");
}

// Target forms of RFC 9112 section 3.2; `offset` is where the target begins.
rejection parse_target(std::string_view target, std::size_t offset, std::string_view method, request_head& head) noexcept {
  if (!is_target(target)) return bad("a byte that no request target may hold");
  head.target = slice_at(offset, target.size());
  head.path = {};
  head.host = {};
  if (head.is_connect) {
    head.host = head.target;
    const bool has_port = http::host_of(target).size() != target.size();
    return http::is_authority(target) && has_port ? accepted : bad("CONNECT without host:port");
  }
  if (target.front() == '/') {
    head.path = head.target;
    return accepted;
  }
  if (target == "*") {
    head.path = head.target;
    return method == "OPTIONS" ? accepted : bad("target * with a method other than OPTIONS");
  }
  std::size_t begin = 0;
  if (base::equal_ignoring_case(target.substr(0, 7), "http://")) begin = 7;
  if (base::equal_ignoring_case(target.substr(0, 8), "https://")) begin = 8;
  if (begin == 0) return bad("a target that is neither a path nor an http URL");
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  if (!http::is_authority(target.substr(begin, end - begin))) return bad("an unusable host in the target");
  head.host = slice_at(offset + begin, end - begin);
  head.path = slice_at(offset + end, target.size() - end);
  return accepted;
}

rejection parse_request_line(std::string_view line, std::size_t offset, request_head& head) noexcept {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return bad("a request line without a target");
  const std::string_view method = line.substr(0, first);
  if (!is_token(method)) return bad("a method that is not a token");
  if (method.size() > method_bytes_max) return {501, "a method longer than any known"};
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return bad("a request line without a version");
  head.method = slice_at(offset, first);
  head.is_head = method == "HEAD";
  head.is_connect = method == "CONNECT";
  if (const rejection wrong = parse_version(line.substr(second + 1), head); wrong.status != 0) return wrong;
  return parse_target(line.substr(first + 1, second - first - 1), offset + first + 1, method, head);
}

rejection check_host(const char* buffer, request_head& head) noexcept {
  const std::size_t count = count_fields(head.fields, field_id::host);
  if (count > 1) return bad("more than one Host");
  if (count == 0) return head.version == http::protocol_version::http11 ? bad("no Host") : accepted;
  const http::field& line = *head.fields.find(field_id::host);
  const std::string_view host = http::value_of(line, buffer);
  if (!http::is_authority(host)) return bad("an unusable Host");
  if (head.host.size == 0) {
    head.host = {line.value_offset, line.value_size};
    return accepted;
  }
  // Route, log and backend must see the same one (T03).
  return base::equal_ignoring_case(host, head.host.in(buffer)) ? accepted : bad("Host and target disagree");
}

rejection check_framing(const char* buffer, request_head& head) noexcept {
  head.framing = http::body_framing::none;
  head.content_length = 0;
  const bool has_length = head.fields.has(field_id::content_length);
  if (head.fields.has(field_id::transfer_encoding)) {
    if (has_length) return bad("Content-Length beside Transfer-Encoding");
    if (head.version == http::protocol_version::http10) return bad("Transfer-Encoding in HTTP/1.0");
    if (count_fields(head.fields, field_id::transfer_encoding) != 1) return bad("more than one Transfer-Encoding");
    const std::string_view coding = http::value_of(*head.fields.find(field_id::transfer_encoding), buffer);
    if (!base::equal_ignoring_case(coding, "chunked")) return bad("a transfer coding other than chunked");
    head.framing = http::body_framing::chunked;
    return accepted;
  }
  if (!has_length) return accepted;
  if (count_fields(head.fields, field_id::content_length) != 1) return bad("more than one Content-Length");
  const auto length = parse_content_length(http::value_of(*head.fields.find(field_id::content_length), buffer));
  if (!length) return bad("a Content-Length that is not a number");
  head.framing = http::body_framing::length;
  head.content_length = *length;
  return accepted;
}

rejection check_expectation(const char* buffer, request_head& head) noexcept {
  head.expects_continue = false;
  if (!head.fields.has(field_id::expect)) return accepted;
  const std::string_view value = http::value_of(*head.fields.find(field_id::expect), buffer);
  if (count_fields(head.fields, field_id::expect) != 1 || !base::equal_ignoring_case(value, "100-continue"))
    return {417, "an expectation other than 100-continue"};
  const bool has_body =
      head.framing == http::body_framing::chunked ||
      (head.framing == http::body_framing::length && head.content_length > 0);
  head.expects_continue = has_body && head.version == http::protocol_version::http11;
  return accepted;
}

bool offers_h2c(const http::header_table& fields, const char* buffer) noexcept {
  for (const http::field& line : fields) {
    if (line.id != field_id::upgrade) continue;
    std::string_view rest = http::value_of(line, buffer);
    while (true) {
      const auto comma = rest.find(',');
      if (base::equal_ignoring_case(trim_blanks(rest.substr(0, comma)), "h2c")) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

rejection check_connection(const char* buffer, request_head& head) noexcept {
  const connection_tokens asked = read_connection(head.fields, buffer);
  head.keep_alive = head.version == http::protocol_version::http11 ? !asked.close : asked.keep_alive && !asked.close;
  head.wants_upgrade = asked.upgrade && head.version == http::protocol_version::http11 &&
                       count_fields(head.fields, field_id::upgrade) == 1 && !offers_h2c(head.fields, buffer);
  const bool has_body = head.framing == http::body_framing::chunked ||
                        (head.framing == http::body_framing::length && head.content_length > 0);
  if (head.wants_upgrade && has_body) return bad("an upgrade with a body");
  return accepted;
}

rejection check_head(const char* buffer, request_head& head) noexcept {
  for (const auto check : {check_host, check_framing, check_expectation, check_connection})
    if (const rejection wrong = check(buffer, head); wrong.status != 0) return wrong;
  return accepted;
}

}  // namespace

void request_parser::reset() noexcept {
  line_begin_ = scanned_ = 0;
  have_request_line_ = false;
  rejection_ = {};
}

parse_status request_parser::refuse(const rejection& why) noexcept {
  rejection_ = why;
  return parse_status::failed;
}

parse_status request_parser::parse(std::string_view bytes, http::request_head& head) noexcept {
  while (true) {
    const line_search line = find_line(bytes, line_begin_, scanned_);
    // The limits come first, so that a long line is refused alike whether or not its end has arrived.
    const bool found = line.outcome == line_search::state::found;
    const std::size_t line_bytes = found ? line.size + 2 : bytes.size() - line_begin_;
    if (!have_request_line_ && line_bytes > limits_->line_bytes_max) return refuse({414, "a request line over the limit"});
    if (line_begin_ + line_bytes > limits_->head_bytes_max) return refuse({431, "a head over the limit"});
    if (line.outcome == line_search::state::incomplete) {
      scanned_ = bytes.size();
      return parse_status::need_more;
    }
    if (!found) return refuse({400, "a line that ends without CR"});
    const std::string_view text = bytes.substr(line_begin_, line.size);
    const std::size_t offset = line_begin_;
    line_begin_ = scanned_ = offset + line.size + 2;

    if (!have_request_line_) {
      if (text.empty() && offset == 0) continue;  // RFC 9112 section 2.2: one empty line is forgiven
      if (text.empty()) return refuse({400, "empty lines before a request"});
      head.fields.clear();
      if (const rejection wrong = parse_request_line(text, offset, head); wrong.status != 0) return refuse(wrong);
      have_request_line_ = true;
      continue;
    }
    if (text.empty()) {
      head.head_bytes = static_cast<std::uint32_t>(line_begin_);
      if (const rejection wrong = check_head(bytes.data(), head); wrong.status != 0) return refuse(wrong);
      return parse_status::done;
    }
    http::field parsed{};
    if (head.fields.size() >= limits_->header_count_max) return refuse({431, "more fields than the limit"});
    if (const char* wrong = parse_field_line(text, offset, parsed)) return refuse({400, wrong});
    if (!head.fields.add(parsed)) return refuse({431, "more fields than can be held"});
  }
}

}  // namespace cardea::proxy::http1
