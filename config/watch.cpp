#include "config/watch.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace cardea::config {
namespace {

namespace fs = std::filesystem;

// Not IN_MODIFY: a file is read when whoever writes it is done.
constexpr std::uint32_t events_of_files =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE;
constexpr std::uint32_t events_of_folder = IN_DELETE_SELF | IN_MOVE_SELF;

// Tells two states of a file apart, following links: a mounted folder of
// Kubernetes replaces all its files by switching one link beside them.
struct fingerprint {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = -1;
  std::int64_t seconds = 0;
  long nanoseconds = 0;
  friend bool operator==(const fingerprint&, const fingerprint&) = default;
};

fingerprint fingerprint_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

std::string folder_of(const fs::path& file) {
  const auto parent = file.parent_path();
  return parent.empty() ? "." : parent.string();
}

// The kernel's own bound for a path (ELOOP).
constexpr int links_max = 40;

// Adds every folder in which a change may make `file` another one: those that
// hold a link on the way to it (a file of certbot's live/ leads to archive/, a
// mounted folder of Kubernetes to a folder that is exchanged), and its own.
void add_folders(const fs::path& file, std::set<std::string>& wanted, int links_left = links_max) {
  wanted.insert(folder_of(file));
  fs::path so_far;
  for (auto part = file.begin(); part != file.end(); ++part) {
    const fs::path here = so_far / *part;
    std::error_code failed;
    const fs::path target = fs::read_symlink(here, failed);
    if (failed) {  // no link, or not there
      so_far = here;
      continue;
    }
    if (links_left == 0) return;
    wanted.insert(folder_of(here));
    fs::path rest = target.is_absolute() ? target : so_far / target;
    for (++part; part != file.end(); ++part) rest /= *part;
    // Not normalised: `..` behind a link is the target's parent.
    return add_folders(rest, wanted, links_left - 1);
  }
}

}  // namespace

/// The kernel's watches and what is known of the files.
class watch::folders {
 public:
  folders(base::executor where, int descriptor) : descriptor_(where, descriptor) {}

  void set_files(const std::vector<std::string>& files, std::vector<std::string> whole) {
    files_.clear();
    // Those that are new here have been looked at by whoever names them.
    whole_ = {std::make_move_iterator(whole.begin()), std::make_move_iterator(whole.end())};
    for (const std::string& file : files) files_[file] = fingerprint_of(file);
    arm();
    wake();  // who waits has to look at is_complete() again
  }

  void wake() {
    base::error_code ignored;  // nobody waits
    descriptor_.cancel(ignored);
  }

  // Watches the folders of the files, and of what they are links to; forgets all others.
  void arm() {
    std::set<std::string> wanted;
    for (const auto& [file, known] : files_) add_folders(file, wanted);
    wanted.insert(whole_.begin(), whole_.end());
    std::multimap<int, std::string> armed;  // one folder may have several names
    std::set<std::string> missing;
    is_complete_ = true;
    for (const std::string& folder : wanted) {
      const int id =
          inotify_add_watch(descriptor_.native_handle(), folder.c_str(), events_of_files | events_of_folder);
      if (id >= 0) armed.emplace(id, folder);
      if (id < 0 && whole_.contains(folder)) missing.insert(folder);
      is_complete_ = is_complete_ && id >= 0;
    }
    for (const std::string& folder : missing_) found_ = found_ || (whole_.contains(folder) && !missing.contains(folder));
    missing_ = std::move(missing);
    for (const auto& [id, folder] : armed_)
      if (!armed.contains(id)) inotify_rm_watch(descriptor_.native_handle(), id);
    armed_ = std::move(armed);
  }

  /// Whether every folder is there and watched.
  [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }

