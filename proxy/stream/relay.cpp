#include "proxy/stream/relay.hpp"

#include <array>
#include <string_view>

namespace cardea::proxy::stream {
namespace {

using net::io;

// After so many rounds others get a turn.
constexpr int rounds_max = 16;
// Reads that fill this much say that more comes than a system call's price: then a pipe saves two copies.
constexpr std::size_t bulk_bytes = net::buffer_pool::buffer_bytes;

/// One direction: at most one buffer or pipe between a fast reader and a slow writer.
class direction {
 public:
  direction(tls::stream& from, tls::stream& to, relay_resources resources) noexcept
      : from_(from), to_(to), resources_(resources), may_splice_(!from.is_tls() && !to.is_tls()) {}
  direction(const direction&) = delete;
  direction& operator=(const direction&) = delete;
  ~direction() { resources_.pipes.give_back(std::move(pipe_)); }

  /// Moves what can move; true when it stopped only to give others a turn.
  bool step() noexcept {
    int round = 0;
    for (; round < rounds_max && !failed_ && !done_; ++round)
      if (!(pipe_ ? move_spliced() : move_copied())) break;
    if (!failed_ && to_.flush() == io::failed) failed_ = true;
    if (ended_ && holds_nothing() && !done_ && !failed_ && !to_.has_unsent()) {
      to_.shut_down_write();
      done_ = true;
    }
    return round == rounds_max;
  }

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Counts up with each byte that came or left.
  [[nodiscard]] std::uint64_t moved() const noexcept { return moved_; }

 private:
  [[nodiscard]] bool holds_nothing() const noexcept { return begin_ == end_ && pipe_.bytes == 0; }

  // False when nothing more can be done now.
  bool move_copied() noexcept {
    if (begin_ == end_ && !read()) return false;
    const std::array<std::string_view, 1> pieces{std::string_view(memory_.data() + begin_, end_ - begin_)};
    const net::io_result out = to_.write(pieces);
    begin_ += out.bytes;
    moved_ += out.bytes;
    if (out.state == io::failed) failed_ = true;
    if (begin_ == end_ && is_bulk_ && may_splice_) {
      memory_.release();
      pipe_ = resources_.pipes.take();
      may_splice_ = static_cast<bool>(pipe_);  // without descriptors it goes on as it was
    }
    return out.bytes > 0;
  }

  bool read() noexcept {
    begin_ = end_ = 0;
    if (ended_ || !from_.can_read()) {
      memory_.release();  // an idle relay holds no buffer
      return false;
    }
    if (!memory_) memory_ = resources_.buffers.take();
    const net::io_result got = from_.read(memory_.data(), net::buffer_pool::buffer_bytes);
    end_ = got.bytes;
    moved_ += got.bytes;
    is_bulk_ = got.bytes >= bulk_bytes;
    if (got.state == io::done) return true;
    note_end(got.state);
    memory_.release();
    return false;
  }

  bool move_spliced() noexcept {
    if (pipe_.bytes == 0) {
      if (ended_ || !from_.can_read()) return leave_pipe();
      const net::io_result in = net::pipe_pool::fill(pipe_, from_.socket().events());
      if (in.state != io::done) {
        note_end(in.state);
        return leave_pipe();
      }
      moved_ += in.bytes;
    }
    if (!to_.socket().events().writable) return false;
    const net::io_result out = net::pipe_pool::drain(pipe_, to_.socket().events());
    moved_ += out.bytes;
    if (out.state == io::failed) failed_ = true;
    return out.state == io::done;
  }

  // Back to copying, which is cheaper for the little that comes now and then.
  bool leave_pipe() noexcept {
    resources_.pipes.give_back(std::move(pipe_));
    pipe_ = {};
    is_bulk_ = false;
    return false;
  }

  // Whoever closes without close_notify is common; to a relay of bytes it is an end like another.
  void note_end(io state) noexcept {
    if (state == io::ended || (state == io::failed && from_.saw_fin()))
      ended_ = true;
    else if (state == io::failed)
      failed_ = true;
  }

  tls::stream& from_;
  tls::stream& to_;
  relay_resources resources_;
  net::buffer memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  net::pipe pipe_;
  std::uint64_t moved_ = 0;
  bool may_splice_;
  bool is_bulk_ = false;
  bool ended_ = false;
  bool done_ = false;
  bool failed_ = false;
};

// A side that ended its direction is read no more: a reset of it is seen only here.
bool was_reset(tls::stream& side, bool read_to_end) noexcept {
  return read_to_end && side.socket().events().broken && side.socket().connect_error() != 0;
}

}  // namespace

net::task<relay_end> relay(tls::stream& client, tls::stream& backend, net::waiter& waiter, relay_resources resources,
                           base::tick_ms idle_timeout) {
  direction up(client, backend, resources);
  direction down(backend, client, resources);
  base::tick_ms deadline = waiter.loop().now() + idle_timeout;
  while (true) {
    const std::uint64_t before = up.moved() + down.moved();
    const bool more_up = up.step();
    const bool more_down = down.step();
    if (up.failed() || down.failed()) co_return relay_end::broken;
    if (up.done() && down.done()) co_return relay_end::orderly;
    if (was_reset(client, up.ended()) || was_reset(backend, down.ended())) co_return relay_end::broken;
    if (up.moved() + down.moved() != before) deadline = waiter.loop().now() + idle_timeout;
    net::wake woken = net::wake::ready;
    if (more_up || more_down)
      woken = co_await waiter.yield();
    else
      woken = co_await waiter.wait(deadline);
    if (woken == net::wake::timed_out) co_return relay_end::idle;
    if (woken == net::wake::stopping) co_return relay_end::stopped;
  }
}

}  // namespace cardea::proxy::stream
