#pragma once

#include "app/middlewares.hpp"
#include "base/async.hpp"
#include "base/log.hpp"
#include "config/config.hpp"
#include "proxy/access_log/journal.hpp"
#include "proxy/routing/route_table.hpp"
#include "proxy/upstream/address_book.hpp"

#include <memory>
#include <string>

namespace cardea::app {

/// Makes route tables of configurations: names resolved, sticky cookies keyed. Control thread.
class route_resolver {
 public:
  route_resolver();

  /// The configuration's routes with their backends' names resolved: those that are not fresh are asked for.
  /// A name that does not resolve keeps its last addresses; without any it leaves its backend without an address
  /// and a warning, never a failure of the whole. Access logs are those of the journal, which outlives the call.
  [[nodiscard]] base::awaitable<std::shared_ptr<const proxy::routing::route_table>> resolve(
      std::shared_ptr<const config::configuration> from, const proxy::access_log::journal& journal);
  /// What the names of the last configuration resolved to, those of TCP and UDP routes among them.
  [[nodiscard]] const proxy::upstream::address_book& book() const noexcept { return book_; }
  /// What every request passes; of the configuration that was resolved last.
  [[nodiscard]] const std::shared_ptr<const proxy::middleware::chain>& entrypoint_middlewares() const noexcept {
    return entrypoint_middlewares_;
  }
  /// What sticky cookies are keyed with where the configuration has no secret of its own.
  [[nodiscard]] const std::string& sticky_secret() const noexcept { return sticky_secret_; }
  /// Another process's: the cookies that it gave stay good. Before the first `resolve`.
  void use_sticky_secret(const std::string& secret) { sticky_secret_ = secret; }
  /// How long the last answers may be used.
  [[nodiscard]] std::chrono::steady_clock::duration until_due() const;

 private:
  [[nodiscard]] base::awaitable<void> refresh(std::shared_ptr<const config::configuration> from);
  void tell(const proxy::upstream::address_book::name& of, bool was_stale) const;

  base::logger log_;
  proxy::upstream::address_book book_;
  std::string sticky_secret_;
  middleware_chains chains_;
  std::shared_ptr<const proxy::middleware::chain> entrypoint_middlewares_;
};

/// Whether two tables send every route to the same addresses.
[[nodiscard]] bool same_addresses(const proxy::routing::route_table& left,
                                  const proxy::routing::route_table& right);

}  // namespace cardea::app
