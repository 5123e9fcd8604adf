#pragma once

#include "autocert/issuer.hpp"
#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Whom to ask after failures, when, and for what: pure functions of a record
/// that outlives the process.
namespace cardea::autocert {

/// What happened at one CA since the last success.
struct issuer_failures {
  std::string ca;                                  ///< address of its directory, or "internal"
  unsigned count = 0;                              ///< orders that failed there
  std::optional<base::wall_time> not_before = {};  ///< not asked before, because of what it said
  bool lasting = false;                            ///< that was a refusal for good, not a limit

  friend bool operator==(const issuer_failures&, const issuer_failures&) = default;
};

/// What happened since the last success; kept by failure_store.
struct failure_record {
  unsigned in_row = 0;  ///< attempts, the running one included
  std::string wanted;   ///< fingerprint of the request that failed
  std::vector<issuer_failures> issuers;

  friend bool operator==(const failure_record&, const failure_record&) = default;
};

/// The pause after so many failures in a row while there is no certificate:
/// 15 s, 2 min, 20 min (no more than four attempts in any hour, B25), then
/// hours, and a day once it has failed for a week.
[[nodiscard]] std::chrono::seconds pause_without_certificate(unsigned failures_in_row) noexcept;

/// The same for a renewal of a long-lived certificate: an hour for the first
/// three, then 2, 4 and 6 hours, and a day once it has failed for a week. The
/// renewal begins weeks before the end.
[[nodiscard]] std::chrono::seconds pause_of_renewal(unsigned failures_in_row) noexcept;

/// Which CA is asked next, and from when on.
struct issuer_choice {
  std::size_t index = 0;
  std::optional<base::wall_time> not_before = {};  ///< nothing: now
};

/// The preferred one (the first) until it failed `tries` times, then the next,
/// and so on in turn; one that said when to come back, or no for good, is
/// passed over while another may be asked (B24, B27, B30).
/// REQUIRES: cas is not empty, tries > 0.
[[nodiscard]] issuer_choice choose_issuer(const failure_record& record, std::span<const std::string> cas,
                                          unsigned tries, base::wall_time now);

/// Counts an order that failed at a CA. `lives`: of the certificate that is
/// served; a short-lived one is not left without for a day.
void note_setback(failure_record& record, const std::string& ca, const setback& what, base::wall_time now,
                  std::optional<std::chrono::seconds> lives);

/// Whether an order is tried out in the CA's staging directory first (B26):
/// after two failures there, but each fourth time not, so that a staging
/// directory that is wrong itself cannot hold the order back for ever.
[[nodiscard]] bool wants_rehearsal(const failure_record& record, const std::string& ca);

/// Whether a rehearsal's failure says that the order would fail as well.
[[nodiscard]] bool forbids_order(const setback& of_rehearsal);

/// What is left of an order when some of its names were refused, and what is served now.
struct partial_order {
  std::vector<std::string> all;      ///< the configured names
  std::vector<std::string> refused;  ///< of them
  bool lasting = false;              ///< the refusal
  unsigned failures_in_row = 0;      ///< the one that refused included
  std::vector<std::string> served =
      {};                 ///< names of the certificate that is served; empty: none, or it has expired
  bool due = false;       ///< it is to be renewed
  bool near_end = false;  ///< less than a tenth of its life is left
};

/// The names that are ordered without the refused ones, so that one bad name
/// does not take the others down (B28); empty: nothing is.
///
/// At once after a refusal for good, else from the second failure in a row on;
/// never in the place of a certificate that is valid and has them all, unless
/// that one has not a tenth of its life left.
[[nodiscard]] std::vector<std::string> names_without_refused(const partial_order& of);

}  // namespace cardea::autocert
