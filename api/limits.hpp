#pragma once

#include <chrono>
#include <cstddef>

namespace cardea::api {

/// Every maximum of the API: what crosses it is refused and the connection closed.
struct limits {
  std::size_t connections_max = 64;          ///< WebSocket clients included; 503 beyond
  std::size_t head_bytes_max = 16 * 1024;    ///< request line and fields; 431 beyond
  std::size_t body_bytes_max = 4 * 1024;     ///< 413 beyond
  std::size_t message_bytes_max = 4 * 1024;  ///< of a WebSocket client; close code 1009 beyond
  std::size_t queue_lines_max = 1000;        ///< waiting for one WebSocket client; 1013 beyond
  std::size_t queue_bytes_max = 1U << 20U;   ///< likewise
  std::chrono::milliseconds request_timeout{
      10'000};  ///< from a request's first byte to its answer's last; then closed
  std::chrono::milliseconds idle_timeout{60'000};            ///< between requests; then closed
  std::chrono::milliseconds websocket_idle_timeout{30'000};  ///< silence in spite of protocol pings
  std::chrono::milliseconds close_timeout{1'000};            ///< for a client to take the last bytes
};

}  // namespace cardea::api
