#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Text -> value for the kinds of scalars that a configuration has. Pure; nothing means "not one".
namespace cardea::config {

/// `true yes on 1` / `false no off 0`, in any case.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

/// Decimal digits with an optional sign.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// Go's notation, `1h30m`, `1.5s`, `500ms`, with the units ns us ms s m h and
/// d (24 h), w (7 d), M (30 d). A number without a unit is not a duration,
/// except for 0.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Bytes: `4096`, `64KiB`, `16k`, `10MB`; k, K and Ki mean 1024, KB 1000; likewise M and G.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

struct address {
  std::string host;  ///< name or IP, without brackets; empty = every interface
  std::uint16_t port = 0;
};

/// `host:port`, `:port`, `[ipv6]:port`.
[[nodiscard]] std::optional<address> parse_address(std::string_view text);
/// `host:port`, with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const address& value);

/// `host`, `host:port`, `[ipv6]:port` or a bare IPv6 address.
[[nodiscard]] bool is_host_with_optional_port(std::string_view text);

/// An IPv4 or IPv6 address without brackets.
[[nodiscard]] bool is_ip(std::string_view text);
/// A host name or an IP.
[[nodiscard]] bool is_host(std::string_view text);

/// Lower case without underscores: keys are compared in this form, so that
/// `setHeaders`, `set_headers` and `SETHEADERS` are one.
[[nodiscard]] std::string folded(std::string_view key);

/// Whether the value of an option of that name may be a secret, judged by the
/// name: tokens, passwords, keys and the like, but not paths and addresses.
[[nodiscard]] bool may_be_secret(std::string_view key);

}  // namespace cardea::config
