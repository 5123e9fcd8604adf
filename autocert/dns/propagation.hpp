#pragma once

#include "base/dns_client.hpp"
#include "base/log.hpp"
#include "dnsproviders/provider.hpp"

#include <functional>
#include <string>

namespace cardea::autocert::dns {

/// Completes when every authoritative name server of the zone shows `value`
/// among the TXT records of `name` (B69).
///
/// Only authoritative servers are asked for the record: a recursive one that is
/// asked too early keeps the "not there" for the zone's negative TTL. They are
/// found through `resolver`; a resolver that is itself authoritative for the
/// zone (split horizon) counts as one of them. An unreachable server is passed
/// over as long as another one answers. The first rounds follow quickly, so
/// that a fast server costs milliseconds. errc::timed_out names who lags
/// behind and what they said; errc::cancelled when it is withdrawn.
[[nodiscard]] base::awaitable<base::result<void>> wait_until_visible(
    base::dns_resolver resolver, std::string name, std::string value, dnsproviders::propagation_timing timing,
    std::function<base::awaitable<void>(std::chrono::steady_clock::duration)> sleep);

}  // namespace cardea::autocert::dns
