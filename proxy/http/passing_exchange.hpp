#pragma once

#include "proxy/http/exchange.hpp"

namespace cardea::proxy::http {

/// Passes everything on to another exchange, what is noted about it included: the base of those that look at a part
/// of one, or change it. The other one outlives what is called.
class passing_exchange : public exchange {
 public:
  const request_head& head() const noexcept override { return inner_->head(); }
  const char* bytes() const noexcept override { return inner_->bytes(); }
  const client_info& client() const noexcept override { return inner_->client(); }
  std::string_view forwarded_host() const noexcept override { return inner_->forwarded_host(); }
  net::waiter& waiter() noexcept override { return inner_->waiter(); }
  body_view read_body() noexcept override { return inner_->read_body(); }
  void consume_body(std::size_t bytes) noexcept override { inner_->consume_body(bytes); }
  std::uint16_t body_rejection() const noexcept override { return inner_->body_rejection(); }
  const std::string& request_trailers() const noexcept override { return inner_->request_trailers(); }
  void send_interim(const response_head& head, const char* bytes) noexcept override { inner_->send_interim(head, bytes); }
  void send_continue() noexcept override { inner_->send_continue(); }
  bool takes_head() noexcept override { return inner_->takes_head(); }
  bool send_head(const response_start& start) noexcept override { return inner_->send_head(start); }
  std::size_t write_body(std::string_view data) noexcept override { return inner_->write_body(data); }
  void end_body(std::string_view trailers) noexcept override { inner_->end_body(trailers); }
  net::io flush() noexcept override { return inner_->flush(); }
  bool head_sent() const noexcept override { return inner_->head_sent(); }
  bool client_gone() const noexcept override { return inner_->client_gone(); }
  void close_after() noexcept override { inner_->close_after(); }
  void abort() noexcept override { inner_->abort(); }

 protected:
  passing_exchange() = default;
  explicit passing_exchange(exchange& to) noexcept { pass_on_to(&to); }

  /// Null: to nobody any more.
  void pass_on_to(exchange* to) noexcept {
    inner_ = to;
    notes_ = to != nullptr ? to->notes() : nullptr;
  }
  [[nodiscard]] exchange& inner() const noexcept { return *inner_; }

 private:
  exchange* inner_ = nullptr;
};

}  // namespace cardea::proxy::http
