#include "proxy/access_gate.hpp"

#include "proxy/access_log/recorded_exchange.hpp"

#include <utility>

namespace cardea::proxy {

// No coroutine of its own while nobody logs.
net::task<void> access_gate::handle(http::exchange& request) {
  if (!logs_.wanted) return next_.handle(request);
  return handle_recorded(request, logs_.entrypoint);
}

net::task<void> access_gate::handle_recorded(http::exchange& request, access_log::shared_logger log) {
  access_log::recorded_exchange seen(request);
  co_await next_.handle(seen);
  const access_log::entry& what = seen.finish();
  if (log) pen_.write(*log, what);
  if (seen.own_log() != nullptr) pen_.write(*seen.own_log(), what);
}

void access_gate::refused(const http::client_info& client, std::uint16_t status, std::string_view first_line) noexcept {
  if (!logs_.entrypoint) return;
  access_log::entry what;
  what.client = &client;
  what.status = status;
  what.first_line = first_line;
  pen_.write(*logs_.entrypoint, what);
}

}  // namespace cardea::proxy
