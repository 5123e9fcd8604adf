#pragma once

#include "tests/support/byte_stream.hpp"
#include "tests/support/http_answer.hpp"
#include "tests/support/test_ca.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cardea::tests {

/// A backend on 127.0.0.1 that does what a script says with each connection, bytes
/// included: nothing of it knows HTTP but `answering`. Ends and joins when it dies.
class raw_origin {
 public:
  /// One accepted connection in the hands of its script, on a thread of its own.
  class connection {
   public:
    connection(raw_origin& owner, byte_stream stream, int number)
        : stream_(std::move(stream)), owner_(owner), number_(number) {}

    [[nodiscard]] byte_stream& stream() noexcept { return stream_; }
    /// 1 for the first that was accepted.
    [[nodiscard]] int number() const noexcept { return number_; }

    /// The next request, recorded; an empty head when the connection ended.
    [[nodiscard]] http_message request();
    /// The next request's head only, recorded.
    std::string head();
    bool write(std::string_view data) { return stream_.write(data); }
    /// Adds to what `received` returns.
    void record(std::string_view data) { owner_.record(data); }
    /// Does nothing until the origin ends.
    void stall();

   private:
    byte_stream stream_;
    raw_origin& owner_;
    int number_;
  };
  using script = std::function<void(connection&)>;

  explicit raw_origin(script each, std::optional<pem_pair> tls = {});
  raw_origin(const raw_origin&) = delete;
  raw_origin& operator=(const raw_origin&) = delete;
  ~raw_origin();

  /// Answers every request on every connection with the same bytes.
  [[nodiscard]] static script answering(std::string response);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// All that scripts recorded, in order.
  [[nodiscard]] std::string received() const;
  [[nodiscard]] int connections() const;
  /// Waits until so many connections came, or scripts ended; false after byte_stream::patience.
  [[nodiscard]] bool wait_for_connections(int count) const;
  [[nodiscard]] bool wait_for_ended(int count) const;

 private:
  void accept_connections();
  void serve(byte_stream stream, int number);
  void record(std::string_view data);

  script script_;
  std::optional<pem_pair> tls_;
  int listener_ = -1;
  int stop_fd_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::string received_;
  int accepted_ = 0;
  int ended_ = 0;
  std::vector<std::thread> serving_;
  std::thread accepting_;
};

/// Whether `condition` becomes true within byte_stream::patience.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

}  // namespace cardea::tests