  /// Takes all events that are waiting; whether one of them was about a file.
  [[nodiscard]] bool take_changes() {
    bool is_named = false;
    bool is_folder_gone = false;
    alignas(inotify_event) std::array<char, 16'384> buffer;
    while (true) {
      const auto length = ::read(descriptor_.native_handle(), buffer.data(), buffer.size());
      if (length <= 0) break;
      for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
        inotify_event event{};
        std::memcpy(&event, buffer.data() + at, sizeof event);
        is_folder_gone = is_folder_gone || (event.mask & (events_of_folder | IN_IGNORED)) != 0;
        is_named = is_named || (event.mask & IN_Q_OVERFLOW) != 0;
        is_named = is_named || is_whole(event.wd);
        if (event.len > 0) is_named = is_named || names_a_file(event.wd, buffer.data() + at + sizeof event);
        at += sizeof event + event.len;
      }
    }
    const bool is_changed = refresh() || is_named;
    // A link may lead to another folder now.
    if (is_changed || is_folder_gone || !is_complete_) arm();
    const bool is_found = std::exchange(found_, false);
    // What happened before a folder was watched made no event.
    return refresh() || is_changed || is_found;
  }

  auto& descriptor() noexcept { return descriptor_; }

 private:
  bool is_whole(int id) const {
    const auto [begin, end] = armed_.equal_range(id);
    return std::any_of(begin, end, [this](const auto& each) { return whole_.contains(each.second); });
  }

  bool names_a_file(int id, std::string_view name) const {
    const auto [begin, end] = armed_.equal_range(id);
    for (const auto& [file, known] : files_)
      for (auto folder = begin; folder != end; ++folder)
        if (folder_of(file) == folder->second && fs::path(file).filename() == name) return true;
    return false;
  }

  bool refresh() {
    bool is_changed = false;
    for (auto& [file, known] : files_) {
      const fingerprint now = fingerprint_of(file);
      is_changed = is_changed || now != known;
      known = now;
    }
    return is_changed;
  }

  base::asio::posix::basic_stream_descriptor<base::executor> descriptor_;
  std::map<std::string, fingerprint> files_;
  std::set<std::string> whole_;    // every file in them
  std::set<std::string> missing_;  // of those
  bool found_ = false;             // one that was missing is there
  std::multimap<int, std::string> armed_;
  bool is_complete_ = true;
};

base::result<std::unique_ptr<watch>> watch::create(base::executor where, watch_options options,
                                                   std::function<void()> on_change) {
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0)
    return base::error({errno, boost::system::system_category()}, "files cannot be watched for changes");
  auto set = std::make_unique<folders>(where, descriptor);
  return std::unique_ptr<watch>(new watch(where, options, std::move(on_change), std::move(set)));
}

watch::watch(base::executor where, watch_options options, std::function<void()> on_change,
             std::unique_ptr<folders> set)
    : options_(options), on_change_(std::move(on_change)), folders_(std::move(set)), timer_(where) {}

watch::~watch() = default;

void watch::set_files(std::vector<std::string> files, std::vector<std::string> whole_folders) {
  folders_->set_files(files, std::move(whole_folders));
}

void watch::stop() {
  stopped_ = true;
  timer_.cancel();
  folders_->wake();
}

base::awaitable<void> watch::run() {
  while (!stopped_) {
    co_await wait_for_change();
    if (stopped_) break;
    co_await wait_for_rest();
    if (!stopped_) on_change_();
  }
}

base::awaitable<void> watch::wait_for_change() {
  while (!stopped_ && !folders_->take_changes()) {
    if (!folders_->is_complete()) {
      co_await pause(options_.retry);
      continue;
    }
    const auto [failure] = co_await folders_->descriptor().async_wait(
        base::asio::posix::descriptor_base::wait_read, base::as_result);
    const bool is_woken = failure == base::asio::error::operation_aborted;
    if (failure && !is_woken && !stopped_) co_await pause(options_.retry);
  }
}

// One save is several events, and a deployment replaces several files.
base::awaitable<void> watch::wait_for_rest() {
  const auto latest = std::chrono::steady_clock::now() + options_.debounce_max;
  do {
    co_await pause(options_.debounce);
  } while (!stopped_ && folders_->take_changes() && std::chrono::steady_clock::now() < latest);
}

base::awaitable<void> watch::pause(std::chrono::milliseconds duration) {
  timer_.expires_after(duration);
  co_await timer_.async_wait(base::as_result);
}

}  // namespace cardea::config
