#pragma once

#include "base/fetch.hpp"
#include "base/secret.hpp"
#include "dnsproviders/services.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::dnsproviders {

/// One request to a vendor's HTTP API with the retries that are safe.
///
/// Reads (GET) and removals (DELETE) are repeated on connection failures, 408,
/// 429 and 5xx; a write only when the vendor said 429, because its outcome is
/// known then. `authorize` changes each try before it is sent (a signature holds
/// the time). Waits as Retry-After says, up to 30 s, else 1 s doubled.
[[nodiscard]] base::awaitable<base::result<base::fetch_response>> vendor_call(
    services with, base::fetch_request request, std::function<void(base::fetch_request&)> authorize = {});

/// "name: the vendor answered 403: <its words>", shortened, control bytes and
/// the given secrets removed.
[[nodiscard]] base::error vendor_error(std::string_view provider, const base::fetch_response& answer,
                                       std::string_view words, const std::vector<std::string>& secrets);

/// Joins a base address and a path without doubling or losing slashes.
[[nodiscard]] std::string join_url(std::string_view base, std::string_view path);

}  // namespace cardea::dnsproviders
