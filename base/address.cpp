#include "base/address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace cardea::base {
namespace {

sockaddr_in as_v4(const sockaddr_storage& storage) noexcept {
  sockaddr_in out{};
  std::memcpy(&out, &storage, sizeof out);
  return out;
}

sockaddr_in6 as_v6(const sockaddr_storage& storage) noexcept {
  sockaddr_in6 out{};
  std::memcpy(&out, &storage, sizeof out);
  return out;
}

error malformed(std::string_view text) {
  return {errc::invalid_argument, "'" + std::string(text) + "' is not an address: expected IP:PORT, [IPv6]:PORT or :PORT"};
}

}  // namespace

address::address(const sockaddr* value, socklen_t size) noexcept : size_(size) { std::memcpy(&storage_, value, size); }

result<address> address::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return malformed(text);
  if (host.empty()) return from_parts("::", port);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return malformed(text);
  auto parsed = from_parts(host, port);
  if (!parsed) return malformed(text);
  return parsed;
}

result<address> address::from_parts(std::string_view host, std::uint16_t port) {
  const std::string name(host);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (inet_pton(AF_INET, name.c_str(), &v4.sin_addr) == 1)
    return address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (inet_pton(AF_INET6, name.c_str(), &v6.sin6_addr) == 1)
    return address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  return error(errc::invalid_argument, "'" + name + "' is not an IP address");
}

std::uint16_t address::port() const noexcept {
  return ntohs(family() == AF_INET6 ? as_v6(storage_).sin6_port : as_v4(storage_).sin_port);
}

std::string address::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET6) {
    const sockaddr_in6 v6 = as_v6(storage_);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    else
      inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  } else {
    const sockaddr_in v4 = as_v4(storage_);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  }
  return text;
}

std::string address::to_string() const {
  const std::string name = host();
  const bool bracketed = name.find(':') != std::string::npos;
  return (bracketed ? "[" + name + "]:" : name + ":") + std::to_string(port());
}

bool operator==(const address& left, const address& right) noexcept {
  return left.size_ == right.size_ && std::memcmp(&left.storage_, &right.storage_, left.size_) == 0;
}

}  // namespace cardea::base
