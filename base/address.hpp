#pragma once

#include "base/error.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::base {

/// A numeric IPv4 or IPv6 address with a port, as the kernel wants it.
class address {
 public:
  address() = default;
  address(const sockaddr* value, socklen_t size) noexcept;

  /// "host:port" with a numeric host; an empty host (":443") means every
  /// address of the machine, IPv6 dual-stack. IPv6 stands in brackets.
  [[nodiscard]] static result<address> parse(std::string_view text);
  /// A numeric host without brackets, and a port.
  [[nodiscard]] static result<address> from_parts(std::string_view host, std::uint16_t port);

  [[nodiscard]] const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }
  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Without brackets; IPv4-mapped IPv6 addresses print as IPv4.
  [[nodiscard]] std::string host() const;
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const address& left, const address& right) noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace cardea::base
