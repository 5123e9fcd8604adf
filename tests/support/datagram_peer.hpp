#pragma once

#include "base/address.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace cardea::tests {

struct echoing_tag {};
/// Answers each datagram with "echo " before it.
inline constexpr echoing_tag echoing{};

/// A UDP socket of the loopback: a client, or a backend on a thread of its own. Waits are bounded.
class datagram_peer {
 public:
  explicit datagram_peer(const char* host);
  datagram_peer(const char* host, echoing_tag);
  datagram_peer(const datagram_peer&) = delete;
  datagram_peer& operator=(const datagram_peer&) = delete;
  ~datagram_peer();

  /// A port that nobody has for UDP just now.
  [[nodiscard]] static std::uint16_t free_port();

  void send(const std::string& data, const base::address& to) const;
  /// The next datagram; nothing when none came in time. Not for one that echoes.
  [[nodiscard]] std::optional<std::string> wait_for(std::chrono::milliseconds limit);
  [[nodiscard]] std::optional<std::string> receive(std::chrono::milliseconds limit) { return wait_for(limit); }
  /// The same, where one has to come: empty when none did.
  [[nodiscard]] std::string receive() { return wait_for(std::chrono::seconds(5)).value_or(""); }

  [[nodiscard]] base::address address() const;
  /// Where the last datagram came from; without a family before the first.
  [[nodiscard]] base::address last_source() const;

 private:
  void echo();

  int fd_;
  mutable std::mutex mutex_;
  base::address last_source_;
  std::atomic<bool> stopping_{false};
  std::thread echoing_;
};

}  // namespace cardea::tests
