#pragma once

#include <string_view>

namespace cardea::proxy::http {

/// Whether `text` is a host with an optional port as RFC 9110 section 7.2 wants
/// it: letters, digits, `-._~`, or a bracketed IPv6 address; port 1..65535; no
/// userinfo, no percent-encoding, no list (T01, T02).
[[nodiscard]] bool is_authority(std::string_view text) noexcept;

/// The host without its port; IPv6 keeps its brackets.
[[nodiscard]] std::string_view host_of(std::string_view authority) noexcept;

}  // namespace cardea::proxy::http
