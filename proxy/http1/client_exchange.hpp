#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http1/body_reader.hpp"
#include "proxy/http1/input.hpp"
#include "proxy/http1/output.hpp"
#include "proxy/http1/response_parser.hpp"

namespace cardea::proxy::http1 {

/// The backend's half of an exchange: the request that we send on a leased
/// connection and the response that comes back. Non-blocking throughout.
class client_exchange {
 public:
  struct limits {
    head_limits head;
    chunked_limits chunked;
  };

  client_exchange(tls::stream& to, net::buffer_pool& buffers, const limits& bounds) noexcept;

  /// Stages the request head, re-serialised from parsed form: hop-by-hop fields
  /// out (T09, T10), what strangers say about the client replaced (T11). False when it does not fit.
  [[nodiscard]] bool send_head(const http::exchange& from) noexcept;
  [[nodiscard]] std::size_t write_body(std::string_view data) noexcept { return out_.write_body(data); }
  void end_body(std::string_view trailers) noexcept { out_.end_body(trailers); }
  [[nodiscard]] net::io flush() noexcept { return out_.flush(); }

  /// done: `response()` is a whole head (maybe an interim one: then call
  /// `next_head`); blocked; ended or failed: none will come (see `why`).
  [[nodiscard]] net::io read_head() noexcept;
  void next_head() noexcept;
  [[nodiscard]] const http::response_head& response() const noexcept { return response_; }
  [[nodiscard]] const char* bytes() const noexcept { return in_.memory.data(); }

  [[nodiscard]] http::body_view read_body() noexcept { return body_.read(in_, stream_); }
  void consume_body(std::size_t bytes) noexcept { body_.consume(in_, bytes); }
  [[nodiscard]] bool response_complete() const noexcept { return have_head_ && body_.complete(); }
  [[nodiscard]] const std::string& trailers() const noexcept { return body_.trailers(); }

  /// A byte of an answer has arrived, so the request must not be repeated.
  [[nodiscard]] bool answered() const noexcept { return answered_; }
  /// The connection may serve another exchange: everything was said, nothing is left over.
  [[nodiscard]] bool reusable() const noexcept;
  [[nodiscard]] std::string_view why() const noexcept { return parser_.why(); }

  [[nodiscard]] input& raw_input() noexcept { return in_; }
  [[nodiscard]] output& raw_output() noexcept { return out_; }

 private:
  void append_framing(const http::request_head& head) noexcept;

  tls::stream& stream_;
  net::buffer_pool& buffers_;
  input in_;
  output out_;
  response_parser parser_;
  http::response_head response_;
  body_reader body_;
  bool to_head_ = false;
  bool have_head_ = false;
  bool answered_ = false;
};

}  // namespace cardea::proxy::http1
