#pragma once

#include "base/timer_wheel.hpp"
#include "proxy/http2/flood_budget.hpp"
#include "proxy/http2/request_decoder.hpp"
#include "proxy/http2/response_decoder.hpp"
#include "proxy/net/buffer_pool.hpp"

#include <cstddef>
#include <cstdint>

namespace cardea::proxy::http2 {

/// Every maximum of a client connection.
struct session_limits {
  request_limits request;
  std::uint32_t streams_max = 100;  ///< at once, until the work behind them ended (F01, F08)
  std::uint64_t streams_total_max = 100'000;  ///< then the connection is ended gracefully (F09)
  std::uint32_t stream_window_bytes = 64 * 1024;  ///< what one stream may send ahead
  std::uint32_t connection_window_bytes = 1024 * 1024;  ///< the same for all together
  std::uint32_t continuations_max = 8;  ///< frames of one header block beyond the first (F03)
  flood_budget::bounds flood;
  base::tick_ms request_head_timeout = 10'000;   ///< preface, settings, and each frame but DATA
  base::tick_ms keep_alive_timeout = 75'000;     ///< without a stream
  base::tick_ms body_progress_timeout = 60'000;  ///< frames of ours that the client does not take
  /// Read and thrown away behind an answer that came early, and behind a connection's last frame, so that
  /// neither is lost to a reset.
  std::size_t linger_bytes_max = 256 * 1024;
  base::tick_ms linger_timeout = 2'000;
};

/// Every maximum of a connection to a backend.
struct client_limits {
  response_limits response;
  std::uint32_t streams_max = 256;  ///< at once, if the backend allows as many
  std::uint32_t stream_window_bytes = 64 * 1024;  ///< of an answer ahead of its client
  std::uint32_t connection_window_bytes = 1024 * 1024;  ///< in flight; what has arrived does not count
  std::uint32_t continuations_max = 8;  ///< frames of one header block beyond the first
  flood_budget::bounds flood;
  base::tick_ms settings_timeout = 10'000;  ///< until the backend's first frame
  base::tick_ms idle_timeout = 60'000;      ///< without a stream
  base::tick_ms progress_timeout = 60'000;  ///< of a frame that has begun, and of ours that are not taken
};

/// A head is decoded into one buffer, with room for a field beyond it (see request_decoder).
inline constexpr std::size_t head_bytes_possible = 56 * 1024;
static_assert(head_bytes_possible + 2 * hpack_table::bytes_possible <= net::buffer_pool::buffer_bytes);

/// Queued for one connection: beyond this, bodies wait at their backends.
inline constexpr std::size_t output_high_water = 64 * 1024;
/// Beyond this nothing more is read that would have to be answered.
inline constexpr std::size_t output_hold = 2 * output_high_water;

}  // namespace cardea::proxy::http2
