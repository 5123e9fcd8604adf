#pragma once

#include "proxy/http/backend_exchange.hpp"
#include "proxy/http1/body_reader.hpp"
#include "proxy/http1/input.hpp"
#include "proxy/http1/output.hpp"
#include "proxy/http1/response_parser.hpp"

namespace cardea::proxy::http1 {

/// The backend's half of an exchange on a connection that is leased for it alone.
class client_exchange final : public http::backend_exchange {
 public:
  struct limits {
    head_limits head;
    chunked_limits chunked;
  };

  client_exchange(tls::stream& to, net::buffer_pool& buffers, const limits& bounds) noexcept;

  bool send_head(const http::exchange& from) noexcept override;
  std::size_t write_body(std::string_view data) noexcept override { return out_.write_body(data); }
  void end_body(std::string_view trailers) noexcept override { out_.end_body(trailers); }
  net::io flush() noexcept override { return out_.flush(); }

  net::io read_head() noexcept override;
  void next_head() noexcept override;
  const http::response_head& response() const noexcept override { return response_; }
  const char* bytes() const noexcept override { return in_.memory.data(); }
  // It came before the reset that failed the write, even if no edge has told of it yet.
  void look_for_answer() noexcept override { stream_.socket().events().readable = true; }

  http::body_view read_body() noexcept override { return body_.read(in_, stream_); }
  void consume_body(std::size_t bytes) noexcept override { body_.consume(in_, bytes); }
  std::string_view trailers() const noexcept override { return body_.trailers(); }

  bool answered() const noexcept override { return answered_; }
  bool unprocessed() const noexcept override { return false; }
  std::string_view why() const noexcept override { return parser_.why(); }

  [[nodiscard]] bool response_complete() const noexcept { return have_head_ && body_.complete(); }
  /// The connection may serve another exchange: everything was said, nothing is left over.
  [[nodiscard]] bool reusable() const noexcept;

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
