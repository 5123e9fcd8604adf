#pragma once

#include "autocert/cert_store.hpp"
#include "autocert/issuer.hpp"
#include "base/certificate.hpp"
#include "base/clock.hpp"
#include "base/file_calls.hpp"
#include "base/log.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace cardea::autocert {

/// A CA of our own for names that no public one vouches for.
///
/// Its root (P-256, 10 years) lies in `internal-root.crt` and
/// `internal-root.key` (0600) of one folder; it is made at the first order and
/// then reused for ever, because each client was told to trust it. Files that
/// are damaged or past their date are an error with its remedy, never replaced.
class internal_ca final : public issuer {
 public:
  /// 30 days: nobody has to be asked for the next one, so a stolen key need not
  /// be good for long; yet a machine that was off for a fortnight still serves.
  static constexpr std::chrono::hours leaf_lifetime_default{24 * 30};

  internal_ca(const std::string& folder, base::wall_clock clock, base::logger log,
              base::file_calls& calls = base::system_file_calls(),
              std::chrono::seconds leaf_lifetime = leaf_lifetime_default);

  /// The leaf alone: clients have the root. Never beyond the root's not_after.
  [[nodiscard]] base::awaitable<base::result<std::string>> issue(issue_request request) override;

  /// Whether this root signed the leaf; true also when the root cannot be read,
  /// for then nothing better could be issued.
  [[nodiscard]] bool has_issued(const base::certificate& leaf);

  /// Whether a leaf is of an internal CA, this one or another.
  [[nodiscard]] static bool is_internal(const base::certificate& leaf);

 private:
  [[nodiscard]] base::result<void> open_root(bool create);
  [[nodiscard]] base::result<void> make_root();
  [[nodiscard]] base::result<std::string> sign_leaf(const issue_request& request);

  cert_store store_;
  base::wall_clock clock_;
  base::logger log_;
  std::chrono::seconds leaf_lifetime_;
  std::shared_ptr<const base::certificate> root_;
};

}  // namespace cardea::autocert
