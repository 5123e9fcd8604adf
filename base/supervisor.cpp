#include "base/supervisor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace cardea::base {
namespace {

constexpr int first_socket = 3;
constexpr int sockets_max = 1'000;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

template <class T>
std::optional<T> number(const std::string& text) {
  T out{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

error system_failure(std::string_view step) {
  const error_code cause(errno, boost::system::generic_category());
  return {cause, std::string(step) + ": " + cause.message()};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

result<std::vector<activated_socket>> take_activated_sockets() {
  const std::string whose = variable("LISTEN_PID");
  const std::string count_text = variable("LISTEN_FDS");
  const std::vector<std::string> names = split(variable("LISTEN_FDNAMES"));
  for (const char* each : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(each);
  std::vector<activated_socket> out;
  // A parent's variables that went on to a child are not the child's.
  if (number<pid_t>(whose) != ::getpid()) return out;
  const auto count = number<int>(count_text);
  if (!count || *count < 0 || *count > sockets_max)
    return error(errc::invalid_argument, "LISTEN_FDS='" + count_text + "' is not a number of sockets");
  for (int i = 0; i < *count; ++i) {
    const int fd = first_socket + i;
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
      return system_failure("LISTEN_FDS=" + count_text + ": descriptor " + std::to_string(fd));
    const auto index = static_cast<std::size_t>(i);
    out.push_back({fd, index < names.size() ? names[index] : "unknown"});
  }
  return out;
}

supervisor::supervisor() : address_(variable("NOTIFY_SOCKET")) {
  const auto interval = number<std::int64_t>(variable("WATCHDOG_USEC"));
  const std::string whose = variable("WATCHDOG_PID");
  if (interval && *interval > 0 && (whose.empty() || number<pid_t>(whose) == ::getpid()))
    watchdog_ = std::chrono::microseconds(*interval);
}

result<void> supervisor::tell(std::string_view lines) const {
  if (address_.empty()) return {};
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  // '@' stands for the zero byte of an abstract name, whose length counts.
  const bool is_abstract = address_.front() == '@';
  if ((!is_abstract && address_.front() != '/') || address_.size() >= sizeof to.sun_path)
    return error(errc::invalid_argument, "NOTIFY_SOCKET='" + address_ + "' is not the path of a socket");
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (is_abstract) to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() + (is_abstract ? 0 : 1));
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return system_failure("NOTIFY_SOCKET");
  const ssize_t sent = ::sendto(fd, lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
  const auto failure = sent < 0 ? result<void>(system_failure("NOTIFY_SOCKET=" + address_)) : result<void>();
  ::close(fd);
  return failure;
}

std::string supervisor::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t micros = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  return "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros);
}

}  // namespace cardea::base
