#pragma once

#include "proxy/net/buffer_pool.hpp"
#include "proxy/net/socket.hpp"
#include "proxy/tls/record_layer.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cardea::proxy::tls {

struct ssl_deleter {
  void operator()(SSL* value) const noexcept;
};
using ssl_ptr = std::unique_ptr<SSL, ssl_deleter>;

/// What the streams of one worker share: scratch that is only used within one call.
struct stream_resources {
  net::buffer_pool& buffers;
  /// Collects the records of one write, so that they leave in one system call.
  std::unique_ptr<char[]> record_scratch;
  /// What a peer of TLS 1.3 may ask for in a minute: each change of keys costs us more than him (V06).
  unsigned key_updates_max = 32;

  explicit stream_resources(net::buffer_pool& pool);
};

class handshake_secrets;

/// A byte stream over a socket: TLS, or clear when no session was started.
///
/// Non-blocking throughout: every call does what can be done now and says
/// what is left. Holds no buffer while nothing is under way: plaintext goes
/// straight into the caller's buffer, and ciphertext that the kernel does not
/// take at once waits in one pooled buffer. OpenSSL shakes hands; the records
/// of a server's TLS 1.3 connection are ours from then on (`release_session`).
/// Must not move.
class stream {
 public:
  stream(net::event_loop& loop, stream_resources& resources) noexcept;
  ~stream();

  [[nodiscard]] net::socket& socket() noexcept { return socket_; }
  [[nodiscard]] bool is_tls() const noexcept { return ssl_ != nullptr || records_ != nullptr; }
  /// Null in the clear, and after release_session.
  [[nodiscard]] SSL* session() noexcept { return ssl_.get(); }

  /// Puts a TLS session (fresh, accept or connect state set) on the socket.
  void start_tls(ssl_ptr session) noexcept;
  /// One step of the handshake: done, blocked (wait for an edge), ended or failed (see `failure`).
  [[nodiscard]] net::io handshake() noexcept;
  /// After the handshake, when nobody asks the session any more: a TLS 1.3 server's goes, and its
  /// records are sealed and opened here. Others keep theirs, and so do those whose context was
  /// not made with `key_schedule_query`, which tells the traffic secrets.
  void release_session() noexcept;
  /// Nothing is expected for a while: puts away what the next byte can make anew.
  void rest() noexcept {
    if (records_) records_->rest();
  }

  /// Reads into `data`; io::ended after an orderly end only (close_notify under
  /// TLS: a bare FIN is a truncation and therefore io::failed, U07).
  [[nodiscard]] net::io_result read(char* data, std::size_t size) noexcept;
  /// Whether a read may have something now; false means: wait for an edge.
  [[nodiscard]] bool can_read() const noexcept;

  /// Takes as much of the pieces, in order, as it may (all or nothing beyond
  /// one pooled buffer of unsent ciphertext) and sends what the kernel takes.
  /// `last` says that the stream ends behind them: under TLS the close_notify
  /// then leaves in the same packet.
  [[nodiscard]] net::io_result write(std::span<const std::string_view> pieces, bool last = false) noexcept;
  /// Sends what waits; done when nothing does.
  [[nodiscard]] net::io flush() noexcept;
  [[nodiscard]] bool has_unsent() const noexcept { return unsent_begin_ != unsent_end_; }

  /// Sends a close_notify unless one was sent; nothing without TLS. Call when flushed.
  void end_session() noexcept;
  /// Says that nothing more will be sent (close_notify and FIN); call when flushed.
  void shut_down_write() noexcept;
  void close() noexcept;

  /// Why the last handshake or transfer failed, for the log. Empty for a plain disconnect.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  /// The peer's FIN was read; under TLS possibly without a close_notify before it.
  [[nodiscard]] bool saw_fin() const noexcept { return saw_fin_; }
  /// The peer spoke HTTP where TLS was expected (V15).
  [[nodiscard]] bool got_plain_http() const noexcept { return got_plain_http_; }

 private:
  friend struct bio_callbacks;

  void note_key_updates(unsigned count) noexcept;
  [[nodiscard]] bool is_flooded() const noexcept { return key_updates_ > resources_.key_updates_max; }

  [[nodiscard]] net::io_result write_clear(std::span<const std::string_view> pieces) noexcept;
  [[nodiscard]] net::io_result write_tls(std::span<const std::string_view> pieces, bool last) noexcept;
  [[nodiscard]] net::io_result write_records(std::span<const std::string_view> pieces, bool last) noexcept;
  [[nodiscard]] net::io_result read_tls(char* data, std::size_t size) noexcept;
  [[nodiscard]] net::io_result read_records(char* data, std::size_t size) noexcept;
  /// One record that is here, or more bytes from the socket; done with 0 bytes: ask again.
  [[nodiscard]] net::io_result read_record(char* data, std::size_t size) noexcept;
  [[nodiscard]] net::io fill() noexcept;
  [[nodiscard]] std::string_view received() const noexcept {
    return {received_.data() + received_begin_, received_end_ - received_begin_};
  }
  [[nodiscard]] bool has_record() const noexcept;
  void drop_received(std::size_t bytes) noexcept;
  void collect_close_notify() noexcept;
  void collect_answer() noexcept;
  [[nodiscard]] net::io send_collected() noexcept;
  [[nodiscard]] net::io classify(int result) noexcept;
  [[nodiscard]] bool collect(const char* data, std::size_t size) noexcept;

  net::socket socket_;
  stream_resources& resources_;
  ssl_ptr ssl_;
  std::unique_ptr<handshake_secrets> secrets_;  ///< of a server's handshake, until it is done
  std::uint64_t handshake_records_ = 0;         ///< what OpenSSL wrote under the application's secret
  std::unique_ptr<record_layer> records_;       ///< instead of ssl_
  net::buffer received_;                        ///< ciphertext that is not taken yet
  std::size_t received_begin_ = 0;
  std::size_t received_end_ = 0;
  std::size_t plain_begin_ = 0;  ///< the rest of a record that did not fit the caller's buffer, opened in place
  std::size_t plain_end_ = 0;
  net::buffer unsent_;  ///< ciphertext that the kernel did not take
  std::size_t unsent_begin_ = 0;
  std::size_t unsent_end_ = 0;
  std::size_t collected_ = 0;  ///< bytes in the worker's record scratch, within one call only
  bool ended_ = false;    ///< a close_notify was read
  base::tick_ms key_updates_since_ = 0;
  unsigned key_updates_ = 0;  ///< in the present minute
  bool starved_ = false;  ///< OpenSSL can go on only with more bytes from the socket
  bool saw_fin_ = false;
  bool got_plain_http_ = false;
  std::string failure_;
};

}  // namespace cardea::proxy::tls
