#include "proxy/files/file_body.hpp"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace cardea::proxy::files {
namespace {

// Buffers that one client gets before others get their turn.
constexpr int rounds_max = 16;
// What the kernel is asked to fetch from a disk that is slow, while others get their turn.
constexpr off_t read_ahead_bytes = off_t{1} << 20;

ssize_t read_at(int fd, char* into, std::size_t size, std::uint64_t offset, int flags) noexcept {
  iovec where{into, size};
  ssize_t got = 0;
  do got = preadv2(fd, &where, 1, static_cast<off_t>(offset), flags);
  while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

file_body::file_body(http::exchange& to, const transfer_settings& settings) noexcept
    : to_(to), settings_(settings), deadline_(to.waiter().loop().now() + settings.progress_timeout) {}

net::task<bool> file_body::wait_for_room() {
  net::waiter& waiter = to_.waiter();
  rounds_ = 0;
  const net::wake woken = co_await waiter.wait(deadline_);
  co_return woken == net::wake::ready && waiter.loop().now() < deadline_;
}

net::task<bool> file_body::take_turns() {
  if (++rounds_ < rounds_max) co_return true;
  rounds_ = 0;
  const net::wake woken = co_await to_.waiter().yield();
  co_return woken != net::wake::stopping && !to_.client_gone();
}

net::task<bool> file_body::send(std::string_view data) {
  while (!data.empty()) {
    const std::size_t taken = to_.write_body(data);
    data.remove_prefix(taken);
    if (taken > 0) deadline_ = to_.waiter().loop().now() + settings_.progress_timeout;
    const net::io state = to_.flush();
    if (state == net::io::failed) co_return false;
    if (state == net::io::done || data.empty()) continue;
    const bool has_room = co_await wait_for_room();
    if (!has_room) co_return false;
  }
  co_return true;
}

// The worker waits for the disk only when what was asked for has not come by its next turn.
net::task<long> file_body::read(int fd, byte_range rest) {
  const std::size_t size = std::min<std::uint64_t>(rest.end - rest.begin, net::buffer_pool::buffer_bytes);
  ssize_t got = read_at(fd, memory_.data(), size, rest.begin, RWF_NOWAIT);
  if (got >= 0 || (errno != EAGAIN && errno != EOPNOTSUPP && errno != ENOSYS)) co_return got;
  if (errno == EAGAIN) {
    posix_fadvise(fd, static_cast<off_t>(rest.begin), read_ahead_bytes, POSIX_FADV_WILLNEED);
    const net::wake woken = co_await to_.waiter().yield();
    if (woken == net::wake::stopping) co_return -1;
  }
  got = read_at(fd, memory_.data(), size, rest.begin, 0);
  co_return got;
}

net::task<bool> file_body::send_file(int fd, byte_range range) {
  if (!memory_) memory_ = settings_.buffers.take();
  while (range.begin < range.end) {
    const long got = co_await read(fd, range);
    if (got <= 0) co_return false;
    range.begin += static_cast<std::uint64_t>(got);
    const std::string_view data(memory_.data(), static_cast<std::size_t>(got));
    const bool sent = co_await send(data);
    if (!sent) co_return false;
    const bool goes_on = co_await take_turns();
    if (!goes_on) co_return false;
  }
  co_return true;
}

net::task<bool> file_body::finish() {
  memory_.release();
  to_.end_body({});
  while (true) {
    const net::io state = to_.flush();
    if (state != net::io::blocked) co_return state == net::io::done;
    const bool has_room = co_await wait_for_room();
    if (!has_room) co_return false;
  }
}

}  // namespace cardea::proxy::files
