#pragma once

#include "proxy/http2/client_stream.hpp"
#include "proxy/http2/flood_budget.hpp"
#include "proxy/http2/limits.hpp"
#include "proxy/http2/output.hpp"
#include "proxy/http2/response_decoder.hpp"
#include "proxy/http2/stream_table.hpp"
#include "proxy/tls/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http2 {

/// What a connection to a backend is lent; outlives it.
struct client_environment {
  net::buffer_pool& buffers;
  const client_limits& limits;
  bool secure = false;  ///< the backend is reached over TLS
  void (*on_room)(void* context) noexcept = nullptr;  ///< a stream more may be opened, here or elsewhere
  void* context = nullptr;
  /// What the backend last said about streams at once; a new connection begins with it. Until it has said
  /// anything the protocol's advice holds (RFC 9113 section 6.5.2).
  std::uint32_t streams_expected = 100;
};

/// One HTTP/2 connection to a backend without its coroutine: requests out, answers in.
///
/// Non-blocking: `step` does what can be done now. Worker's thread only. Streams belong to those
/// who forward; the owner keeps the connection until `live_streams` is 0.
class client_connection {
 public:
  client_connection(tls::stream& stream, net::waiter& waiter, client_environment& environment);
  client_connection(const client_connection&) = delete;
  client_connection& operator=(const client_connection&) = delete;

  static void* operator new(std::size_t size);
  static void operator delete(void* memory, std::size_t size) noexcept;

  /// Reads, answers and sends; true when it stopped only to give others a turn.
  bool step();
  /// Nothing is left to do but to close.
  [[nodiscard]] bool over() const noexcept;
  [[nodiscard]] base::tick_ms deadline() const noexcept;
  /// The connection is gone: whoever forwards learns of it.
  void drop_streams(std::string_view why = {}) noexcept;
  [[nodiscard]] std::size_t live_streams() const noexcept { return live_; }
  /// One stream more may be opened.
  [[nodiscard]] bool has_room() const noexcept;
  /// It takes no more streams, and ends with those that are open.
  [[nodiscard]] bool leaving() const noexcept { return leaving_ || dead_ || failed_; }
  /// The backend has greeted us, so it speaks HTTP/2.
  [[nodiscard]] bool greeted() const noexcept { return saw_settings_; }

  // ---- for the streams

  [[nodiscard]] net::buffer_pool& buffers() noexcept { return environment_.buffers; }
  [[nodiscard]] const client_limits& limits() const noexcept { return environment_.limits; }
  [[nodiscard]] std::uint32_t peer_window() const noexcept { return peer_window_; }

  void enter() noexcept { ++live_; }
  /// Its owner is done with it; a stream that is not over is reset.
  void leave(client_stream& one) noexcept;
  /// Sends the head, by which the stream is opened. False when it does not fit.
  [[nodiscard]] bool open(client_stream& one, const http::exchange& from);
  /// How much of `wanted` the stream may send now; 0: it is signalled when that changes.
  [[nodiscard]] std::size_t admit(client_stream& one, std::size_t wanted) noexcept;
  /// The position of what is sent.
  std::uint64_t send_data(client_stream& one, std::string_view data) noexcept;
  void send_end(client_stream& one, std::string_view trailers) noexcept;
  void wake_next() noexcept;
  /// Body bytes that left our buffers.
  void give_back(client_stream& one, std::size_t bytes) noexcept;

 private:
  // Frames in (client_connection_input.cpp).
  void read();
  void take_frames();
  [[nodiscard]] bool take_frame();
  [[nodiscard]] bool take_data_header(const frame_header& header);
  void begin_data(const frame_header& header, std::size_t padding);
  void check_data(const frame_header& header, std::size_t overhead);
  void take_data();
  void end_data();
  void take_whole(const frame_header& header, std::string_view payload);
  void take_headers(const frame_header& header, std::string_view payload);
  void take_continuation(const frame_header& header, std::string_view payload);
  void end_block(std::string_view block);
  void take_head(client_stream& one, std::string_view block, bool ends_stream);
  void take_trailers(client_stream& one, std::string_view block, bool ends_stream);
  void skip_block(std::string_view block);
  void take_reset(const frame_header& header, std::string_view payload);
  void take_settings(const frame_header& header, std::string_view payload);
  [[nodiscard]] error_code apply(setting which, std::uint32_t value);
  void take_ping(const frame_header& header, std::string_view payload);
  void take_goaway(const frame_header& header, std::string_view payload);
  void take_window_update(const frame_header& header, std::string_view payload);
  [[nodiscard]] bool is_unused(std::uint32_t id) const noexcept { return id % 2 == 0 || id >= next_id_; }

  // Frames out, time, the end (client_connection.cpp).
  void begin();
  void send_frame(frame_type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
  void send_u32(frame_type type, std::uint32_t stream, std::uint32_t value);
  void send_goaway(error_code why, std::string_view reason = {});
  void flush();
  void spend(std::uint32_t points);
  /// The backend broke the protocol in one stream: 502 for its client.
  void reject(client_stream& one, error_code code, std::string_view why);
  void fail(error_code why, std::string_view reason);
  void lose() noexcept;
  /// Takes no more streams.
  void retire() noexcept;
  void tell_of_room() noexcept {
    if (environment_.on_room != nullptr) environment_.on_room(environment_.context);
  }
  void check_time();
  [[nodiscard]] base::tick_ms now() const noexcept { return waiter_.loop().now(); }
  [[nodiscard]] base::tick_ms frame_deadline() const noexcept;

  tls::stream& stream_;
  net::waiter& waiter_;
  client_environment& environment_;

  net::buffer in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  output output_;

  response_decoder decoder_;
  stream_table<client_stream> streams_;
  closed_streams closed_;
  send_order order_;
  flow_window send_window_{default_window};
  receive_window receive_window_;
  flood_budget budget_;
  std::uint32_t peer_window_ = default_window;
  std::uint32_t peer_streams_max_;
  std::uint32_t updates_earned_ = 0;      ///< by our DATA frames: so many small WINDOW_UPDATEs are in order

  std::size_t live_ = 0;
  std::uint32_t next_id_ = 1;

  // The DATA frame that is arriving.
  std::uint32_t data_stream_ = 0;
  std::size_t data_left_ = 0;
  std::size_t data_padding_ = 0;
  bool in_data_ = false;
  bool data_ends_stream_ = false;

  // The header block that is arriving in several frames.
  net::buffer block_;
  std::size_t block_size_ = 0;
  std::uint32_t block_stream_ = 0;  ///< 0: none
  std::uint32_t continuations_ = 0;
  bool block_ends_stream_ = false;

  bool saw_settings_ = false;
  bool drop_table_due_ = false;  ///< the backend wants a smaller HPACK table than the usual one
  bool write_failed_ = false;    ///< what came before the reset is still worth reading
  bool dead_ = false;            ///< the socket is of no more use
  bool failed_ = false;          ///< a GOAWAY with an error is the last thing to send
  bool leaving_ = false;
  base::tick_ms began_;
  base::tick_ms idle_since_;
  base::tick_ms partial_since_ = base::no_deadline;  ///< a frame, or a block, is not complete
  base::tick_ms blocked_since_ = base::no_deadline;  ///< the backend does not take our frames
};

}  // namespace cardea::proxy::http2
