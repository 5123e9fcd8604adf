#include "base/file_lock.hpp"

#include "base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace cardea::base {
namespace {

constexpr unsigned folder_mode = 0700;
constexpr unsigned file_mode = 0600;

error io_failure(const std::string& path) {
  const error_code cause(errno, boost::system::generic_category());
  return {errc::io, path + ": " + cause.message()};
}

// Empty while the owner has not written it yet.
std::string owner_of(int fd) {
  std::array<char, 24> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  std::string out(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return out.substr(0, out.find('\n'));
}

}  // namespace

file_lock& file_lock::operator=(file_lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

file_lock::~file_lock() {
  if (fd_ >= 0) ::close(fd_);
}

result<file_lock> file_lock::take(const std::string& path) {
  if (auto made = make_directories(directory_of(path), folder_mode); !made) return made.error();
  file_lock out(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, file_mode));
  if (out.fd_ < 0) return io_failure(path);
  if (::flock(out.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_failure(path);
    const std::string owner = owner_of(out.fd_);
    return error(errc::cancelled, path + " belongs to process " + (owner.empty() ? "(unknown)" : owner));
  }
  const std::string own = std::to_string(::getpid()) + '\n';
  // For messages only: the lock holds without it.
  if (::ftruncate(out.fd_, 0) == 0 && ::pwrite(out.fd_, own.data(), own.size(), 0) < 0) return io_failure(path);
  return out;
}

}  // namespace cardea::base
