#pragma once

#include "base/async.hpp"
#include "base/fetch.hpp"
#include "proxy/health/target.hpp"

#include <functional>
#include <string>

namespace cardea::proxy::health {

/// What one check found.
struct finding {
  bool good = false;
  std::string detail;  ///< why not
};

/// Checks a target once, within its plan's timeout. Control thread.
using prober = std::function<base::awaitable<finding>(target)>;

/// The real one. HTTP: any status below 500 is good, redirects are not followed; a certificate that requests would
/// not accept is not good. TCP: whoever accepts is. The error names what is wrong with the trust of certificates.
[[nodiscard]] base::result<prober> make_prober(const std::string& user_agent);

}  // namespace cardea::proxy::health
