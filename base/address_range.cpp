#include "base/address_range.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <optional>

namespace cardea::base {
namespace {

using ip_bytes = std::array<std::uint8_t, 16>;

constexpr ip_bytes mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::uint8_t mapped_bits = 96;

ip_bytes bytes_of(const address& from) noexcept {
  ip_bytes out = mapped_prefix;
  if (from.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, from.data(), sizeof v6);
    std::memcpy(out.data(), &v6.sin6_addr, out.size());
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, from.data(), sizeof v4);
    std::memcpy(out.data() + mapped_bits / 8, &v4.sin_addr, sizeof v4.sin_addr);
  }
  return out;
}

bool same_prefix(const ip_bytes& left, const ip_bytes& right, unsigned bits) noexcept {
  if (std::memcmp(left.data(), right.data(), bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> (bits % 8));
  return ((left[bits / 8] ^ right[bits / 8]) & mask) == 0;
}

void clear_beyond(ip_bytes& bytes, unsigned bits) noexcept {
  for (unsigned bit = bits; bit < 128; ++bit)
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
}

std::optional<unsigned> prefix_length(std::string_view digits, unsigned max) noexcept {
  unsigned out = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (failure != std::errc{} || end != digits.data() + digits.size() || out > max) return std::nullopt;
  return out;
}

}  // namespace

result<address_range> address_range::parse(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto parsed = address::from_parts(host, 0);
  if (!parsed)
    return error(errc::invalid_argument, "expected an IP address or a network like 10.0.0.0/8");
  const bool is_v4 = parsed->family() == AF_INET;
  const unsigned width = is_v4 ? 32 : 128;
  const unsigned offset = is_v4 ? mapped_bits : 0;
  std::optional<unsigned> prefix = width;
  if (slash != std::string_view::npos) prefix = prefix_length(text.substr(slash + 1), width);
  if (!prefix)
    return error(errc::invalid_argument, "expected a prefix length from 0 to " + std::to_string(width));
  address_range out;
  out.network_ = bytes_of(*parsed);
  out.bits_ = static_cast<std::uint8_t>(offset + *prefix);
  clear_beyond(out.network_, out.bits_);
  return out;
}

bool address_range::contains(const address& candidate) const noexcept {
  return same_prefix(network_, bytes_of(candidate), bits_);
}

std::string address_range::to_string() const {
  const bool is_v4 = bits_ >= mapped_bits && same_prefix(network_, mapped_prefix, mapped_bits);
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v4 ? AF_INET : AF_INET6, network_.data() + (is_v4 ? mapped_bits / 8 : 0), text, sizeof text);
  const unsigned prefix = is_v4 ? bits_ - mapped_bits : bits_;
  return prefix == (is_v4 ? 32U : 128U) ? text : std::string(text) + "/" + std::to_string(prefix);
}

}  // namespace cardea::base
