#include "base/file_lease.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sstream>

namespace cardea::base {
namespace {

constexpr unsigned file_mode = 0600;
constexpr std::size_t text_bytes_max = 512;
constexpr int release_tries_max = 2'000;
constexpr unsigned release_pause_microseconds = 500;

error failure(const std::string& path, std::string_view step, int cause) {
  return {errc::io, fmt::format("cannot {} '{}': {}", step, path, std::strerror(cause))};
}

// A process's number means nothing after a restart of the machine, and in another container.
std::string scope_of_processes() {
  std::string boot(36, '-');
  if (const int file = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC); file >= 0) {
    if (::read(file, boot.data(), boot.size()) != static_cast<ssize_t>(boot.size())) boot.assign(36, '-');
    ::close(file);
  }
  struct stat of {};
  const bool is_known = ::stat("/proc/self/ns/pid", &of) == 0;
  return fmt::format("{}/{}", boot, is_known ? of.st_ino : 0);
}

bool is_gone(const std::string& text) {
  std::istringstream in(text);
  std::string token;
  std::string renewals;
  std::string scope;
  pid_t process = 0;
  in >> token >> renewals >> scope >> process;
  if (!in || process <= 0 || scope != scope_of_processes()) return false;
  return ::kill(process, 0) == -1 && errno == ESRCH;
}

}  // namespace

/// The file, open and locked, for as long as it is looked at.
class file_lease::look {
 public:
  explicit look(const std::string& path) : path_(path) {}
  look(const look&) = delete;
  look& operator=(const look&) = delete;
  ~look() {
    if (file_ >= 0) ::close(file_);  // and unlocks
  }

  // False while another process looks, or when the file was just exchanged.
  [[nodiscard]] result<bool> open() {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, file_mode);
    if (file_ < 0) return failure(path_, "open", errno);
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK || errno == EINTR) return false;
      return failure(path_, "lock", errno);
    }
    struct stat ours {};
    struct stat named {};
    return ::fstat(file_, &ours) == 0 && ::stat(path_.c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
  }

  [[nodiscard]] result<std::string> read() const {
    std::array<char, text_bytes_max> buffer{};
    const ssize_t size = ::pread(file_, buffer.data(), buffer.size(), 0);
    if (size < 0) return failure(path_, "read", errno);
    return std::string(buffer.data(), static_cast<std::size_t>(size));
  }

  [[nodiscard]] result<void> write(std::string_view text) const {
    if (::ftruncate(file_, 0) != 0) return failure(path_, "write", errno);
    if (text.empty()) return {};
    const ssize_t size = ::pwrite(file_, text.data(), text.size(), 0);
    if (size != static_cast<ssize_t>(text.size())) return failure(path_, "write", size < 0 ? errno : ENOSPC);
    return {};
  }

 private:
  const std::string& path_;
  int file_ = -1;
};

file_lease::file_lease(std::string path, std::chrono::steady_clock::duration stale_after)
    : path_(std::move(path)), stale_after_(stale_after) {}

file_lease::~file_lease() { release(); }

result<void> file_lease::write_mine(look& at) {
  return at.write(fmt::format("{} {} {} {}\n", token_, renewals_, scope_of_processes(), ::getpid()));
}

result<bool> file_lease::try_take(std::chrono::steady_clock::duration waited) {
  look at(path_);
  const auto is_open = at.open();
  if (!is_open || !*is_open) return is_open;
  const auto text = at.read();
  if (!text) return text.error();
  if (*text != seen_) {
    seen_ = *text;
    seen_since_ = waited;
  }
  const bool is_free = text->empty() || waited - seen_since_ >= stale_after_ || is_gone(*text);
  if (!is_free) return false;
  std::array<unsigned char, 8> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return error(errc::io, "the system has no random numbers");
  token_ = hex(random);
  renewals_ = 0;
  if (auto written = write_mine(at); !written) {
    token_.clear();
    return written.error();
  }
  return true;
}

result<bool> file_lease::renew() {
  if (token_.empty()) return false;
  look at(path_);
  const auto is_open = at.open();
  if (!is_open) return is_open;
  if (!*is_open) return true;  // somebody looks right now, and will again
  const auto text = at.read();
  if (!text) return text.error();
  if (!text->starts_with(token_ + ' ')) {
    token_.clear();
    return false;
  }
  ++renewals_;
  if (const auto written = write_mine(at); !written) return written.error();
  return true;
}

void file_lease::release() noexcept {
  if (token_.empty()) return;
  // Who looks does it for microseconds, but many may: what is not released here is nobody's until it is stale.
  for (int tries = 0; tries < release_tries_max; ++tries) {
    look at(path_);
    const auto is_open = at.open();
    if (!is_open) break;
    if (*is_open) {
      const auto text = at.read();
      if (text && text->starts_with(token_ + ' ')) (void)at.write({});
      break;
    }
    ::usleep(release_pause_microseconds);
  }
  token_.clear();
}

}  // namespace cardea::base
