#include "proxy/files/folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cardea::proxy::files {
namespace {

constexpr int reading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
// A name that others move about meanwhile makes the kernel give up.
constexpr int attempts_max = 8;

int open_beneath(int root, const char* path, int flags) noexcept {
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const auto fd = static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || attempt == attempts_max) return fd;
  }
}

folder::guard find_guard() noexcept {
  const net::file_descriptor probe(open_beneath(AT_FDCWD, ".", O_PATH | O_CLOEXEC));
  // Sandboxes of before 2020 say EPERM to what they do not know.
  const bool is_unknown = !probe && (errno == ENOSYS || errno == EPERM || errno == EINVAL);
  return is_unknown ? folder::guard::walk : folder::guard::kernel;
}

}  // namespace

folder::guard folder::best_guard() noexcept {
  static const guard found = find_guard();
  return found;
}

folder::folder(const std::string& name, guard by) noexcept
    : root_(::open(name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), guard_(by), error_(root_ ? 0 : errno) {}

// With O_NOFOLLOW a link is an error wherever it stands.
int folder::open_by_walk(const std::string& path) const {
  net::file_descriptor parent;
  int at = root_.get();
  for (std::size_t begin = 1;;) {
    const std::size_t slash = std::min(path.find('/', begin), path.size());
    const std::string name = slash == begin ? "." : path.substr(begin, slash - begin);
    if (name == "..") {
      errno = EXDEV;
      return -1;
    }
    const bool is_last = slash == path.size();
    const int flags = is_last ? reading | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int next = openat(at, name.c_str(), flags);
    if (is_last || next < 0) return next;
    parent = net::file_descriptor(next);
    at = parent.get();
    begin = slash + 1;
  }
}

opened folder::open(const std::string& path) const {
  opened out;
  if (!root_) {
    out.error = error_;
    return out;
  }
  const char* const below = path.size() > 1 ? path.c_str() + 1 : ".";
  const int fd = guard_ == guard::kernel ? open_beneath(root_.get(), below, reading) : open_by_walk(path);
  out.error = fd < 0 ? errno : 0;
  out.fd = net::file_descriptor(fd);
  if (out.fd && fstat(fd, &out.info) != 0) {
    out.error = errno;
    out.fd.reset();
  }
  return out;
}

bool means_missing(int error) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:         // a link where none may be
    case EXDEV:         // a way out
    case ENAMETOOLONG:
    case ENXIO:         // a socket, or a device that is not there
    case ENODEV:
    case EAGAIN:        // it was moved about all the time
      return true;
    default:
      return false;
  }
}

}  // namespace cardea::proxy::files
