#include "app/successor.hpp"

#include "app/predecessor.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace cardea::app {
namespace {

using proxy::net::descriptor_channel;
using proxy::net::file_descriptor;

// Descriptors are put into their places one by one: none of them may stand in another's way.
constexpr int lowest_free_number = 16;
constexpr std::chrono::seconds last_words_patience{1};

base::error system_failure(std::string_view step, int number) {
  return {base::error_code(number, boost::system::generic_category()),
          std::string(step) + ": " + boost::system::generic_category().message(number)};
}

file_descriptor out_of_the_way(int fd) { return file_descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, lowest_free_number)); }

// What is about this process alone is not passed on; the names are systemd's.
std::vector<std::string> environment_for_successor() {
  constexpr std::array<std::string_view, 5> ours{"LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=", "WATCHDOG_PID=",
                                                 hand_over_variable_prefix};
  std::vector<std::string> out;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry(*each);
    const bool skip = std::any_of(ours.begin(), ours.end(), [&](std::string_view name) { return entry.starts_with(name); });
    if (!skip) out.emplace_back(entry);
  }
  out.push_back(hand_over_entry());
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& each : texts) out.push_back(each.data());
  out.push_back(nullptr);
  return out;
}

// The successor's standard error is a pipe to us at first, so that its last words are known; it goes
// back to the real one when it is ready.
base::result<pid_t> spawn(const program& what, int channel, int errors) {
  const file_descriptor own_channel = out_of_the_way(channel);
  const file_descriptor own_errors = out_of_the_way(errors);
  const file_descriptor real_errors = out_of_the_way(STDERR_FILENO);
  if (!own_channel || !own_errors || !real_errors) return system_failure("no descriptor is left", errno);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, own_channel.get(), hand_over_descriptor);
  posix_spawn_file_actions_adddup2(&files, real_errors.get(), hand_over_errors);
  posix_spawn_file_actions_adddup2(&files, own_errors.get(), STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, hand_over_errors + 1);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> arguments = what.arguments;
  std::vector<std::string> variables = environment_for_successor();
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(variables);
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, what.path.c_str(), &files, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) return system_failure("cannot start " + what.path, failure);
  return pid;
}

std::string in_words(int status) {
  if (WIFEXITED(status)) return fmt::format("it ended with exit code {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) return fmt::format("signal {} ended it", WTERMSIG(status));
  return "it ended";
}

}  // namespace

base::result<std::unique_ptr<successor>> successor::start(base::executor where, const program& what) {
  auto channel = descriptor_channel::pair();
  if (!channel) return channel.error();
  std::array<int, 2> errors{};
  if (::pipe2(errors.data(), O_CLOEXEC) != 0) return system_failure("pipe", errno);
  file_descriptor ours(errors[0]);
  const file_descriptor theirs(errors[1]);
  const auto pid = spawn(what, channel->second.get(), theirs.get());
  if (!pid) return pid.error();
  return std::unique_ptr<successor>(new successor(where, *pid, std::move(channel->first), ours.release()));
}

successor::successor(base::executor where, pid_t pid, descriptor_channel channel, int errors)
    : pid_(pid), channel_(std::move(channel)), errors_(where, errors), tasks_(where, base::logger("upgrade")) {
  tasks_.spawn(copy_errors());
}

successor::~successor() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

base::awaitable<void> successor::copy_errors() {
  std::array<char, 4096> piece{};
  while (true) {
    const auto into = base::asio::buffer(piece);
    const auto [failure, got] = co_await errors_.async_read_some(into, base::as_result);
    if (failure) break;
    take({piece.data(), got});
  }
  if (!partial_.empty()) take("\n");
}

void successor::take(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) break;  // nobody reads our log: no reason to stop his
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  for (const char c : text) {
    if (c != '\n') {
      if (partial_.size() < line_bytes_max) partial_ += c;
      continue;
    }
    lines_.push_back(std::exchange(partial_, {}));
    if (lines_.size() > lines_max) lines_.pop_front();
  }
}

// Until it has closed its end; a child of its own may keep that open.
base::awaitable<void> successor::finish_copying() {
  base::steady_timer patience(errors_.get_executor(), last_words_patience);
  patience.async_wait([this](const base::error_code& failure) {
    if (!failure) tasks_.cancel();
  });
  co_await tasks_.join();
  patience.cancel();
}

base::awaitable<std::string> successor::end() {
  // Who is dying keeps his own reason. The channel closes last: a process that lives and finds it closed
  // would believe that we are gone, and serve.
  int status = 0;
  pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped == 0) {
    co_await base::sleep_for(std::chrono::milliseconds(50));
    ::kill(pid_, SIGKILL);
    reaped = ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  channel_.close();
  co_await finish_copying();
  co_return reaped > 0 ? in_words(status) : std::string("it is gone");
}

void successor::kill() noexcept {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

base::awaitable<void> successor::release() {
  pid_ = -1;
  channel_.close();
  co_await finish_copying();
}

}  // namespace cardea::app
