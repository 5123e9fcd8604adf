#pragma once

#include <openssl/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace cardea::tests {

/// How a connection ended, as its reader saw it.
enum class stream_end {
  open,       ///< not ended
  orderly,    ///< close_notify, or FIN without TLS
  truncated,  ///< FIN without a close_notify before it
  reset,      ///< RST, or a broken TLS record
  timed_out,  ///< nothing came for as long as the call waited
};

/// A connected socket, plain or with TLS, as a test wants it: calls block, and each
/// of their waits is bounded. One thread at a time.
class byte_stream {
 public:
  using milliseconds = std::chrono::milliseconds;
  static constexpr milliseconds patience{5000};

  /// Owns `fd`. Waits end at once when `stop_fd` becomes readable.
  explicit byte_stream(int fd, int stop_fd = -1);
  byte_stream(byte_stream&& other) noexcept;
  byte_stream& operator=(byte_stream&&) = delete;
  ~byte_stream();

  /// Connects to 127.0.0.1. `receive_bytes` is the socket's receive buffer, 0 the system's.
  [[nodiscard]] static byte_stream connect(std::uint16_t port, int receive_bytes = 0);

  /// Puts TLS on it and shakes hands; takes over `session`, whose state (accept, connect) is set.
  [[nodiscard]] bool start_tls(SSL* session);
  [[nodiscard]] SSL* session() noexcept { return ssl_.get(); }

  /// Up to and with the first `mark`; less when the stream ended before it (see `end`).
  [[nodiscard]] std::string read_until(std::string_view mark);
  [[nodiscard]] std::string read_bytes(std::size_t count);
  [[nodiscard]] std::string read_to_end();
  /// Whether nothing at all comes within `quiet`: no byte and no end.
  [[nodiscard]] bool stays_silent(milliseconds quiet);

  /// False when not all of it was taken.
  bool write(std::string_view data);
  /// Writes until nothing was taken for `quiet`; says how much was.
  [[nodiscard]] std::size_t write_until_blocked(std::string_view data, milliseconds quiet);
  /// Writes `out` and reads `in_bytes` at the same time; returns what was read.
  [[nodiscard]] std::string write_and_read(std::string_view out, std::size_t in_bytes);

  void send_close_notify();
  /// The orderly end of this direction: close_notify and FIN.
  void end_writing();
  /// FIN without a close_notify.
  void cut();
  void reset();
  void close();

  [[nodiscard]] stream_end end() const noexcept { return end_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  struct ssl_freer {
    void operator()(SSL* value) const noexcept;
  };
  enum class step { done, wait_read, wait_write, ended };

  [[nodiscard]] step try_read();
  [[nodiscard]] step try_write(std::string_view& data);
  [[nodiscard]] step judge(int result);
  [[nodiscard]] bool wait(short events, milliseconds limit) const;
  [[nodiscard]] bool read_more(milliseconds limit = patience);
  [[nodiscard]] std::string taken(std::size_t count);

  int fd_;
  int stop_fd_;
  std::unique_ptr<SSL, ssl_freer> ssl_;
  std::string unread_;
  stream_end end_ = stream_end::open;
};

}  // namespace cardea::tests
