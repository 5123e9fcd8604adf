#include "proxy/net/pipe_pool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace cardea::proxy::net {

pipe pipe_pool::take() noexcept {
  if (!spare_.empty()) {
    pipe out = std::move(spare_.back());
    spare_.pop_back();
    return out;
  }
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return {};
  // Refused beyond the user's share of pipe memory: then it is a smaller one.
  static_cast<void>(fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes));
  return {file_descriptor(ends[0]), file_descriptor(ends[1]), 0};
}

void pipe_pool::give_back(pipe used) noexcept {
  if (used && used.bytes == 0 && spare_.size() < spare_max) spare_.push_back(std::move(used));
}

io_result pipe_pool::fill(pipe& into, watch& from) noexcept {
  const ssize_t moved = ::splice(from.fd, nullptr, into.in.get(), nullptr, pipe_bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved > 0) {
    into.bytes += static_cast<std::size_t>(moved);
    return {io::done, static_cast<std::size_t>(moved)};
  }
  if (moved == 0) return {io::ended};
  if (errno == EINTR) return {io::blocked};
  if (errno != EAGAIN) return {io::failed};
  from.readable = false;
  return {io::blocked};
}

io_result pipe_pool::drain(pipe& from, watch& into) noexcept {
  const ssize_t moved =
      ::splice(from.out.get(), nullptr, into.fd, nullptr, from.bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved > 0) {
    from.bytes -= static_cast<std::size_t>(moved);
    return {io::done, static_cast<std::size_t>(moved)};
  }
  if (moved < 0 && errno == EINTR) return {io::blocked};
  if (moved == 0 || errno != EAGAIN) return {io::failed};
  into.writable = false;
  return {io::blocked};
}

}  // namespace cardea::proxy::net
