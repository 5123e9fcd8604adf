#include "proxy/access_log/log_file.hpp"

#include "proxy/access_log/archives.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cardea::proxy::access_log {
namespace {

// Below that nothing is cut before its time.
constexpr std::uint64_t lines_worth_cutting = 1'000;
constexpr std::uint64_t bytes_worth_cutting = 64 * 1'024;
constexpr unsigned file_mode = 0640;

// A FIFO that nobody reads fails at once instead of holding everybody up.
net::file_descriptor open_for_append(const std::string& path) noexcept {
  return net::file_descriptor(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, file_mode));
}

// When the file came to be, where the file system knows.
std::optional<std::chrono::seconds> age_of(int file) noexcept {
  struct statx found {};
  if (statx(file, "", AT_EMPTY_PATH, STATX_BTIME, &found) != 0 || (found.stx_mask & STATX_BTIME) == 0) return std::nullopt;
  return std::chrono::seconds(std::max<std::int64_t>(time(nullptr) - found.stx_btime.tv_sec, 0));
}

wall_seconds wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace

base::result<std::unique_ptr<log_file>> log_file::open(const std::string& path, keeping how) {
  std::unique_ptr<log_file> out(new log_file(path, how));
  net::file_descriptor file = open_for_append(path);
  struct stat what {};
  if (!file || fstat(file.get(), &what) != 0) {
    const std::string reason = std::strerror(errno);
    const char* const remedy = errno == ENOENT   ? "; create its folder"
                               : errno == EACCES ? "; let this user write there, or log elsewhere"
                                                 : "";
    return base::error(base::errc::io, "cannot open the access log " + path + ": " + reason + remedy);
  }
  out->use(std::move(file), what);
  return out;
}

void log_file::use(net::file_descriptor file, const struct stat& what) {
  file_ = std::move(file);
  device_ = what.st_dev;
  number_ = what.st_ino;
  is_regular_ = S_ISREG(what.st_mode);
  bytes_ = static_cast<std::uint64_t>(what.st_size);
  // What an earlier life has left behind is looked at as if it had just been written.
  lines_written_ = bytes_ > 0 && how_.retention.what == config::log_retention::kind::lines
                       ? std::max(how_.retention.amount, lines_worth_cutting)
                       : 0;
  ++generation_;
  is_lost_ = false;
}

bool log_file::open_again() {
  net::file_descriptor file = open_for_append(path_);
  struct stat what {};
  if (file && fstat(file.get(), &what) == 0) {
    use(std::move(file), what);
    return true;
  }
  if (!std::exchange(is_lost_, true))
    log_.error("the access log cannot be opened again, its lines go to the file that was there",
               {{"path", path_}, {"reason", std::strerror(errno)}});
  return false;
}

void log_file::reopen() {
  trimming_.reset();
  static_cast<void>(open_again());
}

void log_file::keep(keeping how) {
  if (how == how_) return;
  how_ = how;
  trimming_.reset();
  rotate_at_.reset();
}

long log_file::write(std::string_view text) noexcept {
  const ssize_t size = ::write(file_.get(), text.data(), text.size());
  if (size <= 0) return static_cast<long>(size);
  bytes_ += static_cast<std::uint64_t>(size);
  const auto written = text.substr(0, static_cast<std::size_t>(size));
  lines_written_ += static_cast<std::uint64_t>(std::count(written.begin(), written.end(), '\n'));
  return static_cast<long>(size);
}

// The path leads to another file than the one that we have, or to none.
bool log_file::is_elsewhere() const noexcept {
  struct stat what {};
  if (stat(path_.c_str(), &what) != 0) return errno == ENOENT;
  return what.st_dev != device_ || what.st_ino != number_;
}

bool log_file::is_long() const noexcept {
  const std::uint64_t amount = how_.retention.amount;
  switch (how_.retention.what) {
    case config::log_retention::kind::lines: return lines_written_ >= std::max(amount, lines_worth_cutting);
    case config::log_retention::kind::bytes: return bytes_ >= amount + std::max(amount, bytes_worth_cutting);
    case config::log_retention::kind::age: break;
  }
  return false;
}

bool log_file::tend(moment now) {
  if (trimming_) return go_on_trimming();
  if (is_elsewhere() && !open_again()) return false;
  if (!is_regular_) return false;
  struct stat what {};
  if (fstat(file_.get(), &what) == 0) bytes_ = static_cast<std::uint64_t>(what.st_size);
  if (!rotate_at_) {
    // A program that is started often must rotate all the same.
    const auto age = bytes_ > 0 ? age_of(file_.get()).value_or(std::chrono::seconds(0)) : std::chrono::seconds(0);
    rotate_at_ = now + std::max<std::chrono::milliseconds>(how_.rotate_interval - age, std::chrono::milliseconds(0));
  }
  const bool is_due = now >= *rotate_at_;
  if (is_due) rotate_at_ = now + how_.rotate_interval;
  if (how_.retention.what == config::log_retention::kind::age) {
    if (is_due) archive();
    return false;
  }
  if (is_due || is_long()) begin_trim();
  return trimming_.has_value();
}

void log_file::archive() {
  if (bytes_ > 0) {
    if (rename_to_archive(path_, wall_now()).empty())
      log_.error("the access log cannot be rotated", {{"path", path_}, {"reason", std::strerror(errno)}});
    else
      static_cast<void>(open_again());
  }
  const auto oldest = wall_now() - std::chrono::seconds(how_.retention.amount);
  if (const std::size_t left = remove_archives(path_, oldest); left > 0)
    log_.error("old access logs cannot be removed", {{"path", path_}, {"count", left}});
}

void log_file::begin_trim() {
  lines_written_ = 0;
  auto begun = tail_copy::begin(path_, how_.retention);
  if (!begun)
    log_.error("the access log cannot be shortened", {{"reason", begun.error().message()}});
  else if (*begun)
    trimming_.emplace(std::move(**begun));
}

bool log_file::go_on_trimming() {
  // Somebody else put another file there: what is copied is not its tail.
  if (is_elsewhere()) {
    trimming_.reset();
    return true;
  }
  const auto copied = trimming_->step();
  if (copied && !*copied) return true;
  auto fresh = copied ? trimming_->finish() : base::result<net::file_descriptor>(copied.error());
  trimming_.reset();
  struct stat what {};
  if (fresh && fstat(fresh->get(), &what) == 0) {
    use(std::move(*fresh), what);
    lines_written_ = 0;
  } else if (!fresh) {
    log_.error("the access log cannot be shortened", {{"reason", fresh.error().message()}});
  }
  return false;
}

}  // namespace cardea::proxy::access_log
