#pragma once

#include "base/address.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

/// The PROXY protocol (HAProxy's specification, versions 1 and 2): whoever stands in front
/// says whose connection it passes on. Pure.
namespace cardea::proxy::net {

struct proxy_header {
  enum class state {
    need_more,  ///< what is there may be the beginning of a header
    absent,     ///< the first bytes are no header's
    complete,
    malformed,  ///< begins like a header and is none
  };
  state found = state::need_more;
  /// complete: of the whole header. need_more: so many must be there before another look is of use.
  std::size_t bytes = 0;
  /// Nothing for LOCAL, UNKNOWN, AF_UNSPEC and AF_UNIX: the connection's own ends count.
  std::optional<base::address> source = std::nullopt;
  std::optional<base::address> destination = std::nullopt;
  std::string_view reason = {};  ///< of malformed
};

/// Version 1 ends within so many bytes, whatever the limit.
inline constexpr std::size_t proxy_v1_bytes_max = 107;

/// Looks at the bytes from the connection's first one on. `bytes_max` is the longest header
/// that is taken; its TLVs must fill it exactly, their values are not used.
[[nodiscard]] proxy_header parse_proxy_header(std::string_view received, std::size_t bytes_max) noexcept;

/// A version 2 header in memory of its own.
struct proxy_header_text {
  std::array<char, 52> data{};
  std::size_t size = 0;
  [[nodiscard]] std::string_view view() const noexcept { return {data.data(), size}; }
};

/// PROXY over TCP from `source` to `destination`; as IPv6 when either end is IPv6 (IPv4-mapped ones are not).
[[nodiscard]] proxy_header_text make_proxy_header(const base::address& source, const base::address& destination) noexcept;

}  // namespace cardea::proxy::net
