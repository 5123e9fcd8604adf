#include "proxy/access_log/journal.hpp"

#include "proxy/access_log/standard_output.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace cardea::proxy::access_log {
namespace {

using std::chrono::milliseconds;

// How long lines are collected before they are written together.
constexpr milliseconds batch_interval{10};
// How long files are not looked at while nothing is logged.
constexpr milliseconds idle_interval{1'000};
constexpr std::chrono::seconds last_words_max{2};
constexpr std::chrono::minutes told_interval{1};

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "cardea-log");
}

}  // namespace

journal::journal() : log_("access_log"), bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

journal::~journal() { stop(); }

base::result<shared_logger> journal::open(const config::access_log_section& how) {
  if (auto known = find(how)) return known;
  if (!bell_) return base::error(base::errc::io, "no descriptor is left for the access log");
  auto made = std::make_shared<logger>();
  made->how = how;
  const keeping keep{how.retention, how.rotate_interval};
  if (!how.path.empty()) {
    // One file has one outlet, however it is spelt: two would cut it into one another.
    const std::string path = std::filesystem::absolute(how.path).lexically_normal().string();
    auto lease = lease_of(path, keep, made->to.file);
    if (!lease) return lease.error();
    made->leases.push_back(std::move(*lease));
  }
  if (how.to_stdout) {
    auto lease = lease_of({}, keep, made->to.terminal);
    if (!lease) return lease.error();
    made->leases.push_back(std::move(*lease));
  }
  {
    const std::lock_guard guard(lock_);
    std::erase_if(loggers_, [](const auto& each) { return each.expired(); });
    loggers_.push_back(made);
  }
  start();
  return shared_logger(std::move(made));
}

shared_logger journal::find(const config::access_log_section& how) const {
  const std::lock_guard guard(lock_);
  for (const auto& each : loggers_)
    if (auto live = each.lock(); live && live->how == how) return live;
  return nullptr;
}

base::result<std::shared_ptr<const void>> journal::lease_of(const std::string& path, keeping how,
                                                            std::uint16_t& number) {
  const std::lock_guard guard(lock_);
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [&](const slot& each) { return each.path == path && !each.lease.expired(); });
  if (found != slots_.end()) {
    if (auto lease = found->lease.lock()) {
      number = static_cast<std::uint16_t>(found - slots_.begin());
      found->how = how;
      version_.fetch_add(1);
      return lease;
    }
  }
  slot fresh;
  fresh.path = path;
  fresh.how = how;
  if (path.empty()) {
    fresh.out = std::make_shared<outlet>(std::make_unique<standard_output>());
  } else {
    auto file = log_file::open(path, how);
    if (!file) return file.error();
    fresh.out = std::make_shared<outlet>(std::move(*file));
  }
  std::shared_ptr<const void> lease = std::make_shared<char>();
  fresh.lease = lease;
  const auto free = std::find_if(slots_.begin(), slots_.end(), [](const slot& each) { return each.out == nullptr; });
  if (free == slots_.end() && slots_.size() >= targets::none)
    return base::error(base::errc::limit_exceeded, "too many access logs");
  number = static_cast<std::uint16_t>(free - slots_.begin());
  if (free == slots_.end())
    slots_.push_back(std::move(fresh));
  else
    *free = std::move(fresh);
  version_.fetch_add(1);
  return lease;
}

feed& journal::join(std::size_t bytes) {
  const std::lock_guard guard(lock_);
  feeds_.push_back(std::make_unique<feed>(bytes));
  version_.fetch_add(1);
  return *feeds_.back();
}

void journal::reopen() noexcept {
  reopen_wanted_.store(true);
  ring_bell();
}

void journal::ring_bell() noexcept {
  asleep_.store(false, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  // A bell that rings already is as good.
  [[maybe_unused]] const auto written = ::write(bell_.get(), &one, sizeof one);
}

journal_counters journal::counters() const {
  journal_counters out{written_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed)};
  const std::lock_guard guard(lock_);
  for (const auto& each : feeds_) out.dropped += each->dropped.load(std::memory_order_relaxed);
  return out;
}

void journal::start() {
  if (thread_.joinable()) return;
  stop_wanted_.store(false);
  thread_ = std::thread([this] { run(); });
}

void journal::stop() {
  if (!thread_.joinable()) return;
  stop_wanted_.store(true);
  ring_bell();
  thread_.join();
}

