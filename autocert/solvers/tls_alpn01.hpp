#pragma once

#include "autocert/solvers/challenge_board.hpp"
#include "autocert/solvers/solver.hpp"
#include "base/certificate.hpp"
#include "base/clock.hpp"
#include "dnsproviders/keyed_lock.hpp"

#include <vector>

namespace cardea::autocert::solvers {

/// The certificate that a CA wants to see: self-signed, with this one name (or
/// IP address) and the digest of the key authorization (RFC 8737 section 3).
[[nodiscard]] base::result<std::shared_ptr<const base::certificate>> make_proof(
    const std::string& domain, const std::string& key_authorization, base::wall_time now);

/// Proves names and IP addresses within the TLS handshake on port 443 (RFC 8737, RFC 8738 section 6).
///
/// A name is shown to one CA at a time: orders of several certificates for
/// one name follow each other.
class tls_alpn01 final : public solver {
 public:
  /// The board outlives the solver.
  tls_alpn01(challenge_board& board, base::wall_clock clock) : board_(board), clock_(std::move(clock)) {}

  [[nodiscard]] config::challenge_type type() const noexcept override {
    return config::challenge_type::tls_alpn01;
  }
  [[nodiscard]] base::awaitable<base::result<void>> present(std::vector<work> wanted) override;
  [[nodiscard]] base::awaitable<void> clean_up() override;

 private:
  challenge_board& board_;
  base::wall_clock clock_;
  std::vector<dnsproviders::keyed_lock> turns_;
  challenge_board::posting posting_;
};

}  // namespace cardea::autocert::solvers
