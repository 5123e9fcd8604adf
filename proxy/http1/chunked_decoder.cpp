#include "proxy/http1/chunked_decoder.hpp"

#include "proxy/http/characters.hpp"
#include "proxy/http/hop_by_hop.hpp"

#include <algorithm>

namespace cardea::proxy::http1 {
namespace {

/// Digits with leading zeros, and the bits of a size: no sum with one overflows.
constexpr std::uint8_t size_digits_max = 16;
constexpr unsigned size_bits_max = 60;

}  // namespace

chunked_decoder::step chunked_decoder::next(std::string_view input) {
  step taken;
  while (taken.consumed < input.size() && state_ < state::data)
    if (take(input[taken.consumed]))
      ++taken.consumed;
    else
      break;
  if (state_ == state::data) {
    const std::size_t size =
        static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size() - taken.consumed));
    taken.data = input.substr(taken.consumed, size);
    taken.consumed += size;
    chunk_left_ -= size;
    if (chunk_left_ == 0) state_ = state::data_cr;
    return taken;
  }
  if (state_ == state::trailers) taken.consumed += take_trailers(input.substr(taken.consumed));
  if (state_ == state::done) taken.status = parse_status::done;
  if (state_ == state::failed) taken.status = parse_status::failed;
  return taken;
}

void chunked_decoder::reset() noexcept {
  state_ = state::size_first;
  size_digits_ = 0;
  chunk_left_ = 0;
  extension_bytes_ = 0;
  trailer_bytes_ = 0;
  trailer_count_ = 0;
  trailer_position_ = {};
  trailer_line_.clear();
  trailers_.clear();
  rejection_ = {};
}

bool chunked_decoder::take(char c) noexcept {
  switch (state_) {
    case state::data_cr:
      return c == '\r' ? enter(state::data_lf) : refuse(400, "no CRLF after the data of a chunk");
    case state::data_lf:
      if (c != '\n') return refuse(400, "no CRLF after the data of a chunk");
      chunk_left_ = 0;
      size_digits_ = 0;
      return enter(state::size_first);
    case state::size_first:
      if (!http::is_hex(c)) return refuse(400, "a chunk without a size");
      return take_size(c);
    case state::size:
      return http::is_hex(c) ? take_size(c) : end_part(c, "a malformed chunk size");
    case state::size_lf:
      if (c != '\n') return refuse(400, "a bare CR in the first line of a chunk");
      return enter(chunk_left_ == 0 ? state::trailers : state::data);
    default:
      return take_extension(c);
  }
}

bool chunked_decoder::take_size(char c) noexcept {
  if (++size_digits_ > size_digits_max || chunk_left_ >> (size_bits_max - 4) != 0)
    return refuse(400, "a chunk size is too long");
  chunk_left_ = chunk_left_ << 4 | http::hex_value(c);
  return enter(state::size);
}

bool chunked_decoder::take_extension(char c) noexcept {
  if (c != '\r' && ++extension_bytes_ > limits_->extension_bytes_max)
    return refuse(400, "too many bytes of chunk extensions");
  switch (state_) {
    case state::extension_name_first:
      return http::is_token(c) ? enter(state::extension_name) : refuse(400, "a malformed chunk extension");
    case state::extension_name:
      if (c == '=') return enter(state::extension_value_first);
      return http::is_token(c) || end_part(c, "a malformed chunk extension");
    case state::extension_value_first:
      if (c == '"') return enter(state::extension_quoted);
      return http::is_token(c) ? enter(state::extension_value) : refuse(400, "a malformed chunk extension");
    case state::extension_value:
      return http::is_token(c) || end_part(c, "a malformed chunk extension");
    case state::extension_quoted:
      if (c == '"') return enter(state::extension_unquoted);
      if (c == '\\') return enter(state::extension_escaped);
      return http::is_text(c) || refuse(400, "a control byte in a chunk extension");
    case state::extension_escaped:
      return http::is_text(c) ? enter(state::extension_quoted)
                              : refuse(400, "a control byte in a chunk extension");
    default:
      return end_part(c, "a malformed chunk extension");
  }
}

bool chunked_decoder::end_part(char c, std::string_view reason) noexcept {
  if (c == '\r') return enter(state::size_lf);
  if (c != ';') return refuse(400, reason);
  return enter(state::extension_name_first);
}

bool chunked_decoder::enter(state next) noexcept {
  state_ = next;
  return true;
}

std::size_t chunked_decoder::take_trailers(std::string_view input) {
  std::size_t taken = 0;
  while (state_ == state::trailers && taken < input.size()) {
    const std::string_view rest = input.substr(taken);
    const std::size_t room = limits_->trailer_bytes_max - trailer_bytes_;
    if (room == 0) {
      refuse(431, "the trailers are too large");
      break;
    }
    const std::size_t lf = rest.find('\n');
    const std::size_t size = std::min({rest.size(), room, lf == std::string_view::npos ? lf : lf + 1});
    trailer_line_.append(rest.substr(0, size));
    trailer_bytes_ += size;
    taken += size;
    http::field line;
    std::string_view why;
    switch (read_field_line(trailer_line_.data(), trailer_line_.size(), trailer_position_, line, why)) {
      case line_outcome::need_more:
        break;
      case line_outcome::malformed:
        refuse(400, why);
        break;
      case line_outcome::end_of_head:
        state_ = state::done;
        break;
      case line_outcome::field:
        keep_trailer(line);
        break;
    }
  }
  return taken;
}

void chunked_decoder::keep_trailer(const http::field& line) {
  if (++trailer_count_ > limits_->trailer_count_max) {
    refuse(431, "too many trailer lines");
    return;
  }
  const std::string_view name = name_of(line, trailer_line_.data());
  if (http::forwards_as_trailer(http::identify_field(name), name))
    trailers_.append(name).append(": ").append(value_of(line, trailer_line_.data())).append("\r\n");
  trailer_line_.clear();
  trailer_position_ = {};
}

bool chunked_decoder::refuse(std::uint16_t status, std::string_view reason) noexcept {
  state_ = state::failed;
  rejection_ = {status, reason};
  return false;
}

}  // namespace cardea::proxy::http1
