#pragma once

#include "base/async.hpp"
#include "base/dns_client.hpp"
#include "base/fetch.hpp"

#include <chrono>
#include <functional>

namespace cardea::dnsproviders {

/// What providers receive from outside.
struct services {
  base::fetch fetch;
  base::dns_resolver resolver;
  std::function<base::awaitable<void>(std::chrono::steady_clock::duration)> sleep = base::sleep_for;
};

}  // namespace cardea::dnsproviders
