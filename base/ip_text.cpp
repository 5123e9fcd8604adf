#include "base/ip_text.hpp"

#include <arpa/inet.h>

#include <array>

namespace cardea::base {
namespace {

constexpr std::size_t ip4_bytes = 4;
constexpr std::size_t ip6_bytes = 16;

}  // namespace

std::string ip_bytes(std::string_view text) {
  const std::string name(text);
  // What follows a zero byte would be ignored.
  if (name.size() >= INET6_ADDRSTRLEN || name.find('\0') != std::string::npos) return {};
  std::array<char, ip6_bytes> bytes{};
  if (inet_pton(AF_INET, name.c_str(), bytes.data()) == 1) return {bytes.data(), ip4_bytes};
  if (inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1) return {bytes.data(), ip6_bytes};
  return {};
}

std::string ip_of_bytes(std::string_view bytes) {
  if (bytes.size() != ip4_bytes && bytes.size() != ip6_bytes) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == ip4_bytes ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

std::optional<std::string> canonical_ip(std::string_view text) {
  const std::string bytes = ip_bytes(text);
  if (bytes.empty()) return std::nullopt;
  return ip_of_bytes(bytes);
}

bool is_ip_text(std::string_view text) { return !ip_bytes(text).empty(); }

std::string reverse_name(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::string bytes = ip_bytes(text);
  if (bytes.empty()) return {};
  std::string out;
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (bytes.size() == ip4_bytes) {
      out += std::to_string(byte) + ".";
      continue;
    }
    out += {digits[byte & 0x0fU], '.', digits[byte >> 4U], '.'};
  }
  return out + (bytes.size() == ip4_bytes ? "in-addr.arpa" : "ip6.arpa");
}

}  // namespace cardea::base
