#pragma once

#include "proxy/http/message_head.hpp"
#include "proxy/net/event_loop.hpp"
#include "proxy/net/socket.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cardea::proxy::access_log {
struct logger;
}

namespace cardea::proxy::http {

/// What is known about the client of a connection; lives as long as it does.
struct client_info {
  std::string address;      ///< numeric, without a port
  std::uint16_t port = 0;   ///< of the peer
  std::string server_name;  ///< SNI in lower case; empty without
  bool secure = false;      ///< over TLS
  bool speaks_http2 = false;
  /// Which authorities the client's certificate was checked against in the
  /// handshake (a trust store's id); zeros when none was asked for.
  std::array<unsigned char, 32> policy{};
  /// "X-Forwarded-For: ...\r\nX-Forwarded-Proto: ...\r\nX-Forwarded-Port: ...\r\n",
  /// made once for the connection because every request carries them.
  std::string forwarded_fields;
};

/// The next bytes of a body: `data` is valid until they are consumed.
struct body_view {
  net::io state = net::io::blocked;
  std::string_view data = {};
};

/// What a response begins with. The connection's own fields (framing,
/// Connection) are added by whoever sends it.
struct response_start {
  std::uint16_t status = 200;
  std::string_view reason = {};
  const response_head* relayed = nullptr;  ///< fields to forward, hop-by-hop ones excepted; with `bytes`
  const char* bytes = nullptr;
  std::string_view extra_fields = {};  ///< whole "Name: value\r\n" lines
  body_framing framing = body_framing::none;  ///< none, length, or chunked / until_close for "as long as it comes"
  std::uint64_t content_length = 0;
  bool announce_length = false;  ///< also without a body (HEAD, 304)
};

/// What those who answer an exchange tell about it, when somebody wants to know.
struct exchange_notes {
  std::shared_ptr<const void> kept = {};  ///< holds what the others point into
  std::string_view route = {};
  const access_log::logger* log = nullptr;  ///< the route's own access log
  std::string_view backend_host = {};       ///< the one that was asked last
  std::uint16_t backend_port = 0;           ///< 0: none was
  std::string client = {};                  ///< on whose behalf a trusted peer spoke; empty: its own
};

/// One request and its response, seen from the client's protocol.
///
/// After a sent 101 the bodies are what both sides say from then on, without framing: `end_body`
/// ends our direction only, and nothing may be asked of head() any more.
///
/// The seam between client protocols and what answers: M protocols and N
/// answerers cost M + N. Everything is non-blocking; `waiter` is signalled when
/// a blocked call may go on. Worker's thread only.
class exchange {
 public:
  virtual ~exchange() = default;

  [[nodiscard]] virtual const request_head& head() const noexcept = 0;
  /// The buffer that head()'s slices point into.
  [[nodiscard]] virtual const char* bytes() const noexcept = 0;
  [[nodiscard]] virtual const client_info& client() const noexcept = 0;
  /// What X-Forwarded-Host says: the host that the client asked for; empty for no such field.
  [[nodiscard]] virtual std::string_view forwarded_host() const noexcept { return head().host.in(bytes()); }
  [[nodiscard]] virtual net::waiter& waiter() noexcept = 0;

  /// done with data, blocked, ended, or failed (the client is gone, or its
  /// framing is broken: see body_rejection).
  [[nodiscard]] virtual body_view read_body() noexcept = 0;
  virtual void consume_body(std::size_t bytes) noexcept = 0;
  /// Not 0: the status with which the request's body was refused.
  [[nodiscard]] virtual std::uint16_t body_rejection() const noexcept = 0;
  /// Trailer lines to relay, once read_body has ended.
  [[nodiscard]] virtual const std::string& request_trailers() const noexcept = 0;

  /// 1xx other than 100 and 101, relayed before the final head.
  virtual void send_interim(const response_head& head, const char* bytes) noexcept = 0;
  /// "100 Continue", if the client waits for it and was not told yet.
  virtual void send_continue() noexcept = 0;
  /// False while a head would have to queue for the client: the waiter is signalled when not.
  [[nodiscard]] virtual bool takes_head() noexcept = 0;
  /// False when the head does not fit.
  [[nodiscard]] virtual bool send_head(const response_start& start) noexcept = 0;
  /// Takes a part of `data` (0: blocked until the waiter is signalled).
  [[nodiscard]] virtual std::size_t write_body(std::string_view data) noexcept = 0;
  /// The body is complete; `trailers` are "Name: value\r\n" lines or empty.
  virtual void end_body(std::string_view trailers) noexcept = 0;
  /// done when everything handed over so far left for the kernel.
  [[nodiscard]] virtual net::io flush() noexcept = 0;

  [[nodiscard]] virtual bool head_sent() const noexcept = 0;
  /// Nobody will read the answer: the connection was reset.
  [[nodiscard]] virtual bool client_gone() const noexcept = 0;
  /// After this exchange the connection takes no other one.
  virtual void close_after() noexcept = 0;
  /// The response cannot be completed: the client must see that it is broken.
  virtual void abort() noexcept = 0;

  /// Null when nobody wants to know.
  [[nodiscard]] exchange_notes* notes() const noexcept { return notes_; }

 protected:
  exchange_notes* notes_ = nullptr;
};

/// Answers exchanges: what a session calls without knowing routes or backends.
class handler {
 public:
  virtual ~handler() = default;
  /// Must send a complete response or abort. The exchange outlives the task.
  [[nodiscard]] virtual net::task<void> handle(exchange& request) = 0;
  /// A request was answered with `status` before it was one that could be handled; `first_line` is how it began, as
  /// far as it came.
  virtual void refused(const client_info& client, std::uint16_t status, std::string_view first_line) noexcept {
    static_cast<void>(client);
    static_cast<void>(status);
    static_cast<void>(first_line);
  }
};

}  // namespace cardea::proxy::http
