#pragma once

#include "autocert/solvers/solver.hpp"
#include "base/log.hpp"
#include "dnsproviders/keyed_lock.hpp"
#include "dnsproviders/provider.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cardea::autocert::solvers {

/// Proves names by TXT records that we write: at `_acme-challenge.<name>`
/// (dns-01, RFC 8555 section 8.4), or below it at a label of the account's own
/// (dns-account-01), so that several accounts do not meet at one name.
///
/// All records of an order are written side by side, then waited for side by
/// side. What is written is noted in a file first, so that a record left by a
/// crash is found and removed at the next start (B55, B68).
class dns01 final : public solver {
 public:
  using work = solver::work;
  /// The name at the end of the CNAMEs of a name (RFC 8555 allows delegation).
  using follow_cnames = std::function<base::awaitable<base::result<std::string>>(std::string name)>;
  /// Completes when every authoritative server shows the value.
  using wait_until_visible = std::function<base::awaitable<base::result<void>>(
      std::string name, std::string value, dnsproviders::propagation_timing timing)>;

  /// Without a provider (`custom` CAs that validate otherwise) nothing is written or waited for.
  dns01(std::shared_ptr<dnsproviders::provider> provider, follow_cnames follow, wait_until_visible wait,
        std::string notes_path, base::logger log,
        config::challenge_type type = config::challenge_type::dns01);

  [[nodiscard]] config::challenge_type type() const noexcept override { return type_; }

  [[nodiscard]] bool one_at_a_time() const noexcept override {
    return provider_ && provider_->one_at_a_time();
  }
  /// With one_at_a_time it first waits until no other order is between the two.
  [[nodiscard]] base::awaitable<base::result<void>> present(std::vector<work> wanted) override;
  /// What could not be removed stays noted for `remove_leftovers`.
  [[nodiscard]] base::awaitable<void> clean_up() override;
  [[nodiscard]] base::awaitable<void> remove_leftovers() override;

 private:
  using record = dnsproviders::challenge_record;
  [[nodiscard]] base::awaitable<base::result<record>> make_record(work from);
  [[nodiscard]] base::awaitable<void> write_one(record what, base::result<void>& outcome);
  [[nodiscard]] base::awaitable<void> await_one(record what, base::result<void>& outcome);
  [[nodiscard]] base::awaitable<void> remove(std::vector<record> gone);
  void read_notes();
  void note() const;

  std::shared_ptr<dnsproviders::provider> provider_;
  follow_cnames follow_;
  wait_until_visible wait_;
  std::string notes_path_;
  base::logger log_;
  config::challenge_type type_;
  std::vector<record> presented_;
  std::vector<record> left_;                      ///< that could not be removed
  std::optional<dnsproviders::keyed_lock> turn_;  ///< with one_at_a_time, from present to clean_up
  bool looked_for_leftovers_ = false;
};

/// The first label of a dns-account-01 record: `_` and, in base32, ten bytes of
/// the digest of the account's address (draft-ietf-acme-dns-account-label).
[[nodiscard]] std::string account_label(std::string_view account_url);

}  // namespace cardea::autocert::solvers
