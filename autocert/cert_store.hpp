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
  quarantine,  ///< copy them to `<path>.damaged-<hash>` first: an order will replace them
};

/// A certificate and its key in two files that the user names, changed together.
///
/// The paths may lie in different folders, so no single rename can swap the
/// pair. A save therefore writes both into one journal (`<cert_path>.new`)
/// first, then replaces the key, then the certificate, then drops the journal;
/// a load finishes what a crash interrupted. At every moment either the old or
/// the new pair can be loaded.
class cert_store {
 public:
  cert_store(std::string cert_path, std::string key_path, base::logger log,
             base::file_calls& calls = base::system_file_calls());

  /// base::errc::not_found when neither file nor journal exists,
  /// errc::damaged_certificate when what exists is not a pair (both after
  /// quarantine, when asked for), base::errc::io when a file cannot be read.
  [[nodiscard]] base::result<std::shared_ptr<const base::certificate>> load(on_damage action);

  /// REQUIRES: the two make a pair (base::certificate::from_pem accepted them).
  ///
  /// Key 0600, certificate 0644, folders that are created 0700. After a failure
  /// (base::errc::io) a load still finds the old pair, or the new one.
  [[nodiscard]] base::result<void> save(std::string_view chain_pem, std::string_view key_pem);

  [[nodiscard]] const std::string& cert_path() const noexcept { return cert_path_; }
  [[nodiscard]] const std::string& key_path() const noexcept { return key_path_; }

 private:
  using loaded = base::result<std::shared_ptr<const base::certificate>>;

  [[nodiscard]] loaded load_files(on_damage action) const;
  [[nodiscard]] loaded finish_interrupted_save(loaded on_disk);
  void quarantine(const std::string& path, std::string_view bytes, unsigned mode) const;
  void warn_about_readable_key() const;

  std::string cert_path_;
  std::string key_path_;
  std::string journal_path_;
  base::logger log_;
  base::file_calls& calls_;
};

}  // namespace cardea::autocert
