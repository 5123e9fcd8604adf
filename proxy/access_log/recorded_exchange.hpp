#pragma once

#include "proxy/access_log/entry.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace cardea::proxy::access_log {

/// Another exchange, whatever its protocol, and what is said about it in the log. REQUIRES: the other one outlives it.
class recorded_exchange final : public http::exchange {
 public:
  explicit recorded_exchange(http::exchange& real) noexcept;

  const http::request_head& head() const noexcept override { return real_.head(); }
  const char* bytes() const noexcept override { return real_.bytes(); }
  const http::client_info& client() const noexcept override { return real_.client(); }
  net::waiter& waiter() noexcept override { return real_.waiter(); }
  http::body_view read_body() noexcept override { return real_.read_body(); }
  void consume_body(std::size_t bytes) noexcept override {
    seen_.request_bytes += bytes;
    real_.consume_body(bytes);
  }
  std::uint16_t body_rejection() const noexcept override { return real_.body_rejection(); }
  const std::string& request_trailers() const noexcept override { return real_.request_trailers(); }
  void send_interim(const http::response_head& head, const char* bytes) noexcept override {
    real_.send_interim(head, bytes);
  }
  void send_continue() noexcept override { real_.send_continue(); }
  bool takes_head() noexcept override { return real_.takes_head(); }
  bool send_head(const http::response_start& start) noexcept override;
  std::size_t write_body(std::string_view data) noexcept override {
    const std::size_t taken = real_.write_body(data);
    seen_.response_bytes += taken;
    return taken;
  }
  void end_body(std::string_view trailers) noexcept override {
    seen_.complete = true;
    real_.end_body(trailers);
  }
  net::io flush() noexcept override { return real_.flush(); }
  bool head_sent() const noexcept override { return real_.head_sent(); }
  bool client_gone() const noexcept override { return real_.client_gone(); }
  void close_after() noexcept override { real_.close_after(); }
  void abort() noexcept override {
    aborted_ = true;
    real_.abort();
  }

  /// What is known now that the exchange is over; valid for as long as both exchanges.
  [[nodiscard]] const entry& finish() noexcept;
  [[nodiscard]] const logger* own_log() const noexcept { return told_.log; }

 private:
  void note_type(const http::response_start& start) noexcept;

  http::exchange& real_;
  http::exchange_notes told_;
  entry seen_;
  std::uint64_t began_;
  std::array<char, 96> type_;
  std::string head_bytes_;  ///< of an upgraded connection, whose head gives its room to what follows
  bool upgraded_ = false;
  bool aborted_ = false;
};

}  // namespace cardea::proxy::access_log
