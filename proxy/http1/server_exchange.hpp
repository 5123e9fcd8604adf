#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http1/body_reader.hpp"
#include "proxy/http1/input.hpp"
#include "proxy/http1/output.hpp"

namespace cardea::proxy::http1 {

/// One exchange on an HTTP/1 client connection.
///
/// REQUIRES: stream, input (which holds the request head), waiter, client and
/// head outlive it.
class server_exchange final : public http::exchange {
 public:
  struct connection {
    tls::stream& stream;
    net::waiter& waiter;
    net::buffer_pool& buffers;
    const http::client_info& client;
    const chunked_limits& chunked;
    const bool& draining;  ///< true when the head leaves: the close is announced with it
  };

  server_exchange(const connection& to, input& in, const http::request_head& head) noexcept;

  const http::request_head& head() const noexcept override { return head_; }
  const char* bytes() const noexcept override { return in_.memory.data(); }
  const http::client_info& client() const noexcept override { return connection_.client; }
  net::waiter& waiter() noexcept override { return connection_.waiter; }

  http::body_view read_body() noexcept override;
  void consume_body(std::size_t bytes) noexcept override;
  std::uint16_t body_rejection() const noexcept override;
  const std::string& request_trailers() const noexcept override { return body_.trailers(); }

  void send_interim(const http::response_head& head, const char* bytes) noexcept override;
  void send_continue() noexcept override;
  bool takes_head() noexcept override { return true; }
  bool send_head(const http::response_start& start) noexcept override;
  std::size_t write_body(std::string_view data) noexcept override { return out_.write_body(data); }
  void end_body(std::string_view trailers) noexcept override;
  net::io flush() noexcept override;

  bool head_sent() const noexcept override { return head_sent_; }
  bool client_gone() const noexcept override;
  void close_after() noexcept override { keep_alive_ = false; }
  void abort() noexcept override;

  /// After the handler: whether the next request may be read, and if not,
  /// whether the client is still owed an orderly end.
  [[nodiscard]] bool reusable() const noexcept {
    return keep_alive_ && ended_ && body_.complete() && !aborted_;
  }
  [[nodiscard]] bool aborted() const noexcept { return aborted_; }
  /// The client itself asked for the end and sends nothing more: closing at once cannot reset
  /// what it still has to read.
  [[nodiscard]] bool may_close_now() const noexcept {
    return !head_.keep_alive && ended_ && body_.complete() && in_.begin == in_.end &&
           !connection_.stream.can_read() && !connection_.stream.has_unsent();
  }

 private:
  [[nodiscard]] http::body_view read_tunnel() noexcept;
  void append_status_line(std::uint16_t status, std::string_view reason) noexcept;
  [[nodiscard]] bool append_relayed(const http::response_head& head, const char* bytes) noexcept;

  connection connection_;
  input& in_;
  const http::request_head& head_;
  body_reader body_;
  output out_;
  bool keep_alive_;
  bool continue_sent_ = false;
  bool head_sent_ = false;
  bool upgraded_ = false;  ///< a 101 was sent: bytes without framing from now on
  bool half_closed_ = false;  ///< our direction of a tunnel is at its end
  bool ended_ = false;
  bool aborted_ = false;
};

}  // namespace cardea::proxy::http1