void journal::run() {
  block_signals();
  while (!stop_wanted_.load()) {
    take_over_changes();
    const bool reopened = reopen_wanted_.exchange(false);
    const std::size_t lines = take_lines();
    const bool more = work(std::chrono::steady_clock::now());
    // What was logged before the file was renamed is written to that file.
    if (reopened)
      for (const slot& each : outlets_)
        if (each.out) each.out->reopen();
    close_unused();
    tell_dropped(std::chrono::steady_clock::now());
    if (lines > 0 || more) {
      sleep(batch_interval);
      continue;
    }
    asleep_.store(true, std::memory_order_seq_cst);
    const bool all_empty = std::all_of(sources_.begin(), sources_.end(), [](feed* each) { return each->lines.empty(); });
    if (all_empty && version_.load() == seen_version_) sleep(idle_interval);
    asleep_.store(false, std::memory_order_relaxed);
  }
  finish();
}

void journal::sleep(milliseconds most) noexcept {
  pollfd bell{bell_.get(), POLLIN, 0};
  if (poll(&bell, 1, static_cast<int>(most.count())) <= 0) return;
  std::uint64_t rung = 0;
  [[maybe_unused]] const auto got = ::read(bell_.get(), &rung, sizeof rung);
}

void journal::take_over_changes() {
  if (version_.load() == seen_version_) return;
  const std::lock_guard guard(lock_);
  seen_version_ = version_.load();
  outlets_ = slots_;
  sources_.clear();
  for (const auto& each : feeds_) sources_.push_back(each.get());
  for (const slot& each : outlets_)
    if (each.out && !each.path.empty()) static_cast<log_file&>(each.out->to()).keep(each.how);
}

std::size_t journal::take_lines() {
  std::size_t lines = 0;
  // By number: what is taken over meanwhile may be one more.
  for (std::size_t i = 0; i < sources_.size(); ++i)
    lines += sources_[i]->lines.drain([this](targets to, std::string_view line) {
      for (const std::uint16_t number : {to.file, to.terminal}) {
        if (number == targets::none) continue;
        // A logger that was opened since the last look: its slot is there before its first line.
        if (number >= outlets_.size() || !outlets_[number].out) take_over_changes();
        if (number < outlets_.size() && outlets_[number].out)
          outlets_[number].out->take(line);
        else
          dropped_.fetch_add(1, std::memory_order_relaxed);
      }
    });
  written_.store(written_.load(std::memory_order_relaxed) + lines, std::memory_order_relaxed);
  return lines;
}

bool journal::work(moment now) {
  bool more = false;
  std::uint64_t dropped = 0;
  for (const slot& each : outlets_) {
    if (!each.out) continue;
    more = each.out->work(now) || more;
    dropped += each.out->take_dropped();
  }
  dropped_.store(dropped_.load(std::memory_order_relaxed) + dropped, std::memory_order_relaxed);
  return more;
}

// A logger's last line is in a ring before its lease ends: once more taken, nothing comes behind it.
void journal::close_unused() {
  const auto is_unused = [](const slot& each) { return each.out && each.lease.expired(); };
  if (std::none_of(outlets_.begin(), outlets_.end(), is_unused)) return;
  std::vector<std::size_t> unused;
  for (std::size_t i = 0; i < outlets_.size(); ++i)
    if (is_unused(outlets_[i])) unused.push_back(i);
  static_cast<void>(take_lines());
  static_cast<void>(work(std::chrono::steady_clock::now()));
  const std::lock_guard guard(lock_);
  for (const std::size_t i : unused) {
    outlets_[i].out->drop_waiting();
    dropped_.fetch_add(outlets_[i].out->take_dropped(), std::memory_order_relaxed);
    outlets_[i] = {};
    slots_[i] = {};
  }
}

void journal::finish() {
  const moment until = std::chrono::steady_clock::now() + last_words_max;
  take_over_changes();
  static_cast<void>(take_lines());
  const auto is_done = [](const slot& each) { return !each.out || each.out->empty(); };
  do {
    static_cast<void>(work(std::chrono::steady_clock::now()));
    if (std::all_of(outlets_.begin(), outlets_.end(), is_done)) break;
    sleep(batch_interval);
  } while (std::chrono::steady_clock::now() < until);
  for (const slot& each : outlets_)
    if (each.out) each.out->drop_waiting();
  static_cast<void>(work(std::chrono::steady_clock::now()));
  quiet_until_ = {};
  tell_dropped(std::chrono::steady_clock::now());
}

void journal::tell_dropped(moment now) {
  if (now < quiet_until_) return;
  std::uint64_t dropped = dropped_.load(std::memory_order_relaxed);
  for (const feed* each : sources_) dropped += each->dropped.load(std::memory_order_relaxed);
  if (dropped == told_dropped_) return;
  log_.warn("lines of the access log were dropped",
            {{"lines", dropped - told_dropped_}, {"since_start", dropped}});
  told_dropped_ = dropped;
  quiet_until_ = now + told_interval;
}

}  // namespace cardea::proxy::access_log
