#include "proxy/http2/response_encoder.hpp"

#include "proxy/http/hop_by_hop.hpp"
#include "proxy/http2/hpack_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace cardea::proxy::http2 {
namespace {

constexpr std::uint8_t indexed = 0x80;
constexpr std::uint8_t not_indexed = 0x00;
constexpr std::uint8_t never_indexed = 0x10;

constexpr std::size_t status_index = 8;  // ":status 200", the first with that name
constexpr std::size_t authorization_index = 23;
constexpr std::size_t cookie_index = 32;
constexpr std::size_t set_cookie_index = 55;
constexpr std::size_t name_bytes_quick = 64;

bool is_secret(std::size_t index) noexcept {
  return index == authorization_index || index == cookie_index || index == set_cookie_index;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

void block_writer::integer(std::uint8_t pattern, unsigned prefix_bits, std::size_t value) noexcept {
  const std::size_t mask = (std::size_t{1} << prefix_bits) - 1;
  if (value < mask) {
    *at_++ = static_cast<char>(pattern | value);
    return;
  }
  *at_++ = static_cast<char>(pattern | mask);
  for (value -= mask; value >= 0x80; value >>= 7) *at_++ = static_cast<char>(0x80 | (value & 0x7f));
  *at_++ = static_cast<char>(value);
}

void block_writer::status(std::uint16_t code) noexcept {
  static constexpr std::array<std::uint16_t, 7> in_table{200, 204, 206, 304, 400, 404, 500};
  const auto found = std::find(in_table.begin(), in_table.end(), code);
  if (found != in_table.end()) {
    integer(indexed, 7, status_index + static_cast<std::size_t>(found - in_table.begin()));
    return;
  }
  integer(not_indexed, 4, status_index);
  *at_++ = 3;
  at_ = std::to_chars(at_, at_ + 3, code).ptr;
}

void block_writer::indexed_field(std::size_t index) noexcept { integer(indexed, 7, index); }

void block_writer::field(std::string_view name, std::string_view value) noexcept {
  std::array<char, name_bytes_quick> small;
  std::size_t index = 0;
  if (name.size() <= small.size()) {
    std::transform(name.begin(), name.end(), small.begin(), lower);
    index = static_index_of({small.data(), name.size()});
  }
  if (index != 0) {
    integer(is_secret(index) ? never_indexed : not_indexed, 4, index);
  } else {
    *at_++ = static_cast<char>(not_indexed);
    integer(0, 7, name.size());
    at_ = std::transform(name.begin(), name.end(), at_, lower);
  }
  integer(0, 7, value.size());
  if (!value.empty()) std::memcpy(at_, value.data(), value.size());
  at_ += value.size();
}

void block_writer::field_after(std::string_view name, std::string_view front, std::string_view rest) noexcept {
  integer(not_indexed, 4, static_index_of(name));
  integer(0, 7, front.size() + rest.size());
  at_ = std::copy(front.begin(), front.end(), at_);
  at_ = std::copy(rest.begin(), rest.end(), at_);
}

void block_writer::number(std::string_view name, std::uint64_t value) noexcept {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  field(name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void block_writer::lines(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t colon = std::min(line.find(':'), line.size());
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    const std::string_view name = line.substr(0, colon);
    const http::field_id id = http::identify_field(name);
    if (colon > 0 && id != http::field_id::connection && id != http::field_id::upgrade) field(name, value);
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

void block_writer::relayed(const http::response_head& head, const char* bytes) noexcept {
  const http::connection_options options(head.fields, bytes);
  for (const http::field& line : head.fields) {
    if (line.id == http::field_id::content_length || !http::forwards_to_client(line, bytes, options)) continue;
    field(http::name_of(line, bytes), http::value_of(line, bytes));
  }
}

std::size_t block_bound(const http::response_head& head) noexcept {
  // Each field's text lies within the head.
  return head.head_bytes + head.fields.size() * block_writer::field_overhead + 16;
}

std::size_t block_bound(std::string_view lines) noexcept {
  const auto count = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  return lines.size() + (count + 1) * block_writer::field_overhead + 16;
}

std::size_t block_bound(const http::response_start& start) noexcept {
  constexpr std::size_t length_field = 48;
  return block_bound(start.extra_fields) + length_field + (start.relayed != nullptr ? block_bound(*start.relayed) : 0);
}

}  // namespace cardea::proxy::http2
