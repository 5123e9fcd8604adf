#include "proxy/tunnel.hpp"

#include "proxy/http1/server_exchange.hpp"

#include <array>

namespace cardea::proxy {
namespace {

using net::io;

/// One direction: at most one buffer between a fast reader and a slow writer.
class direction {
 public:
  direction(tls::stream& from, tls::stream& to, net::buffer_pool& buffers, http1::input& first) noexcept
      : from_(from), to_(to), buffers_(buffers), in_(first) {
    in_.floor = 0;
  }

  /// Moves what can move; true when it stopped only to give others a turn.
  bool step() noexcept {
    int round = 0;
    for (; round < 16 && !failed_ && !done_; ++round) {
      if (in_.begin == in_.end && !read()) break;
      if (!write()) break;
    }
    if (!failed_ && to_.flush() == io::failed) failed_ = true;
    if (ended_ && in_.begin == in_.end && !done_ && !failed_ && !to_.has_unsent()) {
      to_.shut_down_write();
      done_ = true;
    }
    return round == 16;
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
    // A client that closes without close_notify is common; to a tunnel it is an end like another.
    if (got.state == io::ended || (got.state == io::failed && from_.saw_fin()))
      ended_ = true;
    else if (got.state == io::failed)
      failed_ = true;
    return false;
  }

  bool write() noexcept {
    const std::array<std::string_view, 1> pieces{in_.unread()};
    const net::io_result out = to_.write(pieces);
    in_.begin += out.bytes;
    if (out.state == io::failed) failed_ = true;
    return out.bytes > 0;
  }

  tls::stream& from_;
  tls::stream& to_;
  net::buffer_pool& buffers_;
  http1::input& in_;
  bool ended_ = false;
  bool done_ = false;
  bool failed_ = false;
};

}  // namespace

net::task<void> tunnel(http::exchange& client, tls::stream& backend, http1::client_exchange& leftover,
                       const forward_settings& settings) {
  auto& upgraded = static_cast<http1::server_exchange&>(client);
  tls::stream& stream = upgraded.raw().stream;
  net::waiter& waiter = client.waiter();
  while (client.flush() == io::blocked)
    if (co_await waiter.wait(waiter.loop().now() + settings.body_progress_timeout) != net::wake::ready) co_return;

  direction up(stream, backend, settings.buffers, upgraded.raw_input());
  direction down(backend, stream, settings.buffers, leftover.raw_input());
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
