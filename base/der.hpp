#pragma once

#include <optional>
#include <string_view>

namespace cardea::base {

/// One element of DER (X.690): its tag, what is in it, and the bytes of both.
struct der_element {
  unsigned char tag = 0;
  std::string_view content;
  std::string_view whole;
};

namespace der_tag {
inline constexpr unsigned char integer = 0x02;
inline constexpr unsigned char bit_string = 0x03;
inline constexpr unsigned char octet_string = 0x04;
inline constexpr unsigned char object = 0x06;
inline constexpr unsigned char utc_time = 0x17;
inline constexpr unsigned char generalized_time = 0x18;
inline constexpr unsigned char sequence = 0x30;
/// Context-specific: primitive, and constructed.
constexpr unsigned char context(unsigned char number) { return static_cast<unsigned char>(0x80U | number); }
constexpr unsigned char explicit_context(unsigned char number) {
  return static_cast<unsigned char>(0xA0U | number);
}
}  // namespace der_tag

/// Steps over elements that follow one another. Definite lengths in their
/// shortest form and one-byte tags only, which is all that certificates have.
/// Allocates nothing; what it returns points into the bytes that it was given.
class der_reader {
 public:
  explicit der_reader(std::string_view bytes) noexcept : rest_(bytes) {}

  /// Nothing at the end, and at what is no DER.
  [[nodiscard]] std::optional<der_element> next() noexcept;
  /// Nothing, and no step, when the next one has another tag.
  [[nodiscard]] std::optional<der_element> next(unsigned char tag) noexcept;
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace cardea::base
