#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cardea::proxy::http {

/// `host [":" port]` of RFC 3986, narrower: no user information, and the host is a name
/// of unreserved characters without empty labels (one trailing dot may stay), an IPv4
/// address, or an IPv6 address in brackets without a zone.
struct authority {
  std::string_view host;   ///< as received, with the brackets of an IPv6 address
  std::uint16_t port = 0;  ///< 1..65535, or 0 when none is given
};

/// Nothing when `text` is not an authority (T02).
[[nodiscard]] std::optional<authority> parse_authority(std::string_view text) noexcept;

/// Whether `parse_authority` would accept `text`, for the hot path: quicker when `readable`
/// bytes from the begin of `text` on may be read, at least as many as it has.
[[nodiscard]] bool is_authority(std::string_view text, std::size_t readable) noexcept;

/// Whether both name the same host and port; a port that is not given is `default_port`.
[[nodiscard]] bool same_authority(const authority& left, const authority& right,
                                  std::uint16_t default_port) noexcept;

/// The host of an authority that the parser has accepted, without its port.
[[nodiscard]] std::string_view host_of(std::string_view authority) noexcept;

}  // namespace cardea::proxy::http
