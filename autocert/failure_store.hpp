#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file_calls.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cardea::autocert {

/// When the last attempt to get one certificate began and did not succeed.
///
/// Kept in `<folder of the certificate>/.last_failure-<12 hex digits>` (the
/// first 6 bytes of SHA-256("cert_path|key_path")) as RFC 3339 time in UTC,
/// mode 0600: a process that crashes or is restarted in a loop must not ask
/// the CA each time.
class failure_store {
 public:
  failure_store(std::string_view cert_path, std::string_view key_path,
                base::file_calls& calls = base::system_file_calls());

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Nothing when the last attempt succeeded, or when the file says nothing readable.
  [[nodiscard]] std::optional<base::wall_time> last() const;

  /// Written before an attempt, so that an attempt that kills the process counts.
  [[nodiscard]] base::result<void> record(base::wall_time when);
  [[nodiscard]] base::result<void> clear();

 private:
  std::string path_;
  base::file_calls& calls_;
  /// Holds when the disk does not: a full disk must not lead to an order each second.
  std::optional<base::wall_time> remembered_;
};

}  // namespace cardea::autocert
