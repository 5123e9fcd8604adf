#pragma once

#include "proxy/access_log/entry.hpp"
#include "proxy/http/passing_exchange.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace cardea::proxy::access_log {

/// Another exchange, whatever its protocol, and what is said about it in the log. REQUIRES: the other one outlives it.
class recorded_exchange final : public http::passing_exchange {
 public:
  explicit recorded_exchange(http::exchange& real) noexcept;

  void consume_body(std::size_t bytes) noexcept override {
    seen_.request_bytes += bytes;
    inner().consume_body(bytes);
  }
  bool send_head(const http::response_start& start) noexcept override;
  std::size_t write_body(std::string_view data) noexcept override {
    const std::size_t taken = inner().write_body(data);
    seen_.response_bytes += taken;
    return taken;
  }
  void end_body(std::string_view trailers) noexcept override {
    seen_.complete = true;
    inner().end_body(trailers);
  }
  void abort() noexcept override {
    aborted_ = true;
    inner().abort();
  }

  /// What is known now that the exchange is over; valid for as long as both exchanges.
  [[nodiscard]] const entry& finish() noexcept;
  [[nodiscard]] const logger* own_log() const noexcept { return told_.log; }

 private:
  void note_type(const http::response_start& start) noexcept;

  http::exchange_notes told_;
  entry seen_;
  std::uint64_t began_;
  std::array<char, 96> type_;
  std::string head_bytes_;  ///< of an upgraded connection, whose head gives its room to what follows
  bool upgraded_ = false;
  bool aborted_ = false;
};

}  // namespace cardea::proxy::access_log
