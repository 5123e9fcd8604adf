#pragma once

#include "proxy/host_policy.hpp"
#include "proxy/middleware/edited_exchange.hpp"
#include "proxy/routing/route_table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy {

/// Where a request's way through middlewares and path rules led: to a route that answers, or to an answer.
struct way_out {
  std::size_t route = 0;
  std::uint16_t status = 0;    ///< 0: the route answers
  std::string_view text = {};  ///< plain text of the answer; empty: the page of its status
  std::string_view reason = {};  ///< of a refusal (400), for the log
  std::string fields = {};       ///< whole lines
};

/// One request's way from the route of its host to whoever answers: the entrypoint's middlewares, the route's path
/// rules on the normal form of the path, the route's middlewares, and those of another route that a rule names. What is
/// matched is what goes on (T07). REQUIRES: `request` has begun; `routes` and `entrypoint` outlive it.
[[nodiscard]] way_out find_way(middleware::edited_exchange& request, const routing::route_table& routes,
                               std::size_t from, const middleware::chain* entrypoint);

/// Edited exchanges that are not in use. Worker's thread only.
class edited_exchanges {
 public:
  static constexpr std::size_t idle_max = 64;

  /// One that has begun with `of`; it comes back by itself.
  class loan {
   public:
    loan(edited_exchanges& from, http::exchange& of);
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    ~loan();
    [[nodiscard]] middleware::edited_exchange& operator*() noexcept { return *lent_; }

   private:
    edited_exchanges& from_;
    std::unique_ptr<middleware::edited_exchange> lent_;
  };

 private:
  std::vector<std::unique_ptr<middleware::edited_exchange>> idle_;
};

}  // namespace cardea::proxy
