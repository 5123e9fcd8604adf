#include "proxy/tunnel.hpp"


#include <array>

namespace cardea::proxy {
namespace {

using net::io;

// Rounds of copying before other connections get their turn.
constexpr int rounds_max = 16;

/// What the client says, to the backend.
class upward {
 public:
  upward(http::exchange& from, tls::stream& to) noexcept : from_(from), to_(to) {}

  /// Moves what can move; true when it stopped only to give others a turn.
  bool step() noexcept {
    int round = 0;
    for (; round < rounds_max && !failed_ && !ended_; ++round) {
      const http::body_view view = from_.read_body();
      if (view.state == io::blocked) break;
      failed_ = view.state == io::failed;
      ended_ = view.state == io::ended;
      if (view.state != io::done) break;
      const std::array<std::string_view, 1> pieces{view.data};
      const net::io_result out = to_.write(pieces);
      from_.consume_body(out.bytes);
      failed_ = out.state == io::failed;
      if (out.bytes == 0) break;
    }
    if (!failed_ && to_.flush() == io::failed) failed_ = true;
    if (ended_ && !done_ && !failed_ && !to_.has_unsent()) {
      to_.shut_down_write();
      done_ = true;
    }
    return round == rounds_max;
  }

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  http::exchange& from_;
  tls::stream& to_;
  bool ended_ = false;
  bool done_ = false;
  bool failed_ = false;
};

/// What the backend says, to the client: at most one buffer between a fast reader and a slow writer.
class downward {
 public:
  downward(tls::stream& from, http::exchange& to, net::buffer_pool& buffers, http1::input& first) noexcept
      : from_(from), to_(to), buffers_(buffers), in_(first) {
    in_.floor = 0;
  }

  bool step() noexcept {
    int round = 0;
    for (; round < rounds_max && !failed_ && !done_; ++round) {
      if (in_.begin == in_.end && !read()) break;
      const std::size_t taken = to_.write_body(in_.unread());
      in_.begin += taken;
      if (taken == 0) break;
    }
    const io state = to_.flush();
    if (state == io::failed) failed_ = true;
    if (ended_ && in_.begin == in_.end && !done_ && !failed_ && state == io::done) {
      to_.end_body({});
      if (to_.flush() == io::failed) failed_ = true;
      done_ = true;
    }
    return round == rounds_max;
  }

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  // False when nothing more can be had now.
  bool read() noexcept {
    if (ended_ || !from_.can_read()) {
      in_.memory.release();  // an idle tunnel holds no buffer
      in_.begin = in_.end = 0;
      return false;
    }
    if (!in_.memory) in_.memory = buffers_.take();
    const net::io_result got = in_.fill(from_, net::buffer_pool::buffer_bytes);
    if (got.state == io::done) return true;
    if (got.state == io::ended || (got.state == io::failed && from_.saw_fin()))
      ended_ = true;
    else if (got.state == io::failed)
      failed_ = true;
    return false;
  }

  tls::stream& from_;
  http::exchange& to_;
  net::buffer_pool& buffers_;
  http1::input& in_;
  bool ended_ = false;
  bool done_ = false;
  bool failed_ = false;
};

}  // namespace

net::task<void> tunnel(http::exchange& client, tls::stream& backend, http1::input& leftover,
                       const forward_settings& settings) {
  net::waiter& waiter = client.waiter();
  while (client.flush() == io::blocked)
    if (co_await waiter.wait(waiter.loop().now() + settings.body_progress_timeout) != net::wake::ready) co_return;

  upward up(client, backend);
  downward down(backend, client, settings.buffers, leftover);
  while (true) {
    const bool more_up = up.step();
    const bool more_down = down.step();
    if (up.failed() || down.failed() || (up.done() && down.done())) break;
    const base::tick_ms deadline = waiter.loop().now() + settings.tunnel_idle_timeout;
    net::wake woken = net::wake::ready;
    if (more_up || more_down)
      woken = co_await waiter.yield();
    else
      woken = co_await waiter.wait(deadline);
    if (woken != net::wake::ready) break;
  }
  if (up.failed() || down.failed()) client.abort();
  client.close_after();
}

}  // namespace cardea::proxy
