#pragma once

#include "base/address.hpp"
#include "base/error.hpp"
#include "proxy/net/event_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

struct iovec;

namespace cardea::proxy::net {

/// How a non-blocking operation ended.
enum class io : std::uint8_t {
  done,     ///< some bytes moved (or the step is complete)
  blocked,  ///< nothing can move until the next edge
  ended,    ///< the peer will send no more
  failed,   ///< the connection is of no more use
};

struct io_result {
  io state = io::blocked;
  std::size_t bytes = 0;
};

/// Owns a descriptor.
class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int fd) noexcept : fd_(fd) {}
  file_descriptor(file_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept;
  ~file_descriptor();

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  /// Another descriptor of the same open socket; empty when there is none left (errno).
  [[nodiscard]] file_descriptor duplicate() const noexcept;
  void reset() noexcept;
  /// The number, which the caller closes now.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// A non-blocking TCP socket on a loop. Does not move once registered.
class socket {
 public:
  explicit socket(event_loop& loop) noexcept : loop_(loop) {}
  socket(const socket&) = delete;
  socket& operator=(const socket&) = delete;
  ~socket() { close(); }

  /// Takes over an accepted descriptor; false when the kernel refuses to watch it.
  [[nodiscard]] bool adopt(file_descriptor accepted) noexcept;
  /// Begins to connect; the watch turns writable when it is decided (see `connect_error`).
  [[nodiscard]] base::result<void> connect(const base::address& to);
  /// 0 once connected, else the errno of the attempt.
  [[nodiscard]] int connect_error() const noexcept;

  [[nodiscard]] io_result read(char* data, std::size_t size) noexcept;
  /// What a read would give, which stays there. `bytes` never shrinks from one call to the next.
  [[nodiscard]] io_result peek(char* data, std::size_t size) noexcept;
  /// The watch turns readable no sooner than so many bytes are there (or the end, or an error).
  /// For peeking, where what is there makes no further edge; 1 goes back to the ordinary.
  void wake_from(std::size_t bytes) noexcept;
  [[nodiscard]] io_result write(const iovec* pieces, std::size_t count) noexcept;
  void shut_down_write() noexcept;
  void close() noexcept;
  /// Takes no more than about `bytes` that the network is not ready for, so that what is more
  /// urgent later need not stand behind it.
  void keep_queue_short(int bytes) noexcept;
  /// The next close sends RST: the peer must not take what it got for complete.
  void reset_on_close() noexcept;

  /// This end's address; one without a family when the kernel does not tell.
  [[nodiscard]] base::address local_address() const noexcept;

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
  [[nodiscard]] watch& events() noexcept { return watch_; }
  [[nodiscard]] event_loop& loop() noexcept { return loop_; }

 private:
  event_loop& loop_;
  file_descriptor fd_;
  watch watch_;
};

/// Makes a listening socket that somebody else bound as those of `listen_on` and `bind_datagrams` are.
void prepare_listening(const file_descriptor& fd, bool is_stream, int family) noexcept;

/// Binds a listening socket with SO_REUSEPORT, so that each worker has its own queue.
[[nodiscard]] base::result<file_descriptor> listen_on(const base::address& where);
/// The same for datagrams: the kernel keeps each client with one of the sockets. They say to which
/// of our addresses a datagram came (IP_PKTINFO).
[[nodiscard]] base::result<file_descriptor> bind_datagrams(const base::address& where);

}  // namespace cardea::proxy::net
