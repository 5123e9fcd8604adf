#include "base/der.hpp"

#include <cstddef>

namespace cardea::base {

std::optional<der_element> der_reader::next() noexcept {
  const auto byte_at = [this](std::size_t at) { return static_cast<unsigned char>(rest_[at]); };
  constexpr unsigned char long_tag = 0x1F;
  if (rest_.size() < 2 || (byte_at(0) & long_tag) == long_tag) return std::nullopt;
  std::size_t length = byte_at(1);
  std::size_t head = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7FU;
    if (count == 0 || count > 3 || rest_.size() < 2 + count) return std::nullopt;
    length = 0;
    for (; head < 2 + count; ++head) length = length << 8U | byte_at(head);
    // The shortest form is the only one.
    if (length < 0x80 || length >> (8 * (count - 1)) == 0) return std::nullopt;
  }
  if (rest_.size() - head < length) return std::nullopt;
  const der_element out{byte_at(0), rest_.substr(head, length), rest_.substr(0, head + length)};
  rest_.remove_prefix(out.whole.size());
  return out;
}

std::optional<der_element> der_reader::next(unsigned char tag) noexcept {
  const der_reader before = *this;
  auto found = next();
  if (found && found->tag == tag) return found;
  *this = before;
  return std::nullopt;
}

}  // namespace cardea::base
