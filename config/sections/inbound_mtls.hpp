#pragma once

#include <memory>
#include <string>

namespace cardea::base {
class trust_store;
}

namespace cardea::config {

/// Who may vouch for clients: a named set of authorities.
struct inbound_mtls_profile {
  std::string name;
  std::shared_ptr<const base::trust_store> trusted;  ///< null only when its section is in error
};

}  // namespace cardea::config
