#include "bench/load/loads.hpp"
#include "bench/load/poller.hpp"
#include "bench/load/tls_socket.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace cardea::bench {
namespace {

using namespace std::chrono_literals;

/// A binary message (RFC 6455 section 5.2), masked as a client's must be; REQUIRES: at most 65535 bytes.
std::string frame_of(std::string_view message, bool is_masked) {
  const auto size = message.size();
  const unsigned mask_bit = is_masked ? 0x80 : 0;
  std::string out = "\x82";
  if (size < 126) {
    out.push_back(static_cast<char>(mask_bit | size));
  } else {
    out.push_back(static_cast<char>(mask_bit | 126));
    out.push_back(static_cast<char>(size >> 8));
    out.push_back(static_cast<char>(size));
  }
  if (!is_masked) return out.append(message);
  constexpr std::string_view key = "\x1f\x2e\x3d\x4c";
  out.append(key);
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(message[i] ^ key[i % key.size()]));
  return out;
}

class talkers {
 public:
  talkers(const target& to, std::size_t message_bytes)
      : to_(to),
        sent_(frame_of(std::string(message_bytes, 'm'), true)),
        expected_(frame_of(std::string(message_bytes, 'm'), false)),
        slots_(to.connections) {}

  int run() {
    for (slot& each : slots_)
      if (!each.socket.open(context_.get(), poller_.descriptor(), to_.port, to_.name, &each))
        lose(each, "a socket could not be opened");
    const auto begin = steady::now();
    const auto end = begin + to_.time;
    while (steady::now() < end)
      for (const epoll_event& event : poller_.wait(std::min(end, steady::now() + 100ms)))
        advance(*static_cast<slot*>(event.data.ptr));
    for (slot& each : slots_)
      if (each.is == slot::state::opening || each.is == slot::state::upgrading) lose(each, "not upgraded in time");
    fmt::print(R"({{"answered": {}, "failed": {}, "why": "{}", "seconds": {:.4f}}})"
               "\n",
               messages_, failed_, why_, std::chrono::duration<double>(steady::now() - begin).count());
    return 0;
  }

 private:
  struct slot {
    tls_socket socket;
    std::string received;
    enum class state : std::uint8_t { opening, upgrading, talking, lost } is = state::opening;
  };

  void lose(slot& which, std::string_view why) {
    which.socket.close();
    which.is = slot::state::lost;
    ++failed_;
    if (why_.empty()) why_ = why;
  }

  void advance(slot& which) {
    if (which.is == slot::state::lost) return;
    if (which.is == slot::state::opening) {
      const auto outcome = which.socket.handshake();
      if (outcome == tls_socket::outcome::failed) return lose(which, "a handshake failed");
      if (outcome == tls_socket::outcome::pending) return;
      which.is = slot::state::upgrading;
      if (!which.socket.write(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                          "Sec-WebSocket-Version: 13\r\n\r\n",
                                          to_.path, to_.name)))
        return lose(which, "the connection broke");
    }
    if (!which.socket.flush()) return lose(which, "the connection broke");
    while (true) {
      const std::ptrdiff_t count = which.socket.read(bytes_.data(), bytes_.size());
      if (count == 0) return;
      if (count < 0) return lose(which, "the connection ended");
      which.received.append(bytes_.data(), static_cast<std::size_t>(count));
      if (which.is == slot::state::upgrading && !upgrade(which)) return;
      if (which.is == slot::state::talking && !talk(which)) return;
    }
  }

  /// False: lost.
  bool upgrade(slot& which) {
    const std::size_t end = which.received.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    if (!which.received.starts_with("HTTP/1.1 101 ")) {
      lose(which, which.received.substr(0, which.received.find('\r')));
      return false;
    }
    which.received.erase(0, end + 4);
    which.is = slot::state::talking;
    return say(which);
  }

  bool talk(slot& which) {
    if (which.received.size() < expected_.size()) return true;
    if (which.received != expected_) {
      lose(which, "something else came back");
      return false;
    }
    which.received.clear();
    ++messages_;
    return say(which);
  }

  bool say(slot& which) {
    if (which.socket.write(sent_)) return true;
    lose(which, "the connection broke");
    return false;
  }

  const target& to_;
  std::string sent_;
  std::string expected_;
  context_ptr context_ = make_client_context();
  poller poller_;
  std::vector<slot> slots_;
  std::size_t messages_ = 0;
  std::size_t failed_ = 0;
  std::string why_;
  std::array<char, 64 * 1024> bytes_;
};

}  // namespace

int echo(const target& to, std::size_t message_bytes) { return std::make_unique<talkers>(to, message_bytes)->run(); }

}  // namespace cardea::bench
