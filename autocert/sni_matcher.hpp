#pragma once

#include "autocert/name_table.hpp"
#include "base/certificate.hpp"
#include "base/certificate_source.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert {

/// A name that two certificates with the same kind of key claim.
struct claim_conflict {
  std::string name;
  std::string kept_by;
  std::string refused;
};

/// Which certificates answer for a server name; immutable, replaced as a whole,
/// sharing with its successor what did not change.
///
/// Names are compared in the form of base::normalise_dns_name. An exact name
/// wins; then the wildcard that covers it; then the default. A wildcard covers
/// exactly one label, so only the parent's can match: it is found by its hash
/// rather than by a walk. Of several that claim one name the claimant of the
/// lowest rank answers first; in one rank ECDSA before RSA.
class sni_matcher final : public base::certificate_source {
 public:
  /// What a claimant had and what it has now; null for nothing. A certificate claims its DNS names and its
  /// IP addresses.
  struct change {
    claimant_ptr by;
    base::certificate_ptr old;
    base::certificate_ptr fresh;
  };

  sni_matcher() = default;

  /// Every certificate claims its names, the first before the others. Null entries are skipped.
  /// `fallback` answers for every other name and for clients without SNI; null is allowed.
  [[nodiscard]] static std::shared_ptr<const sni_matcher> of(
      const std::vector<base::certificate_ptr>& certificates, base::certificate_ptr fallback);

  /// This one after the changes; those who have a certificate for any other name are `fallbacks`, in order.
  /// Takes time for what changes, not for what there is.
  [[nodiscard]] std::shared_ptr<const sni_matcher> with(std::span<const change> changes,
                                                        std::vector<base::certificate_ptr> fallbacks) const;

  /// Names of these changes' certificates that others claim too, at most `conflicts_max` of them; not
  /// addresses, since certificates of one host share its own as a matter of course.
  /// REQUIRES: this is the matcher after the changes.
  [[nodiscard]] std::vector<claim_conflict> conflicts_of(std::span<const change> changes) const;
  static constexpr std::size_t conflicts_max = 20;

  [[nodiscard]] std::span<const base::certificate_ptr> find(
      std::string_view server_name) const noexcept override;

  /// How many names are claimed.
  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

 private:
  name_table names_;
  std::vector<base::certificate_ptr> fallbacks_;
};

}  // namespace cardea::autocert
