#include "config/sections/read_entrypoint.hpp"

#include "config/scalars.hpp"
#include "config/sections/body_limits.hpp"
#include "config/sections/read_error_pages.hpp"
#include "config/sections/read_access_log.hpp"
#include "config/sections/read_inbound_mtls.hpp"
#include "config/sections/read_middlewares.hpp"
#include "config/sections/read_proxy_protocol.hpp"
#include "config/sections/read_tls.hpp"

#include <array>

namespace cardea::config {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t threads_max = 1'024;
// Whoever wants a day wants "never", and has to say so some other way.
constexpr milliseconds timeout_min{10};
constexpr milliseconds timeout_max = std::chrono::hours(24);

// What stands here guards the site: to start without it would open what its owner closed.
constexpr std::array<std::string_view, 1> refused{"rules"};

void read_address(mapping& keys, std::string_view key, std::string& into) {
  if (const auto found = keys.take(key))
    if (auto address = found->listen_address()) into = std::move(*address);
}

void read_http2_limits(mapping& keys, proxy_limits& into) {
  constexpr std::size_t kibi = 1'024;
  keys.read_integer("http2_streams_max", into.http2_streams_max, 1, 10'000);
  keys.read_integer("http2_streams_total_max", into.http2_streams_total_max, 1, 1'000'000'000);
  // A stream's window is one buffer of the data plane; a connection's never falls below the protocol's own.
  keys.read_size("http2_stream_window_bytes", into.http2_stream_window_bytes, kibi, 64 * kibi);
  keys.read_size("http2_connection_window_bytes", into.http2_connection_window_bytes, 64 * kibi, 1'024 * kibi * kibi);
  keys.read_integer("http2_continuations_max", into.http2_continuations_max, 0, 1'000);
  keys.read_integer("http2_flood_points_max", into.http2_flood_points_max, 100, 1'000'000'000);
  keys.read_integer("http2_flood_points_per_second", into.http2_flood_points_per_second, 1, 1'000'000);
  keys.read_integer("backend_http2_streams_max", into.backend_http2_streams_max, 1, 10'000);
  keys.read_integer("backend_http2_connections_max", into.backend_http2_connections_max, 1, 10'000);
}

void read_limits(const value& from, proxy_limits& into) {
  const auto section = from.as_mapping();
  if (!section) return;
  mapping keys(*section);
  constexpr std::size_t kibi = 1'024;
  // A head lies whole in one buffer of the data plane, its fields in one table.
  keys.read_size("request_line_bytes_max", into.request_line_bytes_max, 256, 64 * kibi);
  keys.read_size("request_head_bytes_max", into.request_head_bytes_max, kibi, 64 * kibi);
  keys.read_integer("header_count_max", into.header_count_max, 8, 128);
  keys.read_size("response_head_bytes_max", into.response_head_bytes_max, kibi, 64 * kibi);
  keys.read_integer("connections_max", into.connections_max, 1, 1'000'000);
  keys.read_integer("handshakes_max", into.handshakes_max, 1, 1'000'000);
  keys.read_integer("key_updates_max", into.key_updates_max, 1, 1'000'000);
  keys.read_integer("certificates_open_max", into.certificates_open_max, 1, 1'000'000);
  keys.read("handshake_timeout", into.handshake_timeout, timeout_min, timeout_max);
  keys.read("request_head_timeout", into.request_head_timeout, timeout_min, timeout_max);
  keys.read("keep_alive_timeout", into.keep_alive_timeout, timeout_min, timeout_max);
  keys.read("body_progress_timeout", into.body_progress_timeout, timeout_min, timeout_max);
  keys.read_size("request_body_bytes_max", into.request_body_bytes_max, 0, body_bytes_max);
  keys.read_size("request_body_rate_min", into.request_body_rate_min, 0, body_rate_max);
  keys.read("request_body_grace", into.request_body_grace, timeout_min, timeout_max);
  keys.read_integer("connections_per_client_max", into.connections_per_client_max, 0, 1'000'000);
  keys.read_size("buffer_memory_max", into.buffer_memory_max, kibi * kibi, std::size_t{1} << 50U);
  keys.read_integer("descriptors_reserved", into.descriptors_reserved, 0, 1'000'000);
  keys.read("linger_timeout", into.linger_timeout, timeout_min, timeout_max);
  keys.read_size("linger_bytes_max", into.linger_bytes_max, 0, std::size_t{1} << 30U);
  keys.read("connect_timeout", into.connect_timeout, timeout_min, timeout_max);
  keys.read("backend_idle_timeout", into.backend_idle_timeout, timeout_min, timeout_max);
  keys.read_integer("backend_idle_max", into.backend_idle_max, 0, 100'000);
  keys.read_size("client_hello_bytes_max", into.client_hello_bytes_max, kibi, 64 * kibi);
  keys.read("tcp_idle_timeout", into.tcp_idle_timeout, timeout_min, timeout_max);
  keys.read("udp_idle_timeout", into.udp_idle_timeout, timeout_min, timeout_max);
  keys.read_integer("udp_sessions_max", into.udp_sessions_max, 1, 1'000'000);
  keys.read_integer("udp_sessions_per_source_max", into.udp_sessions_per_source_max, 1, 1'000'000);
  keys.read_size("proxy_header_bytes_max", into.proxy_header_bytes_max, 256, 64 * kibi);
  // Four lines of the longest kind fit, so that the longest one always finds room.
  keys.read_size("access_log_buffer_bytes", into.access_log_buffer_bytes, 256 * kibi, kibi * kibi * kibi);
  keys.read_size("access_log_line_bytes_max", into.access_log_line_bytes_max, 2 * kibi, 64 * kibi);
  read_http2_limits(keys, into);
  keys.finish();
}

}  // namespace

entrypoint_section read_entrypoint(const value& from, std::span<const inbound_mtls_profile> profiles) {
  entrypoint_section out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  read_address(keys, "http_addr", out.http_addr);
  read_address(keys, "https_addr", out.https_addr);
  keys.read_integer("threads", out.threads, 0, threads_max);
  keys.read("strict_host", out.strict_host);
  out.client_cas = read_profile_reference(keys, "inbound_mtls_profile", profiles);
  out.access_log = read_access_log(keys);
  out.proxy_protocol = read_proxy_protocol(keys);
  if (const auto tls = keys.take("tls")) out.tls = read_tls(*tls);
  if (const auto limits = keys.take("limits")) read_limits(*limits, out.limits);
  out.error_pages = read_error_pages(keys);
  if (const auto found = keys.take("middlewares")) out.middlewares = read_entrypoint_middlewares(*found);
  keys.refuse(refused);
  keys.finish();
  return out;
}

}  // namespace cardea::config
