#include "proxy/http1/chunked_decoder.hpp"

#include "proxy/http/header_table.hpp"
#include "proxy/http1/field_line.hpp"

#include <algorithm>

namespace cardea::proxy::http1 {
namespace {

constexpr std::uint8_t size_digits_max = 15;  // far beyond any body, and no overflow

// What a trailer must not bring in (S21): framing, routing, authentication,
// hop-by-hop fields, and claims about the client.
bool may_relay_trailer(http::field_id id) noexcept {
  switch (id) {
    case http::field_id::other:
    case http::field_id::date:
    case http::field_id::server:
    case http::field_id::via: return true;
    default: return false;
  }
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void chunked_decoder::reset() noexcept {
  state_ = state::size;
  size_digits_ = 0;
  chunk_left_ = 0;
  extension_bytes_ = 0;
  trailer_bytes_ = 0;
  trailer_count_ = 0;
  trailer_line_.clear();
  trailers_.clear();
  rejection_ = {};
}

bool chunked_decoder::refuse(std::uint16_t status, std::string_view reason) noexcept {
  state_ = state::failed;
  rejection_ = {status, reason};
  return false;
}

bool chunked_decoder::take_size_byte(char c) noexcept {
  if (const int digit = hex_value(c); digit >= 0) {
    if (size_digits_ == size_digits_max) return refuse(400, "a chunk size with too many digits");
    ++size_digits_;
    chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(digit);
    return true;
  }
  if (size_digits_ == 0) return refuse(400, "a chunk without a size");
  if (c == ';')
    state_ = state::extension_name_begin;
  else if (c == '\r')
    state_ = state::size_line_feed;
  else
    return refuse(400, "a byte that no chunk size may hold");
  return true;
}

// chunk-ext of RFC 9112 section 7.1.1, without the blanks that it tolerates
// from bad senders: what two parsers read differently is refused (S19).
bool chunked_decoder::take_extension_byte(char c) noexcept {
  if (++extension_bytes_ > limits_->extension_bytes_max) return refuse(400, "chunk extensions over the limit");
  const bool ends = c == ';' || c == '\r';
  switch (state_) {
    case state::extension_name_begin:
      if (!is_token_byte(c)) break;
      state_ = state::extension_name;
      return true;
    case state::extension_value_begin:
      if (c == '"')
        state_ = state::extension_quoted;
      else if (is_token_byte(c))
        state_ = state::extension_value_token;
      else
        break;
      return true;
    case state::extension_quoted:
      if (c == '\\')
        state_ = state::extension_escaped;
      else if (c == '"')
        state_ = state::extension_quoted_end;
      else if (!is_field_value({&c, 1}))
        break;
      return true;
    case state::extension_escaped:
      if (!is_field_value({&c, 1})) break;
      state_ = state::extension_quoted;
      return true;
    case state::extension_name:
      if (c == '=') {
        state_ = state::extension_value_begin;
        return true;
      }
      [[fallthrough]];
    case state::extension_value_token:
      if (is_token_byte(c)) return true;
      [[fallthrough]];
    default:  // extension_quoted_end
      if (!ends) break;
      state_ = c == ';' ? state::extension_name_begin : state::size_line_feed;
      return true;
  }
  return refuse(400, "a malformed chunk extension");
}

bool chunked_decoder::take_trailer_byte(char c) {
  if (++trailer_bytes_ > limits_->trailer_bytes_max) return refuse(431, "trailers over the limit");
  if (state_ == state::trailer) {
    if (c == '\n') return refuse(400, "a line that ends without CR");
    if (c == '\r')
      state_ = state::trailer_line_feed;
    else
      trailer_line_ += c;
    return true;
  }
  if (c != '\n') return refuse(400, "a CR that ends no line");
  if (trailer_line_.empty()) {
    state_ = state::done;
    return true;
  }
  state_ = state::trailer;
  return take_trailer_line();
}

bool chunked_decoder::take_trailer_line() {
  http::field line{};
  if (const char* wrong = parse_field_line(trailer_line_, 0, line)) return refuse(400, wrong);
  if (++trailer_count_ > limits_->trailer_count_max) return refuse(431, "more trailers than the limit");
  const std::string_view name = http::name_of(line, trailer_line_.data());
  if (may_relay_trailer(line.id) && name.find('_') == std::string_view::npos) {
    trailers_ += name;
    trailers_ += ": ";
    trailers_ += http::value_of(line, trailer_line_.data());
    trailers_ += "\r\n";
  }
  trailer_line_.clear();
  return true;
}

bool chunked_decoder::take_byte(char c) {
  switch (state_) {
    case state::size: return take_size_byte(c);
    case state::size_line_feed:
      if (c != '\n') return refuse(400, "a chunk size line that does not end in CRLF");
      size_digits_ = 0;
      state_ = chunk_left_ == 0 ? state::trailer : state::data;
      return true;
    case state::data_carriage_return:
      if (c != '\r') return refuse(400, "a chunk longer than its size");
      state_ = state::data_line_feed;
      return true;
    case state::data_line_feed:
      if (c != '\n') return refuse(400, "a chunk that does not end in CRLF");
      state_ = state::size;
      return true;
    case state::trailer:
    case state::trailer_line_feed: return take_trailer_byte(c);
    case state::data:
    case state::done:
    case state::failed: return false;
    default: return take_extension_byte(c);
  }
}

chunked_decoder::step chunked_decoder::next(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size() && state_ != state::done && state_ != state::failed) {
    if (state_ == state::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size() - at));
      chunk_left_ -= size;
      if (chunk_left_ == 0) state_ = state::data_carriage_return;
      return {at + size, input.substr(at, size), parse_status::need_more};
    }
    if (!take_byte(input[at])) break;
    ++at;
  }
  if (state_ == state::failed) return {at, {}, parse_status::failed};
  return {at, {}, state_ == state::done ? parse_status::done : parse_status::need_more};
}

}  // namespace cardea::proxy::http1
