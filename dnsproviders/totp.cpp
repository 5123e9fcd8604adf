#include "dnsproviders/totp.hpp"

#include "base/crypto.hpp"

#include <chrono>

namespace cardea::dnsproviders {
namespace {

constexpr std::int64_t period_seconds = 30;

std::optional<std::string> from_base32(std::string_view text) {
  std::string out;
  unsigned buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    if (c == ' ' || c == '=' || c == '-') continue;
    unsigned digit = 0;
    if (c >= 'A' && c <= 'Z')
      digit = static_cast<unsigned>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      digit = static_cast<unsigned>(c - 'a');
    else if (c >= '2' && c <= '7')
      digit = static_cast<unsigned>(c - '2') + 26U;
    else
      return std::nullopt;
    buffer = (buffer << 5U) | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>((buffer >> bits) & 255U);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace

std::int64_t totp_period(base::wall_time now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() / period_seconds;
}

std::optional<std::string> totp(std::string_view secret, base::wall_time now) {
  const auto key = from_base32(secret);
  if (!key) return std::nullopt;
  std::string counter;
  const auto period = static_cast<std::uint64_t>(totp_period(now));
  for (unsigned shift = 64; shift > 0; shift -= 8)
    counter += static_cast<char>((period >> (shift - 8)) & 255U);
  const std::string mac = base::hmac(base::digest::sha1, *key, counter);
  // RFC 4226 section 5.3: the last four bits say where the number lies.
  const std::size_t offset = static_cast<unsigned char>(mac.back()) & 15U;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = (number << 8U) | static_cast<unsigned char>(mac[offset + i]);
  std::string digits = std::to_string((number & 0x7fffffffU) % 1'000'000U);
  return std::string(6 - digits.size(), '0') + digits;
}

}  // namespace cardea::dnsproviders
