#include "dnsproviders/exec.hpp"

#include "base/log.hpp"
#include "dnsproviders/timing.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <array>
#include <csignal>
#include <cstring>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"program", "EXEC_PATH", true, false, {}, "the program; without a slash it is searched in PATH"},
    {"mode", "EXEC_MODE", false, false, {}, "RAW passes domain, token and key authorization"},
    {"timeout", "EXEC_TIMEOUT", false, false, "120", "after which the program is killed"},
}};
constexpr provider_metadata metadata{
    "exec", {}, "your own program", "https://go-acme.github.io/lego/dns/exec/", options_of};

constexpr std::size_t line_bytes_max = 4 * 1024;

using descriptor = base::asio::posix::basic_stream_descriptor<base::executor>;

struct running_program {
  pid_t pid = -1;
  int output = -1;  ///< stdout and stderr together
  int exited = -1;  ///< readable when it has ended
};

base::result<running_program> start(const std::vector<std::string>& words) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return base::error(base::errc::io, std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 2);
  // Libraries open sockets without close-on-exec: none of them is the program's business.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  running_program out;
  const int failure = posix_spawnp(&out.pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  out.output = pipe_ends[0];
  if (failure != 0) {
    close(pipe_ends[0]);
    return base::error(base::errc::io, std::strerror(failure));
  }
  out.exited = static_cast<int>(syscall(SYS_pidfd_open, out.pid, 0));
  return out;
}

// Logs what the program prints, line by line; over-long lines are cut.
void log_lines(std::string& pending, const base::logger& log, bool last) {
  while (true) {
    const auto end = pending.find('\n');
    if (end == std::string::npos && pending.size() < line_bytes_max && !(last && !pending.empty())) return;
    const std::string line = pending.substr(0, std::min(end, line_bytes_max));
    pending.erase(0, end == std::string::npos ? line.size() : end + 1);
    log.info("the program says", {{"line", line}});
  }
}

class exec final : public provider {
 public:
  exec(std::string program, bool raw, std::chrono::milliseconds timeout, propagation_timing propagation)
      : program_(std::move(program)), raw_(raw), timeout_(timeout), propagation_(propagation), log_("exec") {}

  base::awaitable<base::result<void>> present(challenge_record record) override {
    return run("present", std::move(record));
  }
  base::awaitable<base::result<void>> clean_up(challenge_record record) override {
    return run("cleanup", std::move(record));
  }
  propagation_timing timing() const noexcept override { return propagation_; }

 private:
  base::awaitable<base::result<void>> run(std::string verb, challenge_record record) {
    std::vector<std::string> words{program_, std::move(verb)};
    if (raw_)
      words.insert(words.end(), {"--", record.domain, record.token, record.key_authorization});
    else
      words.insert(words.end(), {record.fqdn + ".", record.value});
    const auto started = start(words);
    if (!started) co_return started.error().at("exec: cannot start " + program_);
    co_await follow(*started);
    int status = 0;
    waitpid(started->pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) co_return base::result<void>();
    const std::string how = WIFEXITED(status) ? "ended with status " + std::to_string(WEXITSTATUS(status))
                                              : "was ended by signal " + std::to_string(WTERMSIG(status));
    co_return base::error(base::errc::protocol,
                          "exec: " + program_ + " " + how + "; what it printed is in the log");
  }

  // Returns when the program has ended, by itself or killed at its deadline.
  base::awaitable<void> follow(running_program program) {
    const base::executor where = co_await base::asio::this_coro::executor;
    descriptor output(where, program.output);
    descriptor exited(where, program.exited);
    const auto limit = std::make_unique<base::steady_timer>(where, timeout_);
    const pid_t pid = program.pid;
    limit->async_wait([pid, &output](base::error_code failure) {
      if (failure) return;
      kill(pid, SIGKILL);
      // A grandchild may hold the pipe open for ever.
      base::error_code ignored;
      output.cancel(ignored);
    });
    std::string pending;
    std::array<char, 4096> chunk;
    while (true) {
      const auto in = base::asio::buffer(chunk);
      auto [failure, size] = co_await output.async_read_some(in, base::as_result);
      pending.append(chunk.data(), size);
      log_lines(pending, log_, failure.failed());
      if (failure) break;
    }
    auto [failure] = co_await exited.async_wait(descriptor::wait_read, base::as_result);
    if (failure) kill(pid, SIGKILL);  // withdrawn by the caller: nothing may be left running
    limit->cancel();
  }

  std::string program_;
  bool raw_;
  std::chrono::milliseconds timeout_;
  propagation_timing propagation_;
  base::logger log_;
};

}  // namespace

const provider_metadata& exec_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_exec(const option_values& options, services) {
  const auto timeout = options.duration("timeout");
  if (!timeout) return timeout.error();
  const auto propagation = read_timing(options, {});
  if (!propagation) return propagation.error();
  return std::unique_ptr<provider>(
      std::make_unique<exec>(options["program"], options["mode"] == "RAW", *timeout, *propagation));
}

}  // namespace cardea::dnsproviders
