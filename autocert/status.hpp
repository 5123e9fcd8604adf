#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// What the rest of the program may see of autocert and ask of it. Control thread only.
namespace cardea::autocert {

/// One managed certificate as it is served now. Times are unix seconds, 0 = there is none.
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

  std::string type = {};                  ///< where it comes from: "local", "internal", "cloudflare" ...
  std::vector<std::string> domains = {};  ///< that are configured
  std::string serial = {};                ///< in hex
  std::string key = {};                   ///< "EC256", "RSA2048" ...
  std::string ca = {};                    ///< the directory of the CA that issued it, or "internal"; "" = unknown
  std::string profile = {};               ///< with which it was obtained; "" = the CA's default
  std::string wanted_profile = {};        ///< that was wished for, where it is another one
  std::string next_renewal_reason = {};   ///< why then, or why never
  std::int64_t window_start = 0;          ///< in which the CA wants it renewed (RFC 9773)
  std::int64_t window_end = 0;
  std::int64_t window_selected = 0;  ///< the time in the window that was chosen
  std::int64_t obtained_at = 0;      ///< last success
  std::int64_t attempted_at = 0;
  std::int64_t failed_at = 0;
  unsigned attempts = 0;  ///< since the last success
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

  /// One entry for each certificate, also those that do not exist yet (not_after 0).
  [[nodiscard]] virtual std::vector<certificate_status> states() const = 0;

  /// Renews main and all extras now, whatever their state and cooldown.
  ///
  /// `finished` is called exactly once, on the control thread and never from
  /// within this call, with one outcome for each; it is not called (and
  /// dropped) when a forced renewal is already running.
  virtual force_result force_expiry_all(std::function<void(std::vector<renewal_outcome>)> finished) = 0;
};

}  // namespace cardea::autocert
