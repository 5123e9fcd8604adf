#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// What the rest of the program may see of autocert and ask of it. Control thread only.
namespace cardea::autocert {

/// One managed certificate as it is served now.
struct certificate_status {
  std::string provider;  ///< "main" or "extra[N]"
  std::string subject;
  std::string issuer;
  std::int64_t not_before = 0;  ///< unix seconds
  std::int64_t not_after = 0;   ///< unix seconds
  std::vector<std::string> dns_names;  ///< and IP addresses
  std::vector<std::string> email_addresses;
  std::int64_t next_renewal = 0;  ///< unix seconds; 0 = never by itself (local, pseudo)
  std::string last_error;         ///< empty when the last attempt succeeded
};

struct renewal_outcome {
  std::string provider;
  bool renewed = false;
  std::string detail;  ///< the new expiry, or why it was not renewed
};

enum class force_result { started, already_running };

/// Implemented by autocert's provider set, used by the API and the command line.
class control {
 public:
  virtual ~control() = default;

  /// One entry for each certificate that can be served; empty when there is none.
  [[nodiscard]] virtual std::vector<certificate_status> certificates() const = 0;

  /// Renews main and all extras now, whatever their state and cooldown.
  ///
  /// `finished` is called exactly once, on the control thread and never from
  /// within this call, with one outcome for each; it is not called (and
  /// dropped) when a forced renewal is already running.
  virtual force_result force_expiry_all(std::function<void(std::vector<renewal_outcome>)> finished) = 0;
};

}  // namespace cardea::autocert
