#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http2/body_store.hpp"
#include "proxy/http2/flow_window.hpp"
#include "proxy/http2/frame.hpp"
#include "proxy/http2/send_order.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace cardea::proxy::http2 {

class server_connection;

/// One exchange on an HTTP/2 client connection. Made and ended by its connection, which outlives it.
class server_stream final : public http::exchange {
 public:
  server_stream(server_connection& owner, net::event_loop& loop, std::uint32_t number);
  ~server_stream() override;

  static void* operator new(std::size_t size);
  static void operator delete(void* memory, std::size_t size) noexcept;

  const http::request_head& head() const noexcept override { return head_; }
  const char* bytes() const noexcept override { return bytes_; }
  const http::client_info& client() const noexcept override;
  net::waiter& waiter() noexcept override { return waiter_; }

  http::body_view read_body() noexcept override;
  void consume_body(std::size_t bytes) noexcept override;
  std::uint16_t body_rejection() const noexcept override { return rejection_; }
  const std::string& request_trailers() const noexcept override { return trailers_; }

  bool takes_head() noexcept override;
  void send_interim(const http::response_head& head, const char* bytes) noexcept override;
  void send_continue() noexcept override;
  bool send_head(const http::response_start& start) noexcept override;
  std::size_t write_body(std::string_view data) noexcept override;
  void end_body(std::string_view trailers) noexcept override;
  net::io flush() noexcept override;

  bool head_sent() const noexcept override { return head_sent_; }
  bool client_gone() const noexcept override { return cut_; }
  // Streams end one by one: what is left of this one's body is refused when it ends.
  void close_after() noexcept override {}
  void abort() noexcept override;

 private:
  friend class server_connection;
  template <class Stream>
  friend class stream_table;

  /// A copy of the head's bytes, of exactly that size.
  void keep_bytes(const char* from, std::size_t size);
  /// Body bytes in order; false when they are more than the head announced.
  [[nodiscard]] bool receive(std::string_view data);
  /// No more body; false when it is less than the head announced.
  [[nodiscard]] bool receive_end() noexcept;
  /// The stream is over, whoever said so: the handler learns of it.
  void cut() noexcept;
  [[nodiscard]] bool open() const noexcept { return !cut_ && !ended_; }
  /// Behind its answer, too: what the client still sends is read for a while, so that it learns of the answer.
  [[nodiscard]] bool takes_body() const noexcept { return !cut_ && !remote_ended_; }

  // For the connection's table.
  std::uint32_t id;
  server_stream* next_in_table = nullptr;

  server_connection& connection_;
  net::waiter waiter_;
  http::request_head head_;
  char* bytes_ = nullptr;
  std::size_t bytes_size_ = 0;

  body_store body_;
  receive_window receive_window_;
  std::uint64_t received_ = 0;
  std::string trailers_;
  std::uint16_t rejection_ = 0;
  bool remote_ended_ = false;  ///< END_STREAM came

  flow_window send_window_;
  send_place place_;
  std::uint64_t last_frame_ = 0;  ///< of this stream, in the connection's output
  base::tick_ms stalled_since_ = base::no_deadline;  ///< the client grants less than anybody could use
  bool short_write_ = false;      ///< the last write_body had to leave something
  bool continue_sent_ = false;
  bool head_sent_ = false;
  bool ended_ = false;         ///< END_STREAM was queued
  bool cut_ = false;           ///< reset by either side, or the connection is gone
  bool cut_by_client_ = false;
};

}  // namespace cardea::proxy::http2
