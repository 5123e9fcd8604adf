#pragma once

#include "proxy/http/backend_exchange.hpp"
#include "proxy/http2/body_store.hpp"
#include "proxy/http2/flow_window.hpp"
#include "proxy/http2/send_order.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http2 {

class client_connection;

/// The backend's half of an exchange as one stream of a connection that others share.
///
/// Belongs to whoever forwards; counts on its connection from begin to end. One that ends before
/// its answer has is reset, so that the backend stops working for nobody. The connection and the
/// waiter outlive it.
class client_stream final : public http::backend_exchange {
 public:
  /// REQUIRES: `on.has_room()`.
  client_stream(client_connection& on, net::waiter& told) noexcept;
  client_stream(const client_stream&) = delete;
  client_stream& operator=(const client_stream&) = delete;
  ~client_stream() override;

  bool send_head(const http::exchange& from) override;
  std::size_t write_body(std::string_view data) noexcept override;
  void end_body(std::string_view trailers) noexcept override;
  net::io flush() noexcept override;

  net::io read_head() noexcept override;
  void next_head() noexcept override;
  const http::response_head& response() const noexcept override { return first_head_->head; }
  const char* bytes() const noexcept override { return first_head_->bytes; }
  // What arrives is sorted as it comes: there is nothing to look for.
  void look_for_answer() noexcept override {}

  http::body_view read_body() noexcept override;
  void consume_body(std::size_t bytes) noexcept override;
  std::string_view trailers() const noexcept override { return {trailers_, trailers_size_}; }

  bool answered() const noexcept override { return answered_; }
  bool unprocessed() const noexcept override { return unprocessed_ && !answered_; }
  std::string_view why() const noexcept override { return why_; }

  /// The connection has carried others before, so the backend may have closed it meanwhile.
  [[nodiscard]] bool reused() const noexcept { return id > 1; }
  /// The backend does this over HTTP/1.1 only (HTTP_1_1_REQUIRED).
  [[nodiscard]] bool wants_http1() const noexcept { return wants_http1_; }

 private:
  friend class client_connection;
  template <class Stream>
  friend class stream_table;

  /// A head that has arrived and was not taken yet; interim ones may stand before the final one.
  struct waiting_head {
    http::response_head head;
    char* bytes = nullptr;
    std::size_t size = 0;
    waiting_head* next = nullptr;
  };
  static constexpr int heads_max = 16;

  [[nodiscard]] char* keep(const char* from, std::size_t size);
  [[nodiscard]] waiting_head* make_head();
  void release(waiting_head* one) noexcept;
  void add_head(waiting_head* one) noexcept;
  /// Body bytes in order; false when the head allows no such.
  [[nodiscard]] bool receive(std::string_view data);
  /// No more body; false when it is less than the head announced.
  [[nodiscard]] bool receive_end() noexcept;
  /// Nothing more will come.
  void cut(std::string_view why) noexcept;
  [[nodiscard]] bool open() const noexcept { return !cut_ && !local_ended_; }

  // For the connection's table.
  std::uint32_t id = 0;
  client_stream* next_in_table = nullptr;

  client_connection& connection_;
  net::waiter& waiter_;
  waiting_head* first_head_ = nullptr;
  waiting_head* last_head_ = nullptr;
  int heads_ = 0;

  body_store body_;
  receive_window receive_window_;
  http::body_framing framing_ = http::body_framing::none;
  std::uint64_t length_ = 0;
  std::uint64_t received_ = 0;
  char* trailers_ = nullptr;
  std::size_t trailers_size_ = 0;

  flow_window send_window_;
  send_place place_;
  std::uint64_t last_frame_ = 0;  ///< of this stream, in the connection's output

  std::string_view why_;
  bool to_head_ = false;
  bool answered_ = false;      ///< a head came
  bool have_final_ = false;    ///< the final one
  bool remote_ended_ = false;  ///< END_STREAM came
  bool local_ended_ = false;   ///< END_STREAM was queued
  bool short_write_ = false;   ///< the last write_body had to leave something
  bool cut_ = false;           ///< reset by either side, or the connection is gone
  bool unprocessed_ = false;
  bool wants_http1_ = false;
};

}  // namespace cardea::proxy::http2
