#pragma once

#include "base/address_range.hpp"
#include "config/sections/error_pages.hpp"
#include "config/sections/middleware.hpp"
#include "config/sections/tls.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cardea::base {
class trust_store;
}

namespace cardea::config {

struct access_log_section;

/// Every maximum of the data plane: what crosses it is refused, never repaired.
struct proxy_limits {
  std::size_t request_line_bytes_max = 8 * 1024;    ///< 414 beyond (L05)
  std::size_t request_head_bytes_max = 32 * 1024;   ///< request line and fields; 431 beyond (L05)
  std::size_t header_count_max = 100;               ///< 431 beyond (L05)
  std::size_t response_head_bytes_max = 64 * 1024;  ///< 502 beyond (S34)
  std::size_t connections_max = 16'384;             ///< per worker; accepting pauses beyond
  std::size_t handshakes_max = 1'024;  ///< per worker, unfinished; beyond, the oldest is given up (V12)
  std::size_t key_updates_max = 32;    ///< of one TLS 1.3 connection in a minute; then it is closed (V06)
  std::size_t certificates_open_max = 10'000;       ///< per worker, parsed and ready; others rest as DER
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds request_head_timeout{10'000};  ///< from the first byte, absolute; 408 (L01)
  std::chrono::milliseconds keep_alive_timeout{75'000};    ///< idle between requests (L04)
  std::chrono::milliseconds body_progress_timeout{
      60'000};                                       ///< longest pause within a body, either way (L02, L03)
  std::size_t request_body_bytes_max = 0;                  ///< 413 beyond; 0: any; routes may differ (L06)
  std::size_t request_body_rate_min = 240;                 ///< bytes a second; 0: any; routes may differ (L02)
  std::chrono::milliseconds request_body_grace{10'000};    ///< before the rate counts (L02)
  std::size_t connections_per_client_max = 4'096;          ///< per worker, of an address or /64; 0: any (L08)
  std::size_t buffer_memory_max = std::size_t{1} << 30U;   ///< per worker; from 3/4 on load is shed (L09)
  std::size_t descriptors_reserved = 0;                    ///< not for clients; 0: an eighth of what there is (L07)
  std::chrono::milliseconds linger_timeout{2'000};         ///< reading what comes behind a last answer
  std::size_t linger_bytes_max = 256 * 1024;               ///< likewise
  std::chrono::milliseconds connect_timeout{5'000};  ///< 504
  std::chrono::milliseconds backend_idle_timeout{60'000};  ///< pooled backend connections
  /// Pooled per worker and backend. As many as a busy HTTP/2 worker uses at once: what is closed
  /// between two bursts of streams has to be opened again.
  std::size_t backend_idle_max = 1'024;
  std::size_t proxy_header_bytes_max = 4 * 1024;           ///< closed beyond (T14)
  std::size_t client_hello_bytes_max = 32 * 1024;          ///< looked at for the server name (V10)
  std::chrono::milliseconds tcp_idle_timeout{60 * 60 * 1'000};  ///< of a TCP route's connection, both ways
  std::chrono::milliseconds udp_idle_timeout{60'000};      ///< of a UDP route's session (L15)
  std::size_t udp_sessions_max = 8'192;                    ///< per worker (L15)
  std::size_t udp_sessions_per_source_max = 256;           ///< per worker and IP address (L15)

  std::size_t access_log_buffer_bytes = 1'024 * 1'024;  ///< per worker, of lines that are not written yet (L12)
  std::size_t access_log_line_bytes_max = 16 * 1'024;   ///< longer values are shortened (L12)

  std::size_t http2_streams_max = 100;            ///< at once for each connection; REFUSED_STREAM beyond (F01, F08)
  std::size_t http2_streams_total_max = 100'000;  ///< of one connection, which then ends gracefully (F09)
  std::size_t http2_stream_window_bytes = 64 * 1024;         ///< of a request's body ahead of its backend (F08)
  std::size_t http2_connection_window_bytes = 1'024 * 1'024;  ///< the same for all streams together
  std::size_t http2_continuations_max = 8;                   ///< frames of a header block beyond its first (F03)
  /// What a connection may cost that leads to nothing (F01-F05); GOAWAY beyond.
  std::size_t http2_flood_points_max = 10'000;
  std::size_t http2_flood_points_per_second = 330;
  /// Towards backends; windows, continuations and flood points are those above.
  std::size_t backend_http2_streams_max = 256;     ///< at once on one connection, if the backend allows as many
  std::size_t backend_http2_connections_max = 16;  ///< per worker and backend; requests beyond wait, then 503

  friend bool operator==(const proxy_limits&, const proxy_limits&) = default;
};

/// Whose word counts for where a connection comes from (T14).
enum class proxy_protocol_mode {
  disabled,  ///< nobody's: what looks like a header is payload
  anybody,   ///< GoDoxy's deprecated `support_proxy_protocol`: a header may come from every peer
  mixed,     ///< trusted proxies must send a header, others' bytes are never looked at
  required,  ///< trusted proxies must send a header, others are turned away
};

struct proxy_protocol_section {
  proxy_protocol_mode mode = proxy_protocol_mode::disabled;
  std::vector<base::address_range> trusted_proxies;

  friend bool operator==(const proxy_protocol_section&, const proxy_protocol_section&) = default;
};

struct entrypoint_section {
  std::string http_addr = ":80";    ///< "" = off
  std::string https_addr = ":443";  ///< "" = off
  std::size_t threads = 0;          ///< 0 = one per core
  /// 421 for a request whose Host is not the TLS server name (V01). Off by
  /// default: a CDN in front may use one name for TLS and another for HTTP.
  bool strict_host = false;
  /// Who vouches for clients on all https listeners; null: routes say it for themselves.
  std::shared_ptr<const base::trust_store> client_cas;
  std::shared_ptr<const access_log_section> access_log;  ///< of all requests; null: none
  proxy_protocol_section proxy_protocol;  ///< of the https, http and TCP listeners
  tls_section tls;
  std::vector<middleware_section> middlewares;  ///< of all HTTP routes, before their own
  error_pages_section error_pages;
  proxy_limits limits;
};

}  // namespace cardea::config
