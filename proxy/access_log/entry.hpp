#pragma once

#include "proxy/http/exchange.hpp"

#include <cstdint>
#include <string_view>

namespace cardea::proxy::access_log {

/// What is known of a request when it is over. Valid for as long as what it points to.
struct entry {
  const http::client_info* client = nullptr;
  const http::request_head* head = nullptr;  ///< null: it was refused before it was understood
  const char* bytes = nullptr;               ///< that head's slices point into
  std::string_view first_line = {};          ///< without a head: how the request began
  std::uint16_t status = 0;
  std::uint64_t request_bytes = 0;   ///< of its body, as far as it was read
  std::uint64_t response_bytes = 0;  ///< of the answer's body; of an upgraded connection: what the client was sent
  std::uint64_t microseconds = 0;    ///< from its head to the end of its answer
  bool complete = false;             ///< the answer came to its end
  std::string_view content_type = {};
  std::string_view route = {};
  std::string_view backend_host = {};
  std::uint16_t backend_port = 0;  ///< 0: no backend was asked
  std::string_view behalf = {};    ///< of whom a trusted peer spoke; empty: of itself

  [[nodiscard]] std::string_view method() const noexcept { return head != nullptr ? head->method.in(bytes) : ""; }
  [[nodiscard]] std::string_view host() const noexcept { return head != nullptr ? head->host.in(bytes) : ""; }
  [[nodiscard]] std::string_view address() const noexcept { return behalf.empty() ? client->address : behalf; }
  /// Path and query as received.
  [[nodiscard]] std::string_view target() const noexcept { return head != nullptr ? head->path.in(bytes) : ""; }
  [[nodiscard]] std::string_view protocol() const noexcept {
    if (client->speaks_http2) return "HTTP/2.0";
    return head != nullptr && head->version == http::protocol_version::http10 ? "HTTP/1.0" : "HTTP/1.1";
  }
};

}  // namespace cardea::proxy::access_log
