#pragma once

#include "autocert/metadata.hpp"
#include "base/error.hpp"
#include "base/file_calls.hpp"
#include "base/log.hpp"

#include <string>

namespace cardea::autocert {

/// Keeps the metadata of one certificate (0644: it holds no secret), so that a
/// restart neither forgets nor decides anew. After a renewal cert_store writes
/// it together with the pair; here it is changed by itself.
class metadata_store {
 public:
  metadata_store(const std::string& cert_path, base::logger log,
                 base::file_calls& calls = base::system_file_calls());

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Empty when there is none. A file that cannot be understood is set aside
  /// and counts as none; one that cannot be read counts as none.
  [[nodiscard]] metadata load();

  /// The same, and nothing on disk or in the log changes.
  [[nodiscard]] metadata peek() const;

  [[nodiscard]] base::result<void> save(const metadata& what);

 private:
  std::string path_;
  std::string former_path_;  ///< `<cert_path>.renewal.json`, where a suggestion stood by itself
  base::logger log_;
  base::file_calls& calls_;
};

}  // namespace cardea::autocert
