#pragma once

#include "base/error.hpp"
#include "base/fetch.hpp"

#include <string>
#include <string_view>

namespace cardea::base {

/// Where a request goes: the parts of an absolute http or https URL.
struct fetch_target {
  bool tls = false;
  std::string host;       ///< lower case; an IPv6 literal without brackets
  std::string port;       ///< decimal, never empty
  std::string authority;  ///< for the Host field: no default port, IPv6 in brackets
  std::string path;       ///< origin-form with the query, without the fragment

  /// "host:port": all of the target that may stand in a message.
  [[nodiscard]] std::string printed() const;

  friend bool operator==(const fetch_target&, const fetch_target&) = default;
};

/// errc::invalid_argument for anything but an absolute http or https URL with a
/// host, or when it carries user information. The context never repeats the
/// path or the query: they can hold tokens.
[[nodiscard]] result<fetch_target> parse_fetch_target(std::string_view url);

/// What would let a value become a second header field or request, or change
/// the framing that the client itself decides: errc::invalid_argument naming
/// the field, never its value.
[[nodiscard]] result<void> check_fetch_request(const fetch_request& request);

}  // namespace cardea::base
