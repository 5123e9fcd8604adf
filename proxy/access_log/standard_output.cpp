#include "proxy/access_log/standard_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace cardea::proxy::access_log {

long standard_output::write(std::string_view text) noexcept {
  // A pipe that polls as writable takes PIPE_BUF bytes without waiting.
  pollfd ready{STDOUT_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return ::write(STDOUT_FILENO, text.data(), text.size() < PIPE_BUF ? text.size() : PIPE_BUF);
}

}  // namespace cardea::proxy::access_log
