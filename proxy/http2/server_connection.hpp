#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http2/flood_budget.hpp"
#include "proxy/http2/header_frames.hpp"
#include "proxy/http2/limits.hpp"
#include "proxy/http2/output.hpp"
#include "proxy/http2/request_decoder.hpp"
#include "proxy/http2/response_encoder.hpp"
#include "proxy/http2/server_stream.hpp"
#include "proxy/http2/stream_table.hpp"
#include "proxy/net/waiting_line.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cardea::proxy::http2 {

/// What a worker lends to its sessions; outlives them.
struct session_environment {
  net::buffer_pool& buffers;
  net::waiting_line& waiting;  ///< who has no stream open
  http::handler& handler;
  const session_limits& limits;
  const bool& draining;  ///< true: finish the streams that are open, announce the end, take no more
  /// While draining: nothing is announced before. Not every client opens another connection when it is told.
  const base::tick_ms& told_at = at_once;

  static constexpr base::tick_ms at_once = 0;
};

/// One HTTP/2 client connection without its coroutine: frames in, streams, frames out.
///
/// Non-blocking: `step` does what can be done now. Worker's thread only. A stream lives until
/// its handler has ended, whoever ended the stream; the owner keeps the connection until
/// `live_streams` is 0.
class server_connection {
 public:
  server_connection(tls::stream& stream, net::waiter& waiter, const http::client_info& client,
                    const session_environment& environment);
  server_connection(const server_connection&) = delete;
  server_connection& operator=(const server_connection&) = delete;
  ~server_connection();

  static void* operator new(std::size_t size);
  static void operator delete(void* memory, std::size_t size) noexcept;

  /// Reads, answers and sends; true when it stopped only to give others a turn.
  bool step();
  /// Nothing is left to do but to close.
  [[nodiscard]] bool over() const noexcept;
  /// The client is there and is owed an orderly end.
  [[nodiscard]] bool may_end_in_order() const noexcept { return !dead_; }
  [[nodiscard]] base::tick_ms deadline() const noexcept;
  /// The connection is gone: every handler learns of it.
  /// There is no room: GOAWAY, and the end as soon as it has left. REQUIRES: no live streams.
  void send_away() { settle_end(); }
  void drop_streams() noexcept;
  [[nodiscard]] std::size_t live_streams() const noexcept { return live_; }
  /// Ended because of what the client did (C.6).
  [[nodiscard]] bool calmed() const noexcept { return calmed_; }

  // ---- for the streams

  [[nodiscard]] net::buffer_pool& buffers() noexcept { return environment_.buffers; }
  [[nodiscard]] const session_limits& limits() const noexcept { return environment_.limits; }
  [[nodiscard]] const http::client_info& client() const noexcept { return client_; }
  [[nodiscard]] std::uint32_t peer_window() const noexcept { return peer_window_; }

  /// Room for a head; if there is none the stream queues for it.
  [[nodiscard]] bool has_room(server_stream& one) noexcept;
  [[nodiscard]] bool has_spare_room() const noexcept { return output_.size() < output_high_water; }
  /// How much of `wanted` the stream may send now; 0: it is signalled when that changes.
  /// `begins`: it has sent nothing in this turn yet, and goes behind those it shares with.
  [[nodiscard]] std::size_t admit(server_stream& one, std::size_t wanted, bool begins) noexcept;
  /// The positions of what is sent.
  std::uint64_t send_data(server_stream& one, std::string_view data) noexcept;
  void send_end(server_stream& one, std::uint64_t last_frame) noexcept;
  template <class Write>
  [[nodiscard]] sent_block send_block(server_stream& one, std::size_t bound, const Write& write,
                                      std::uint8_t flags = 0) noexcept;
  void leave_queue(server_stream& one) noexcept { order_.remove(one.place_); }
  void wake_next() noexcept;
  /// Body bytes that left our buffers.
  void give_back(server_stream& one, std::size_t bytes) noexcept;
  void reset(server_stream& one, error_code why) noexcept;
  /// The answer is whole, the request is not.
  [[nodiscard]] bool is_answered_early(const server_stream& one) const noexcept {
    return one.ended_ && !one.remote_ended_ && !one.cut_;
  }
  /// The handler has ended.
  void finish(server_stream& one) noexcept;

 private:
  enum class ending : std::uint8_t { no, announced, final };

