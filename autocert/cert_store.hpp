#pragma once

#include "base/certificate.hpp"
#include "base/error.hpp"
#include "base/file_calls.hpp"
#include "base/log.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace cardea::autocert {

/// What to do with files that do not make a usable pair.
enum class on_damage {
  report,      ///< leave them alone (they belong to the user)
  quarantine,  ///< they are ours, and an order will replace them: copy them to `<path>.damaged-<hash>` first
};

/// A certificate and its key in two files that the user names, and its metadata
/// beside them, changed together.
///
/// The paths may lie in different folders, so no single rename can swap them.
/// A save therefore writes all into one journal (`<cert_path>.new`) first, then
/// replaces the key, the certificate and the metadata, then drops the journal;
/// a load finishes what a crash interrupted. At every moment either the old or
/// the new pair can be loaded.
///
/// A pair is usable when the key signs what the certificate verifies. Of ours
/// (on_damage::quarantine) the chain's signatures must hold, too, and a leaf
/// whose issuer is not in the chain must be byte for byte the one that the
/// metadata names, if it names one of that serial number: a damaged byte is
/// not served.
class cert_store {
 public:
  cert_store(std::string cert_path, std::string key_path, base::logger log,
             base::file_calls& calls = base::system_file_calls());

  /// base::errc::not_found when neither file nor journal exists,
  /// errc::damaged_certificate when what exists is not a pair (both after
  /// quarantine, when asked for), base::errc::io when a file cannot be read.
  ///
  /// A key that others can read is made its owner's alone when it is ours
  /// (on_damage::quarantine), else there is a warning with the remedy.
  [[nodiscard]] base::result<std::shared_ptr<const base::certificate>> load(on_damage action);

  /// As load(report), and nothing on disk or in the log changes.
  [[nodiscard]] base::result<std::shared_ptr<const base::certificate>> peek() const;

  /// REQUIRES: the two make a pair (base::certificate::from_pem accepted them).
  /// Without metadata that file stays as it is.
  ///
  /// Key 0600, certificate and metadata 0644, folders that are created 0700.
  /// After a failure (base::errc::io) a load still finds the old pair, or the new one.
  [[nodiscard]] base::result<void> save(std::string_view chain_pem, std::string_view key_pem,
                                        std::string_view metadata_json = {});

  [[nodiscard]] const std::string& cert_path() const noexcept { return cert_path_; }
  [[nodiscard]] const std::string& key_path() const noexcept { return key_path_; }

 private:
  using loaded = base::result<std::shared_ptr<const base::certificate>>;

  [[nodiscard]] loaded load_files(on_damage action) const;
  [[nodiscard]] loaded finish_interrupted_save(loaded on_disk);
  [[nodiscard]] base::result<void> check(const base::certificate& pair, on_damage action) const;
  void guard_key(on_damage action) const;

  std::string cert_path_;
  std::string key_path_;
  std::string journal_path_;
  std::string metadata_path_;
  base::logger log_;
  base::file_calls& calls_;
};

}  // namespace cardea::autocert
