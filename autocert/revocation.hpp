#pragma once

#include "autocert/cert_store.hpp"
#include "autocert/issuer.hpp"
#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file_calls.hpp"
#include "base/log.hpp"
#include "config/sections/autocert.hpp"

#include <functional>
#include <memory>
#include <string>

namespace cardea::autocert {

/// Takes a certificate out of use without a moment without one (B54): a new
/// key, a new certificate, both installed, and only then the old one revoked.
///
/// What is to be revoked is noted in `<cert_path>.to-revoke` before anything
/// else happens. When the process ends in between, the next call goes on there,
/// so that no certificate is forgotten and none is ordered twice.
class revocation {
 public:
  struct collaborators {
    issuer& ca;           ///< that issued the certificate; outlives this
    std::string ca_name;  ///< for the metadata
    /// Tells the CA, with the DER of the leaf.
    std::function<base::awaitable<base::result<void>>(std::string leaf_der)> revoke;
    /// Receives each step as one line.
    std::function<void(const std::string& line)> tell;
    base::wall_clock clock = base::system_wall_clock();
    base::file_calls* files = &base::system_file_calls();
  };

  revocation(config::certificate_request request, collaborators with);

  /// `replaced`: false when nothing is to come after it. The key of the old
  /// one is never used again, whatever reuse_key says.
  [[nodiscard]] base::awaitable<base::result<void>> run(bool replaced);

  [[nodiscard]] const std::string& note_path() const noexcept { return note_path_; }

 private:
  [[nodiscard]] base::result<std::string> noted_or_current();
  [[nodiscard]] base::awaitable<base::result<void>> replace();

  config::certificate_request request_;
  collaborators with_;
  cert_store store_;
  std::string note_path_;
  std::shared_ptr<const base::certificate> current_;
};

}  // namespace cardea::autocert
