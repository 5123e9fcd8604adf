#pragma once

#include "proxy/http/exchange.hpp"

#include <cstddef>
#include <string_view>

namespace cardea::proxy::http {

/// The backend's half of an exchange: the request that is sent and the answer that comes back,
/// whatever carries them. Non-blocking throughout; the exchange's waiter is signalled when a
/// blocked call may go on. Worker's thread only.
class backend_exchange {
 public:
  virtual ~backend_exchange() = default;

  /// Hands over the request's head, re-serialised from parsed form: hop-by-hop fields out (T09,
  /// T10), what strangers say about the client replaced (T11). False when it does not fit.
  [[nodiscard]] virtual bool send_head(const exchange& from) = 0;
  /// Takes a part of `data` (0: blocked or failed, see `flush`).
  [[nodiscard]] virtual std::size_t write_body(std::string_view data) noexcept = 0;
  /// The body is complete; `trailers` are "Name: value\r\n" lines or empty.
  virtual void end_body(std::string_view trailers) noexcept = 0;
  /// done when nothing that was handed over has to wait before more is.
  [[nodiscard]] virtual net::io flush() noexcept = 0;

  /// done: `response()` is a whole head (maybe an interim one: then call
  /// `next_head`); blocked; ended or failed: none will come (see `why`).
  [[nodiscard]] virtual net::io read_head() noexcept = 0;
  virtual void next_head() noexcept = 0;
  [[nodiscard]] virtual const response_head& response() const noexcept = 0;
  /// The buffer that response()'s slices point into.
  [[nodiscard]] virtual const char* bytes() const noexcept = 0;
  /// What was sent was not taken: an answer from before that may still be there.
  virtual void look_for_answer() noexcept = 0;

  [[nodiscard]] virtual body_view read_body() noexcept = 0;
  virtual void consume_body(std::size_t bytes) noexcept = 0;
  /// Trailer lines to relay, once read_body has ended.
  [[nodiscard]] virtual std::string_view trailers() const noexcept = 0;

  /// Something of an answer has arrived, so the request must not be repeated.
  [[nodiscard]] virtual bool answered() const noexcept = 0;
  /// The backend said that it has not looked at the request: any may be repeated.
  [[nodiscard]] virtual bool unprocessed() const noexcept = 0;
  /// How the answer breaks the protocol, or empty. Static text.
  [[nodiscard]] virtual std::string_view why() const noexcept = 0;
};

}  // namespace cardea::proxy::http
