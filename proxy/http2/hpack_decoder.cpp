#include "proxy/http2/hpack_decoder.hpp"

#include "proxy/http2/huffman.hpp"

#include <algorithm>
#include <cstring>

namespace cardea::proxy::http2 {
namespace {

constexpr std::size_t integer_max = 1U << 24U;  // no index, size or length comes near

}  // namespace

bool read_integer(std::string_view& block, unsigned prefix_bits, std::size_t& value) noexcept {
  const std::size_t mask = (std::size_t{1} << prefix_bits) - 1;
  value = static_cast<unsigned char>(block.front()) & mask;
  block.remove_prefix(1);
  if (value < mask) return true;
  for (unsigned shift = 0; shift <= 21; shift += 7) {
    if (block.empty()) return false;
    const auto byte = static_cast<unsigned char>(block.front());
    block.remove_prefix(1);
    value += static_cast<std::size_t>(byte & 0x7fU) << shift;
    if (value > integer_max) return false;
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}

bool hpack_decoder::resize(std::string_view& block) noexcept {
  std::size_t bytes = 0;
  if (resizes_left_-- <= 0 || !read_integer(block, 5, bytes) || bytes > allowed_) return false;
  table_.resize(bytes);
  return true;
}

bool hpack_decoder::look_up(std::size_t index, field_view& found) const noexcept {
  if (index == 0) return false;
  if (index <= static_field_count) {
    found = static_field(index);
    return true;
  }
  const std::size_t position = index - static_field_count - 1;
  if (position >= table_.count()) return false;
  found = table_.at(position);
  return true;
}

hpack_decoder::text hpack_decoder::read_text(std::string_view& block, char* out, std::size_t room) noexcept {
  if (block.empty()) return {status::malformed, 0};
  const bool huffman = (static_cast<unsigned char>(block.front()) & 0x80U) != 0;
  std::size_t size = 0;
  if (!read_integer(block, 7, size) || size > block.size()) return {status::malformed, 0};
  const std::string_view coded = block.substr(0, size);
  block.remove_prefix(size);
  if (!huffman) {
    if (size > room) return {status::no_room, 0};
    if (size > 0) std::memcpy(out, coded.data(), size);
    return {status::field, size};
  }
  const huffman_result decoded = huffman_decode(coded, out, room);
  if (decoded.status == huffman_status::malformed) return {status::malformed, 0};
  if (decoded.status == huffman_status::no_room) return {status::no_room, 0};
  return {status::field, decoded.size};
}

hpack_decoder::step hpack_decoder::read_literal(std::string_view& block, unsigned prefix_bits, char* out,
                                                std::size_t room, bool discarding) {
  std::string_view rest = block;
  const bool indexing = prefix_bits == 6;
  std::size_t index = 0;
  if (!read_integer(rest, prefix_bits, index)) return {status::malformed};
  text name;
  if (index != 0) {
    field_view found;
    if (!look_up(index, found)) return {status::malformed};
    if (found.name.size() > room) {
      name.outcome = status::no_room;
    } else {
      std::copy(found.name.begin(), found.name.end(), out);
      name.size = found.name.size();
    }
  } else {
    name = read_text(rest, out, room);
  }
  if (name.outcome == status::malformed) return {status::malformed};
  const text value = read_text(rest, out + name.size, room - name.size);
  if (value.outcome == status::malformed) return {status::malformed};
  if (name.outcome == status::no_room || value.outcome == status::no_room) {
    if (!discarding) return {status::no_room};
    // More than all the room there is: larger than the table, which such an entry empties.
    block = rest;
    if (indexing) table_.clear();
    return {status::field};
  }
  block = rest;
  if (indexing) table_.add({out, name.size}, {out + name.size, value.size});
  return {status::field, name.size, value.size};
}

hpack_decoder::step hpack_decoder::next(std::string_view& block, char* out, std::size_t room, bool discarding) {
  while (!block.empty()) {
    const auto first = static_cast<unsigned char>(block.front());
    if ((first & 0xe0U) == 0x20U) {
      if (!resize(block)) return {status::malformed};
      continue;
    }
    resizes_left_ = 0;
    if ((first & 0x80U) == 0) return read_literal(block, (first & 0x40U) != 0 ? 6 : 4, out, room, discarding);
    std::string_view rest = block;
    std::size_t index = 0;
    field_view found;
    if (!read_integer(rest, 7, index) || !look_up(index, found)) return {status::malformed};
    const std::size_t size = found.name.size() + found.value.size();
    if (size > room) {
      if (!discarding) return {status::no_room};
      block = rest;
      return {status::field};
    }
    block = rest;
    std::copy(found.value.begin(), found.value.end(), std::copy(found.name.begin(), found.name.end(), out));
    return {status::field, found.name.size(), found.value.size()};
  }
  return {status::end};
}

}  // namespace cardea::proxy::http2
