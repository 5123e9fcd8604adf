#pragma once

#include "autocert/environment.hpp"
#include "base/async.hpp"
#include "base/certificate.hpp"
#include "base/log.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace cardea::autocert {

/// Keeps what a CA says about one certificate beside it, for handshakes to show
/// (OCSP stapling, RFC 6066 section 8), as long as it is good and valid.
///
/// follow -> `<cert_path>.ocsp` if it still holds -> ask the responder named in
/// the certificate, again at half of the response's life -> changed(). A
/// responder that fails changes nothing until the response it gave has ended;
/// then none is shown. Certificates without a responder cost nothing.
/// Control thread only.
class stapler {
 public:
  /// `outside` outlives it. `changed` is called when `served` has, `revoked` with each answer that says so.
  stapler(std::string cert_path, const environment& outside, base::logger log, std::function<void()> changed,
          std::function<void(const base::certificate&)> revoked);

  /// What is served from now on; null for nothing.
  void follow(base::certificate_ptr certificate);
  /// That certificate, with its response while there is one.
  [[nodiscard]] const base::certificate_ptr& served() const noexcept { return served_; }

  /// Asks whenever it is time, until cancelled.
  [[nodiscard]] base::awaitable<void> keep_fresh();

 private:
  [[nodiscard]] base::awaitable<void> ask();
  void take(std::string der, bool is_from_disk);
  void fail(std::string_view why);
  void drop();
  [[nodiscard]] base::awaitable<void> pause();
  [[nodiscard]] base::awaitable<void> woken();

  std::string path_;
  const environment& outside_;
  base::logger log_;
  std::function<void()> changed_;
  std::function<void(const base::certificate&)> revoked_;
  base::certificate_ptr followed_;
  base::certificate_ptr served_;
  std::string responder_;  ///< empty: nothing to do
  base::wall_time ask_at_{};
  unsigned failures_in_row_ = 0;
  base::steady_timer wake_;  ///< cancelled when there is another certificate
};

}  // namespace cardea::autocert
