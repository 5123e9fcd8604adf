#pragma once

#include "proxy/access_log/recorder.hpp"
#include "proxy/http/exchange.hpp"

namespace cardea::proxy {

/// Who of a worker's requests are logged at the moment.
struct access_logs {
  access_log::shared_logger entrypoint;  ///< of all requests; null: none
  bool wanted = false;                   ///< by the entrypoint or by a route
};

/// Logs what the next one answers: to the log of the entrypoint, and to that of the route which answered. Worker's
/// thread only.
class access_gate final : public http::handler {
 public:
  /// All outlive the gate; `logs` may change between requests.
  access_gate(http::handler& next, const access_logs& logs, access_log::recorder& pen) noexcept
      : next_(next), logs_(logs), pen_(pen) {}

  [[nodiscard]] net::task<void> handle(http::exchange& request) override;
  void refused(const http::client_info& client, std::uint16_t status, std::string_view first_line) noexcept override;

 private:
  [[nodiscard]] net::task<void> handle_recorded(http::exchange& request, access_log::shared_logger log);

  http::handler& next_;
  const access_logs& logs_;
  access_log::recorder& pen_;
};

}  // namespace cardea::proxy
