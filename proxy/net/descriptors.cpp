#include "proxy/net/descriptors.hpp"

#include "proxy/net/socket.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <limits>

namespace cardea::proxy::net {

std::size_t descriptor_limit() noexcept {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur == RLIM_INFINITY)
    return std::numeric_limits<int>::max();
  return now.rlim_cur;
}

void raise_descriptor_limit() noexcept {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) return;
  now.rlim_cur = now.rlim_max;
  setrlimit(RLIMIT_NOFILE, &now);
}

bool descriptors_used_up_to(std::size_t first_scarce) noexcept {
  const file_descriptor probe(::open("/", O_PATH | O_CLOEXEC));
  return !probe || static_cast<std::size_t>(probe.get()) >= first_scarce;
}

}  // namespace cardea::proxy::net
