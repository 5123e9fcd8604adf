#pragma once

#include "base/trust_store.hpp"
#include "config/sections/error_pages.hpp"
#include "proxy/middleware/chain.hpp"

#include <memory>

namespace cardea::proxy::access_log {
struct logger;
}

namespace cardea::proxy {

/// What holds for all hosts of the entrypoint, whatever their routes.
struct host_policy {
  bool strict = false;  ///< 421 when Host is not the TLS server name
  /// Who vouches for every client of https; null: each route says it for itself.
  std::shared_ptr<const base::trust_store> client_cas;
  std::shared_ptr<const access_log::logger> access_log = {};  ///< of all requests; null: none
  /// What every request passes before its route's own; null: nothing.
  std::shared_ptr<const middleware::chain> middlewares = {};
  std::shared_ptr<const config::error_page_files> error_pages = {};  ///< null: the built-in ones
  bool error_pages_of_backends = false;                              ///< of every route
};

}  // namespace cardea::proxy
