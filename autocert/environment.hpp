#pragma once

#include "autocert/issuer.hpp"
#include "autocert/notifications/notice.hpp"
#include "base/async.hpp"
#include "base/certificate_source.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fetch.hpp"
#include "base/file_calls.hpp"
#include "config/sections/autocert.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cardea::autocert {

/// What the life-cycle receives from outside: time, disk, CA, and whom to tell.
struct environment {
  base::executor executor;  ///< of the control thread

  base::wall_clock clock = base::system_wall_clock();

  /// Waits on the monotonic clock; returns early, without an error, when cancelled.
  std::function<base::awaitable<void>(std::chrono::steady_clock::duration)> sleep = base::sleep_for;

  /// Makes the ACME client of one certificate (provider `custom` or a DNS provider).
  std::function<base::result<std::unique_ptr<issuer>>(const config::certificate_request&)> make_acme_issuer =
      {};

  /// Receives every new state of what is served. Never null.
  std::function<void(base::certificate_snapshot)> publish = {};

  /// Tells operators; returns at once. May be empty.
  std::function<void(const notifications::notice&)> notify = {};

  std::vector<std::string> dns_providers = {};  ///< the names that exist
  std::size_t orders_max = 8;                   ///< in flight at once
  base::file_calls* files = &base::system_file_calls();
  base::fetch fetch = {};  ///< asks OCSP responders; without it nothing is stapled
};

}  // namespace cardea::autocert