  // Frames in (server_connection_input.cpp).
  void read();
  void take_frames();
  [[nodiscard]] bool take_preface();
  [[nodiscard]] bool take_frame();
  [[nodiscard]] bool take_data_header(const frame_header& header);
  void begin_data(const frame_header& header, std::size_t padding);
  void take_data();
  void end_data();
  void take_whole(const frame_header& header, std::string_view payload);
  void take_headers(const frame_header& header, std::string_view payload);
  void take_continuation(const frame_header& header, std::string_view payload);
  void end_block(std::string_view block);
  void take_trailers(server_stream& one, std::string_view block, bool ends_stream);
  void skip_block(std::string_view block);
  void open_stream(std::uint32_t id, std::string_view block, bool ends_stream);
  void start(std::unique_ptr<server_stream> made, bool ends_stream);
  void answer_refused(std::uint32_t id, std::uint16_t status, bool ends_stream);
  void take_priority(const frame_header& header, std::string_view payload);
  void take_reset(const frame_header& header, std::string_view payload);
  void take_settings(const frame_header& header, std::string_view payload);
  [[nodiscard]] error_code apply(setting which, std::uint32_t value);
  void take_ping(const frame_header& header, std::string_view payload);
  void charge_update(std::uint32_t by);
  void take_window_update(const frame_header& header, std::string_view payload);
  void take_priority_update(const frame_header& header, std::string_view payload);
  [[nodiscard]] bool is_idle(std::uint32_t id) const noexcept { return id % 2 == 0 || id > last_id_; }

  // Frames out, time, the end (server_connection.cpp).
  void begin();
  void send_frame(frame_type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
  void send_u32(frame_type type, std::uint32_t stream, std::uint32_t value);
  void send_goaway(std::uint32_t last, error_code why, std::string_view reason = {});
  void reset_number(std::uint32_t id, error_code why);
  void flush();
  void spend(std::uint32_t points);
  void fail(error_code why, std::string_view reason);
  void announce_end();
  void settle_end();
  void check_time();
  void rest_when_idle();
  [[nodiscard]] base::tick_ms now() const noexcept { return waiter_.loop().now(); }
  [[nodiscard]] base::tick_ms frame_deadline() const noexcept;

  tls::stream& stream_;
  net::waiter& waiter_;
  const http::client_info& client_;
  const session_environment& environment_;

  net::buffer in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  output output_;

  request_decoder decoder_;
  stream_table<server_stream> streams_;
  closed_streams closed_;
  send_order order_;
  flow_window send_window_{default_window};
  receive_window receive_window_;
  flood_budget budget_;
  std::uint32_t peer_window_ = default_window;
  std::uint32_t updates_earned_ = 0;  ///< by our DATA frames: so many small WINDOW_UPDATEs are in order

  std::size_t live_ = 0;
  std::uint32_t last_id_ = 0;  ///< the newest stream that the client opened
  std::uint64_t opened_ = 0;

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
  std::uint32_t block_dependency_ = 0;
  std::uint32_t continuations_ = 0;
  bool block_ends_stream_ = false;

  bool saw_preface_ = false;
  bool drop_table_due_ = false;  ///< the client wants a smaller HPACK table than the usual one
  bool saw_settings_ = false;
  bool dead_ = false;    ///< the socket is of no more use
  bool failed_ = false;  ///< a GOAWAY with an error is the last thing to send
  bool calmed_ = false;
  bool client_leaves_ = false;  ///< the client sent GOAWAY
  ending ending_ = ending::no;
  base::tick_ms ending_since_ = 0;
  base::tick_ms began_;
  base::tick_ms idle_since_;
  base::tick_ms partial_since_ = base::no_deadline;  ///< a frame, or a block, is not complete
  base::tick_ms blocked_since_ = base::no_deadline;  ///< the client does not take our frames
  base::tick_ms rest_at_ = 0;  ///< when an idle one puts away what can be made anew; 0: it is not idle
};

template <class Write>
sent_block server_connection::send_block(server_stream& one, std::size_t bound, const Write& write,
                                         std::uint8_t flags) noexcept {
  const auto begin_and_write = [&](block_writer& block) {
    if (drop_table_due_) block.drop_table();
    write(block);
  };
  const sent_block out = append_block(output_, environment_.buffers, one.id, flags, bound + 1, begin_and_write);
  if (out.fits) drop_table_due_ = false;
  if (out.fits) waiter_.signal_late();
  return out;
}

}  // namespace cardea::proxy::http2
