#include "proxy/access_log/tail_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace cardea::proxy::access_log {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;
constexpr int blocks_a_step = 64;

using block = std::array<char, block_bytes>;

base::error failure(const std::string& doing, const std::string& path) {
  return base::error(base::errc::io, doing + ' ' + path + ": " + std::strerror(errno));
}

// How many bytes of the block at `at` were read; less than asked for at the file's end only; -1 and errno.
long read_block(int file, std::uint64_t at, char* to, std::size_t size) noexcept {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t now = pread(file, to + got, size - got, static_cast<off_t>(at + got));
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return -1;
    if (now == 0) break;
    got += static_cast<std::size_t>(now);
  }
  return static_cast<long>(got);
}

// Behind the first line feed at or after `at`: where a whole line begins.
long long next_line(int file, std::uint64_t at, std::uint64_t size) {
  const auto memory = std::make_unique<block>();
  while (at < size) {
    const long got = read_block(file, at, memory->data(), block_bytes);
    if (got < 0) return -1;
    const void* const found = std::memchr(memory->data(), '\n', static_cast<std::size_t>(got));
    if (found != nullptr) return static_cast<long long>(at) + (static_cast<const char*>(found) - memory->data()) + 1;
    at += static_cast<std::uint64_t>(got);
    if (got == 0) break;
  }
  return static_cast<long long>(size);
}

// Where the last `lines` lines begin.
long long last_lines(int file, std::uint64_t lines, std::uint64_t size) {
  const auto memory = std::make_unique<block>();
  std::uint64_t feeds = 0;
  for (std::uint64_t end = size; end > 0;) {
    const std::uint64_t begin = end > block_bytes ? end - block_bytes : 0;
    const long got = read_block(file, begin, memory->data(), static_cast<std::size_t>(end - begin));
    if (got < 0) return -1;
    for (long i = got - 1; i >= 0; --i)
      if ((*memory)[static_cast<std::size_t>(i)] == '\n' && ++feeds > lines)
        return static_cast<long long>(begin) + i + 1;
    end = begin;
  }
  return 0;
}

}  // namespace

tail_copy::tail_copy(std::string path, std::string copy_path, net::file_descriptor from, net::file_descriptor to,
                     std::uint64_t at) noexcept
    : path_(std::move(path)), copy_path_(std::move(copy_path)), from_(std::move(from)), to_(std::move(to)), at_(at) {}

tail_copy::~tail_copy() {
  if (to_ && !copy_path_.empty()) unlink(copy_path_.c_str());
}

base::result<std::optional<tail_copy>> tail_copy::begin(const std::string& path, const config::log_retention& keep) {
  net::file_descriptor from(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat what {};
  if (!from || fstat(from.get(), &what) != 0) return failure("cannot read", path);
  const auto size = static_cast<std::uint64_t>(what.st_size);
  const bool by_bytes = keep.what == config::log_retention::kind::bytes;
  if (by_bytes && size <= keep.amount) return std::optional<tail_copy>();
  const long long at = by_bytes ? next_line(from.get(), size - keep.amount - 1, size)
                                : last_lines(from.get(), keep.amount, size);
  if (at < 0) return failure("cannot read", path);
  if (at == 0) return std::optional<tail_copy>();
  // One name, so that what a crash left is replaced and not heaped up.
  std::string copy_path = path + ".cut";
  unlink(copy_path.c_str());
  net::file_descriptor to(::open(copy_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!to) return failure("cannot create", copy_path);
  tail_copy out(path, std::move(copy_path), std::move(from), std::move(to), static_cast<std::uint64_t>(at));
  // Whoever may read the one may read the other. Only root can give a file away.
  const bool same_owner = what.st_uid == geteuid() && what.st_gid == getegid();
  if (!same_owner && fchown(out.to_.get(), what.st_uid, what.st_gid) != 0) return failure("cannot give away", out.copy_path_);
  if (fchmod(out.to_.get(), what.st_mode & 07777U) != 0) return failure("cannot set the mode of", out.copy_path_);
  return std::optional<tail_copy>(std::move(out));
}

base::result<bool> tail_copy::step() {
  const auto memory = std::make_unique<block>();
  for (int i = 0; i < blocks_a_step; ++i) {
    const long got = read_block(from_.get(), at_, memory->data(), block_bytes);
    if (got < 0) return failure("cannot read", path_);
    if (got == 0) return true;
    for (long put = 0; put < got;) {
      const ssize_t now = ::write(to_.get(), memory->data() + put, static_cast<std::size_t>(got - put));
      if (now < 0 && errno != EINTR) return failure("cannot write", copy_path_);
      if (now > 0) put += now;
    }
    at_ += static_cast<std::uint64_t>(got);
  }
  return false;
}

base::result<net::file_descriptor> tail_copy::finish() {
  if (fdatasync(to_.get()) != 0) return failure("cannot sync", copy_path_);
  if (std::rename(copy_path_.c_str(), path_.c_str()) != 0) return failure("cannot replace", path_);
  copy_path_.clear();
  return std::move(to_);
}

}  // namespace cardea::proxy::access_log
