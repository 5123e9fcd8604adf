#include "bench/load/answer_reader.hpp"
#include "bench/load/loads.hpp"
#include "bench/load/poller.hpp"
#include "bench/load/tls_socket.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace cardea::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t at_once_max = 64;
constexpr std::size_t per_address = 1'000;

class crowd {
 public:
  explicit crowd(const target& to)
      : to_(to),
        request_(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", to.path, to.name)),
        slots_(to.connections) {}

  int run() {
    const auto end = steady::now() + to_.time;
    while (ready_ + failed_ < slots_.size() && steady::now() < end) {
      while (begun_ < slots_.size() && begun_ - ready_ - failed_ < at_once_max) begin(slots_[begun_++]);
      for (const epoll_event& event : poller_.wait(std::min(end, steady::now() + 100ms)))
        advance(*static_cast<slot*>(event.data.ptr));
    }
    report();
    // Whoever started this measures now.
    while (std::getchar() != EOF) {}
    // What the server did meanwhile lies in the sockets.
    for (slot& each : slots_)
      if (each.socket.is_open() && each.socket.read(bytes_.data(), bytes_.size()) < 0) {
        --ready_;
        ++failed_;
        why_ = "the server closed an idle connection";
      }
    report();
    return 0;
  }

 private:
  struct slot {
    tls_socket socket;
    answer_reader answer;
    bool is_open = false;
    bool is_ready = false;
  };

  void begin(slot& which) {
    const auto source = static_cast<std::uint32_t>(static_cast<std::size_t>(&which - slots_.data()) / per_address);
    if (!which.socket.open(context_.get(), poller_.descriptor(), to_.port, to_.name, &which, false, source))
      lose(which, "a socket could not be opened");
  }

  void lose(slot& which, std::string_view why) {
    which.socket.close();
    ++failed_;
    if (why_.empty()) why_ = why;
  }

  void advance(slot& which) {
    if (!which.socket.is_open() || which.is_ready) return;
    if (!which.is_open) {
      const auto outcome = which.socket.handshake();
      if (outcome == tls_socket::outcome::failed) return lose(which, "a handshake failed");
      if (outcome == tls_socket::outcome::pending) return;
      which.is_open = true;
      if (!which.socket.write(request_)) return lose(which, "the connection broke");
    }
    if (!which.socket.flush()) return lose(which, "the connection broke");
    while (true) {
      const std::ptrdiff_t count = which.socket.read(bytes_.data(), bytes_.size());
      if (count == 0) return;
      if (count < 0) return lose(which, "the connection broke");
      const auto verdict = which.answer.take({bytes_.data(), static_cast<std::size_t>(count)});
      if (verdict == answer_reader::verdict::failed) return lose(which, which.answer.why());
      if (verdict == answer_reader::verdict::more) continue;
      which.is_ready = true;
      ++ready_;
    }
  }

  void report() const {
    fmt::print(R"({{"answered": {}, "failed": {}, "why": "{}"}})"
               "\n",
               ready_, slots_.size() - ready_, why_);
    std::fflush(stdout);
  }

  const target& to_;
  std::string request_;
  context_ptr context_ = make_client_context();
  poller poller_;
  std::vector<slot> slots_;
  std::size_t begun_ = 0;
  std::size_t ready_ = 0;
  std::size_t failed_ = 0;
  std::string why_;
  std::array<char, 64 * 1024> bytes_;
};

}  // namespace

int idle(const target& to) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  return std::make_unique<crowd>(to)->run();
}

}  // namespace cardea::bench
