#pragma once

#include "autocert/metadata.hpp"
#include "base/clock.hpp"
#include "base/file_calls.hpp"
#include "base/log.hpp"
#include "config/sections/autocert.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cardea::autocert {

/// The files of certificates that left the configuration (B11): removed when the certificate has ended and
/// has been of no use for `keep_unused`.
///
/// Looked for in the folders in which the configuration keeps certificates. What metadata (`<cert_path>.meta.json`)
/// names is ours: the chain while its leaf is the one that was obtained, the key while it is the leaf's. Never
/// touched are files that the configuration names, account keys, pairs in `folders`, links, and whatever
/// somebody else put in the place of ours.
///
/// Since when a pair is of no use stands in `<cert_path>.unused`, so that a restart does not begin anew; an
/// attempt of another process that manages it moves that on. The key goes first and the metadata last: what a
/// crash leaves is known of, and removed by the next look. Control thread only.
class unused_pairs {
 public:
  unused_pairs(const config::autocert_section& section, base::wall_clock clock, base::file_calls& calls);

  /// Notes what left, forgets what is back, removes what has had its time. What cannot be removed is logged,
  /// and tried again by the next look.
  void look();

 private:
  /// A pair that nothing in the configuration names.
  struct pair {
    std::string cert_path;
    metadata known;
  };
  enum class owner { ours, gone, somebody_else };

  void survey();
  [[nodiscard]] bool is_named(const std::string& path) const;
  [[nodiscard]] bool is_in_use(const std::string& cert_path) const;
  [[nodiscard]] owner owner_of(const pair& which, std::optional<base::wall_time>& ends) const;
  [[nodiscard]] std::optional<base::wall_time> unused_since(const std::string& cert_path) const;
  void judge(const std::string& cert_path);
  [[nodiscard]] bool owns_key(const pair& which) const;
  [[nodiscard]] base::result<void> remove(const pair& which) const;
  void leave_alone(const std::string& cert_path, std::string_view why);

  base::wall_clock clock_;
  base::file_calls& calls_;
  base::logger log_;
  std::optional<std::chrono::milliseconds> kept_for_;  ///< nothing: for ever
  std::vector<std::string> cert_paths_;                ///< that the configuration names, as it spells them
  std::vector<std::string> other_paths_;               ///< keys of certificates and accounts
  std::vector<std::string> folders_;                   ///< of pairs that others put there
  /// The same in the one spelling of this look.
  std::set<std::string> places_;  ///< folders with pairs of ours
  std::set<std::string> of_others_;
  std::set<std::string> named_;
  std::set<std::string> told_;  ///< left alone, and the log says so
};

}  // namespace cardea::autocert
