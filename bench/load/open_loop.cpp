#include "bench/load/answer_reader.hpp"
#include "bench/load/loads.hpp"
#include "bench/load/poller.hpp"
#include "bench/load/tls_socket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace cardea::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto reopen_pause = 5ms;
constexpr auto open_time_max = 15s;   // for all connections, before the first request is due
constexpr auto answer_time_max = 5s;  // for what is under way at the end

class generator {
 public:
  generator(const target& to, double rate)
      : to_(to),
        interval_(std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate))),
        request_(fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", to.path, to.name)),
        slots_(to.connections) {
    latencies_.reserve(static_cast<std::size_t>(rate * std::chrono::duration<double>(to.time).count()) + 1);
  }

  int run() {
    for (slot& each : slots_) reopen(each);
    const auto open_end = steady::now() + open_time_max;
    while (idle_.size() < slots_.size() && steady::now() < open_end) turn(open_end);
    if (idle_.size() < slots_.size()) {
      fmt::print(stderr, "only {} of {} connections could be opened; {}\n", idle_.size(), slots_.size(), why_);
      return 1;
    }
    reopened_ = 0;
    due_ = steady::now();
    const auto end = due_ + to_.time;
    while (due_ < end) {
      for (const auto now = steady::now(); due_ <= now && due_ < end; due_ += interval_) waiting_.push_back(due_);
      send_what_is_due();
      turn(due_);
    }
    const auto last = end + answer_time_max;
    while ((!waiting_.empty() || under_way_ > 0) && steady::now() < last) {
      send_what_is_due();
      turn(last);
    }
    print();
    return 0;
  }

 private:
  struct slot {
    tls_socket socket;
    answer_reader answer;
    steady::time_point due;
    steady::time_point reopen_at;
    enum class state : std::uint8_t { closed, opening, idle, asking } is = state::closed;
  };

  void reopen(slot& which) {
    ++reopened_;
    which.is = which.socket.open(context_.get(), poller_.descriptor(), to_.port, to_.name, &which)
                   ? slot::state::opening
                   : slot::state::closed;
    if (which.is == slot::state::closed) reopen_later(which);
  }

  void reopen_later(slot& which) {
    which.socket.close();
    which.is = slot::state::closed;
    which.reopen_at = steady::now() + reopen_pause;
    closed_.push_back(&which);
  }

  void lose(slot& which, std::string_view why) {
    if (which.is == slot::state::asking) {
      --under_way_;
      ++failed_;
      if (why_.empty()) why_ = why;
    }
    if (which.is == slot::state::opening && why_.empty()) why_ = "a connection could not be opened";
    if (which.is == slot::state::idle) std::erase(idle_, &which);
    reopen_later(which);
  }

  void send_what_is_due() {
    while (!waiting_.empty() && !idle_.empty()) {
      slot& which = *idle_.back();
      idle_.pop_back();
      which.due = waiting_.front();
      waiting_.pop_front();
      which.answer.reset();
      which.is = slot::state::asking;
      ++under_way_;
      if (!which.socket.write(request_)) lose(which, "the connection broke while the request was sent");
    }
  }

  void turn(steady::time_point until) {
    if (!closed_.empty()) until = std::min(until, closed_.front()->reopen_at);
    for (const epoll_event& event : poller_.wait(until)) advance(*static_cast<slot*>(event.data.ptr));
    const auto now = steady::now();
    while (!closed_.empty() && closed_.front()->reopen_at <= now) {
      slot& which = *closed_.front();
      closed_.pop_front();
      reopen(which);
    }
  }

  void advance(slot& which) {
    if (which.is == slot::state::closed) return;
    if (which.is == slot::state::opening) {
      const auto outcome = which.socket.handshake();
      if (outcome == tls_socket::outcome::failed) lose(which, "");
      if (outcome != tls_socket::outcome::done) return;
      become_idle(which);
    }
    if (!which.socket.flush()) return lose(which, "the connection broke while the request was sent");
    while (true) {
      const std::ptrdiff_t count = which.socket.read(bytes_.data(), bytes_.size());
      if (count == 0) return;
      if (count < 0)
        return lose(which, which.answer.has_begun() ? "an answer was cut short" : "no answer: the connection ended");
      if (which.is != slot::state::asking) return lose(which, "");
      const auto verdict = which.answer.take({bytes_.data(), static_cast<std::size_t>(count)});
      if (verdict == answer_reader::verdict::failed) return lose(which, which.answer.why());
      if (verdict == answer_reader::verdict::complete && !finish(which)) return;
    }
  }

  /// False: the connection ended with its answer.
  bool finish(slot& which) {
    latencies_.push_back(std::chrono::duration<double, std::micro>(steady::now() - which.due).count());
    --under_way_;
    if (which.answer.closes()) {
      which.is = slot::state::opening;
      reopen(which);
      return false;
    }
    become_idle(which);
    return true;
  }

  void become_idle(slot& which) {
    which.is = slot::state::idle;
    idle_.push_back(&which);
  }

  [[nodiscard]] double percentile(double share) const {
    if (latencies_.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies_.size()));
    return latencies_[std::min(at, latencies_.size() - 1)];
  }

  void print() {
    std::sort(latencies_.begin(), latencies_.end());
    failed_ += waiting_.size() + under_way_;
    if (why_.empty() && !waiting_.empty()) why_ = "not sent: no connection was free";
    if (why_.empty() && under_way_ > 0) why_ = "no answer in time";
    fmt::print(R"({{"answered": {}, "failed": {}, "reopened": {}, "why": "{}", "p50": {:.1f}, "p99": {:.1f}, )"
               R"("p999": {:.1f}, "max": {:.1f}}})"
               "\n",
               latencies_.size(), failed_, reopened_, failed_ > 0 ? why_ : "", percentile(0.5), percentile(0.99),
               percentile(0.999), percentile(1));
  }

  const target& to_;
  std::chrono::nanoseconds interval_;
  std::string request_;
  context_ptr context_ = make_client_context();
  poller poller_;
  std::vector<slot> slots_;
  std::vector<slot*> idle_;
  std::deque<slot*> closed_;
  std::deque<steady::time_point> waiting_;
  steady::time_point due_;
  std::vector<double> latencies_;
  std::size_t under_way_ = 0;
  std::size_t failed_ = 0;
  std::size_t reopened_ = 0;
  std::string why_;
  std::array<char, 64 * 1024> bytes_;
};

}  // namespace

int open_loop(const target& to, double rate) { return std::make_unique<generator>(to, rate)->run(); }

}  // namespace cardea::bench
