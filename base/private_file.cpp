#include "base/private_file.hpp"

#include "base/atomic_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cardea::base {
namespace {

constexpr mode_t others = S_IRWXG | S_IRWXO;
constexpr mode_t written_by_others = S_IWGRP | S_IWOTH;

bool is_trusted(uid_t owner) { return owner == 0 || owner == ::geteuid(); }

}  // namespace

std::optional<exposure> exposure_of(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return std::nullopt;
  if ((file.st_mode & others) != 0)
    return exposure{true, fmt::format("its mode is {:04o}", file.st_mode & 07777U), "chmod 600 " + path};
  if (!is_trusted(file.st_uid))
    return exposure{false, fmt::format("it belongs to the user {}", file.st_uid),
                    fmt::format("chown {} {}", ::geteuid(), path)};
  // Who may write to the folder may put another key there, unless the sticky bit forbids it.
  const std::string folder = directory_of(path);
  struct stat above {};
  if (::stat(folder.c_str(), &above) != 0) return std::nullopt;
  if ((above.st_mode & written_by_others) != 0 && (above.st_mode & S_ISVTX) == 0)
    return exposure{false, fmt::format("others may write to its folder {}", folder), "chmod go-w " + folder};
  return std::nullopt;
}

result<void> make_private(const std::string& path, file_calls& calls) {
  const auto failed = [&path] {
    return error(errc::io, fmt::format("cannot protect {}: {} (chmod 600 {})", path, std::strerror(errno), path));
  };
  struct stat file {};
  const int opened = calls.open(path, O_RDONLY, 0);
  if (opened < 0) return failed();
  const bool done = ::fstat(opened, &file) == 0 && calls.change_mode(opened, file.st_mode & S_IRWXU) == 0;
  const auto out = done ? result<void>() : result<void>(failed());
  ::close(opened);
  return out;
}

}  // namespace cardea::base
