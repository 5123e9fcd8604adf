#include "bench/load/answer_reader.hpp"
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

/// One client after the other in each slot; each counts when its whole answer was there and the server closed.
class clients {
 public:
  clients(const target& to, bool resumes) : to_(to), resumes_(resumes), slots_(to.connections) {}

  int run() {
    const auto begin = steady::now();
    const auto end = begin + to_.time;
    for (slot& each : slots_) next(each);
    while (steady::now() < end)
      for (const epoll_event& event : poller_.wait(std::min(end, steady::now() + 100ms)))
        advance(*static_cast<slot*>(event.data.ptr));
    fmt::print(R"({{"answered": {}, "failed": {}, "resumed": {}, "why": "{}", "seconds": {:.4f}}})"
               "\n",
               answered_, failed_, resumed_, why_, std::chrono::duration<double>(steady::now() - begin).count());
    return 0;
  }

 private:
  struct slot {
    tls_socket socket;
    answer_reader answer;
    std::string host;
    bool is_open = false;
    bool is_complete = false;
  };

  void next(slot& which) {
    which.host = to_.name_of(started_++);
    which.answer.reset();
    which.is_open = which.is_complete = false;
    // The others go on.
    if (!which.socket.open(context_.get(), poller_.descriptor(), to_.port, which.host, &which, resumes_))
      fail("a socket could not be opened");
  }

  void fail(std::string_view why) {
    ++failed_;
    if (why_.empty()) why_ = why;
  }

  void lose(slot& which, std::string_view why) {
    fail(why);
    next(which);
  }

  void advance(slot& which) {
    if (!which.socket.is_open()) return;
    if (!which.is_open) {
      const auto outcome = which.socket.handshake();
      if (outcome == tls_socket::outcome::failed) return lose(which, "a handshake failed");
      if (outcome == tls_socket::outcome::pending) return;
      which.is_open = true;
      if (which.socket.was_resumed()) ++resumed_;
      if (!which.socket.write(
              fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", to_.path, which.host)))
        return lose(which, "the connection broke");
    }
    if (!which.socket.flush()) return lose(which, "the connection broke");
    while (true) {
      const std::ptrdiff_t count = which.socket.read(bytes_.data(), bytes_.size());
      if (count == 0) return;
      if (count < 0) break;
      const auto verdict = which.answer.take({bytes_.data(), static_cast<std::size_t>(count)});
      if (verdict == answer_reader::verdict::failed) return lose(which, which.answer.why());
      which.is_complete = verdict == answer_reader::verdict::complete;
    }
    if (!which.is_complete) return lose(which, "an answer was cut short");
    ++answered_;
    next(which);
  }

  const target& to_;
  bool resumes_;
  context_ptr context_ = make_client_context();
  poller poller_;
  std::vector<slot> slots_;
  std::size_t started_ = 0;
  std::size_t answered_ = 0;
  std::size_t failed_ = 0;
  std::size_t resumed_ = 0;
  std::string why_;
  std::array<char, 64 * 1024> bytes_;
};

}  // namespace

int handshakes(const target& to, bool resumes) { return std::make_unique<clients>(to, resumes)->run(); }

}  // namespace cardea::bench
