#include "base/atomic_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>

namespace cardea::base {
namespace {

namespace fs = std::filesystem;

std::string_view remedy_for(int cause) {
  switch (cause) {
    case ENOSPC:
    case EDQUOT:
      return "free some disk space";
    case EROFS:
      return "mount the folder writable";
    case EACCES:
    case EPERM:
      return "let this user read and write there";
    case ENOENT:
      return "create the folder";
    case ENOTDIR:
      return "a part of the path is a file; rename one of them";
    case EISDIR:
      return "a folder has that name; rename it or choose another path";
    case EBUSY:
      return "mount the folder rather than the single file";
    case EFBIG:
      return "raise the file size limit";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files";
    case EIO:
      return "check the disk";
    default:
      return "check the folder";
  }
}

error failure(std::string_view step, const std::string& path, int cause) {
  const errc code = cause == ENOENT && step == "read" ? errc::not_found : errc::io;
  return {code, fmt::format("cannot {} {}: {} ({})", step, path, std::strerror(cause), remedy_for(cause))};
}

// The call sequence counts for the crash tests, so close is not part of it: it changes nothing on disk.
class descriptor {
 public:
  explicit descriptor(int value) noexcept : value_(value) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] bool is_open() const noexcept { return value_ >= 0; }

 private:
  int value_;
};

std::string temporary_prefix(const std::string& path) { return fs::path(path).filename().string() + ".tmp-"; }

std::string temporary_name(const std::string& path) {
  std::random_device random;
  return fmt::format("{}/{}{:08x}{:08x}", directory_of(path), temporary_prefix(path), random(), random());
}

std::string link_target(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_symlink(path, ignored)) return path;
  const fs::path target = fs::canonical(path, ignored);
  return ignored ? path : target.string();
}

bool write_all(int file, std::string_view bytes, file_calls& calls) {
  while (!bytes.empty()) {
    const long written = calls.write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

result<void> sync_directory(const std::string& directory, file_calls& calls) {
  const descriptor opened(calls.open(directory, O_RDONLY | O_DIRECTORY, 0));
  if (!opened.is_open()) return failure("sync", directory, errno);
  // Some network file systems cannot sync a folder and say EINVAL: nothing more can be done there.
  if (calls.sync(opened.get()) != 0 && errno != EINVAL) return failure("sync", directory, errno);
  return {};
}

result<void> write_temporary(const std::string& temporary, std::string_view bytes, unsigned mode,
                             file_calls& calls) {
  const descriptor file(calls.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  if (!file.is_open()) return failure("create", temporary, errno);
  // The process's umask must not decide about the mode.
  if (calls.change_mode(file.get(), mode) != 0) return failure("set the mode of", temporary, errno);
  if (!write_all(file.get(), bytes, calls)) return failure("write", temporary, errno);
  if (calls.sync(file.get()) != 0) return failure("sync", temporary, errno);
  return {};
}

}  // namespace

result<void> write_file_atomically(const std::string& path, std::string_view bytes, unsigned mode,
                                   file_calls& calls) {
  const std::string target = link_target(path);
  const std::string temporary = temporary_name(target);
  auto written = write_temporary(temporary, bytes, mode, calls);
  if (written && calls.rename(temporary, target) != 0) written = failure("replace", target, errno);
  if (!written) {
    calls.remove(temporary);
    return written;
  }
  return sync_directory(directory_of(target), calls);
}

result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return failure("read", path, errno);
  std::string out;
  char block[16384];
  while (true) {
    const ssize_t count = ::read(file.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("read", path, errno);
    if (count == 0) return out;
    out.append(block, static_cast<std::size_t>(count));
    if (out.size() > bytes_max)
      return error(errc::limit_exceeded,
                   fmt::format("{} is longer than {} bytes (is it the right file?)", path, bytes_max));
  }
}

result<void> remove_file(const std::string& path, file_calls& calls) {
  if (calls.remove(path) != 0) {
    if (errno == ENOENT) return {};
    return failure("remove", path, errno);
  }
  return sync_directory(directory_of(path), calls);
}

result<void> make_directories(const std::string& path, unsigned mode, file_calls& calls) {
  std::error_code ignored;
  if (path.empty() || fs::is_directory(path, ignored)) return {};
  if (const auto above = make_directories(fs::path(path).parent_path().string(), mode, calls); !above)
    return above;
  if (calls.make_directory(path, mode) != 0 && errno != EEXIST)
    return failure("create the folder", path, errno);
  return sync_directory(directory_of(path), calls);
}

std::string directory_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

void remove_stale_temporaries(const std::string& path, std::chrono::seconds age) {
  const std::string prefix = temporary_prefix(path);
  std::error_code failed;
  for (fs::directory_iterator entry(directory_of(path), failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (!entry->path().filename().string().starts_with(prefix)) continue;
    std::error_code ignored;
    const auto written = fs::last_write_time(entry->path(), ignored);
    if (!ignored && fs::file_time_type::clock::now() - written >= age) fs::remove(entry->path(), ignored);
  }
}

}  // namespace cardea::base
