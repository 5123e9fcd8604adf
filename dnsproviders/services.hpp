#pragma once

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/dns_client.hpp"
#include "base/fetch.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace cardea::dnsproviders {

/// What providers receive from outside.
struct services {
  base::fetch fetch;
  base::dns_resolver resolver;
  std::function<base::awaitable<void>(std::chrono::steady_clock::duration)> sleep = base::sleep_for;
  base::wall_clock now = base::system_wall_clock();
  /// The zone that holds a name; when empty, `resolver` is asked for its SOA.
  std::function<base::awaitable<base::result<std::string>>(std::string)> find_zone{};
};

}  // namespace cardea::dnsproviders
