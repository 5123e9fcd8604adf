#pragma once

#include "autocert/issuer.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file_calls.hpp"

#include <optional>
#include <string>

namespace cardea::autocert {

/// What the CA last said about renewing one certificate, and what was made of it.
struct suggestion {
  std::string serial;  ///< of the certificate, in hex: of no meaning for another one
  renewal_window window;
  base::wall_time at;         ///< in the window, chosen once (B01)
  base::wall_time ask_again;  ///< not before

  friend bool operator==(const suggestion&, const suggestion&) = default;
};

/// Keeps the suggestion in `<cert_path>.renewal.json` (0644), so that a restart
/// neither chooses again nor forgets it while the CA cannot be reached.
class suggestion_store {
 public:
  explicit suggestion_store(const std::string& cert_path,
                            base::file_calls& calls = base::system_file_calls());

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Nothing when there is none or when the file says nothing readable.
  [[nodiscard]] std::optional<suggestion> load() const;
  [[nodiscard]] base::result<void> save(const suggestion& what);
  [[nodiscard]] base::result<void> clear();

 private:
  std::string path_;
  base::file_calls& calls_;
};

}  // namespace cardea::autocert
