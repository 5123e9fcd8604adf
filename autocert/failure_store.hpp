#pragma once

#include "autocert/retry.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file_calls.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cardea::autocert {

/// When the last attempt to get one certificate began and did not succeed, and
/// how those before it went.
///
/// The time is kept in `<folder of the certificate>/.last_failure-<12 hex
/// digits>` (the first 6 bytes of SHA-256("cert_path|key_path")) as RFC 3339
/// time in UTC, the rest beside it in `.attempts-<12 hex digits>` as JSON, both
/// with mode 0600: a process that crashes or is restarted in a loop must not
/// ask the CA each time, and must not begin its pauses anew (B22).
class failure_store {
 public:
  failure_store(std::string_view cert_path, std::string_view key_path,
                base::file_calls& calls = base::system_file_calls());

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const std::string& record_path() const noexcept { return record_path_; }

  /// Nothing when the last attempt succeeded, or when the file says nothing readable.
  [[nodiscard]] std::optional<base::wall_time> last() const;
  [[nodiscard]] const failure_record& record() const noexcept { return record_; }

  /// Written before an attempt, so that an attempt that kills the process
  /// counts. `wanted`: fingerprint of the request; what was refused for good
  /// to another request counts no more.
  [[nodiscard]] base::result<void> begin(base::wall_time when, const std::string& wanted);
  /// Whether the failures were of another request than this one.
  void forget_other(const std::string& wanted);
  [[nodiscard]] base::result<void> keep(failure_record record);
  [[nodiscard]] base::result<void> clear();

 private:
  [[nodiscard]] base::result<void> write_record() const;

  std::string path_;
  std::string record_path_;
  base::file_calls& calls_;
  /// These hold when the disk does not: a full disk must not lead to an order each second.
  std::optional<base::wall_time> remembered_;
  failure_record record_;
};

}  // namespace cardea::autocert
