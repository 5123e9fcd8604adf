#pragma once

#include "autocert/sni_matcher.hpp"
#include "base/log.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert {

/// Where a pair lies: two files, or one that holds both.
struct pair_files {
  std::string chain;
  std::string key;
  friend bool operator==(const pair_files&, const pair_files&) = default;
};

/// The pairs in one folder by the names of its files, in alphabetical order:
///
///     NAME.pem                         chain and key in one file, as HAProxy has it
///     NAME.{pem,crt,cer} + its key     NAME.pem.key, NAME.key or NAME-key.pem
///     fullchain.pem + privkey.pem      a folder of certbot's; cert.pem and chain.pem are parts of it
///
/// Hidden files and those with other endings are no pairs.
[[nodiscard]] std::vector<pair_files> pairs_among(const std::string& folder,
                                                  std::vector<std::string> file_names);

/// A folder of certificates that somebody else puts there, tens of thousands
/// of them if need be; control thread only.
///
/// The folder and those in it, one level down. A file that cannot be used is
/// named in the log, once, and passed over; if it could be used before, the
/// certificate from then stays.
class certificate_folder {
 public:
  /// `rank`: of all its certificates against those of others.
  certificate_folder(std::string path, std::uint32_t rank);

  /// What is to be examined now. Forgets what is there no more: see take_changes.
  [[nodiscard]] std::vector<pair_files> list();
  /// Loads the pair unless it is what it was at the last time.
  void examine(const pair_files& files);
  /// What changed since the last call. Logs a summary.
  [[nodiscard]] std::vector<sni_matcher::change> take_changes();

  /// All at once.
  [[nodiscard]] std::vector<sni_matcher::change> scan();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The folder and those below it that were found.
  [[nodiscard]] const std::vector<std::string>& folders() const noexcept { return folders_; }
  /// Certificates by the path of their chain, null where a file cannot be used.
  [[nodiscard]] std::vector<std::pair<std::string_view, base::certificate_ptr>> certificates() const;
  /// The alphabetically first; null when there is none.
  [[nodiscard]] base::certificate_ptr first() const;

 private:
  struct entry {
    std::uint64_t state = 0;  ///< of both files; 0 when never looked at
    claimant_ptr by;
    base::certificate_ptr certificate;
  };

  void pass_over(const pair_files& files, std::string_view why);

  std::string path_;
  std::uint32_t rank_;
  base::logger log_;
  std::vector<std::string> folders_;
  std::map<std::string_view, entry> entries_;  ///< by the label of the claimant
  std::vector<sni_matcher::change> changes_;
  std::size_t passed_over_ = 0;  ///< since take_changes
  std::string readable_key_;     ///< the first that others can read, since take_changes
  std::size_t readable_keys_ = 0;
  bool missing_told_ = false;
};

}  // namespace cardea::autocert
