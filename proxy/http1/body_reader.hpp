#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http1/chunked_decoder.hpp"
#include "proxy/http1/input.hpp"

#include <cstdint>
#include <string>

namespace cardea::proxy::http1 {

/// Finds a message body in what a stream delivers, for either side.
class body_reader {
 public:
  explicit body_reader(const chunked_limits& limits) noexcept : decoder_(limits) {}

  void begin(http::body_framing framing, std::uint64_t content_length) noexcept;

  /// Body bytes that have arrived, reading from the stream when there are none:
  /// done with data, blocked, ended, or failed (see `why` for a broken framing).
  [[nodiscard]] http::body_view read(input& in, tls::stream& from) noexcept;
  void consume(input& in, std::size_t bytes) noexcept;

  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] const rejection* why() const noexcept { return refused_ ? &decoder_.why() : nullptr; }
  [[nodiscard]] const std::string& trailers() const noexcept { return decoder_.trailers(); }

 private:
  [[nodiscard]] http::body_view available(input& in) noexcept;

  http::body_framing framing_ = http::body_framing::none;
  std::uint64_t left_ = 0;
  std::string_view piece_;  ///< decoded chunk bytes that are not consumed yet
  bool complete_ = true;
  bool refused_ = false;
  chunked_decoder decoder_;
};

}  // namespace cardea::proxy::http1
