#include "dnsproviders/exec.hpp"

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "base/text.hpp"
#include "dnsproviders/timing.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"program", "EXEC_PATH", true, false, {}, "the program; without a slash it is searched in PATH"},
    {"mode", "EXEC_MODE", false, false, {}, "RAW passes domain, token and key authorization"},
    {"timeout", "EXEC_TIMEOUT", false, false, "120", "after which the program is killed"},
}};
constexpr provider_metadata metadata{
    "exec", {}, "your own program", "https://go-acme.github.io/lego/dns/exec/", options_of, "EXEC_"};

constexpr std::size_t line_bytes_max = 4 * 1024;
constexpr std::size_t words_bytes_max = 300;
constexpr int chunks_after_the_end_max = 64;

using descriptor = base::asio::posix::basic_stream_descriptor<base::executor>;

std::string words_of(int failure) { return std::error_code(failure, std::generic_category()).message(); }

// A program that runs, and leads a process group of its own. What still runs of
// it when this dies is killed.
class child {
 public:
  child() = default;
  child(child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        output_(std::exchange(other.output_, -1)),
        exited_(std::exchange(other.exited_, -1)) {}
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    for (const int open : {output_, exited_})
      if (open >= 0) close(open);
    if (pid_ <= 0) return;
    kill_group();
    (void)reap();
  }

  [[nodiscard]] static base::result<child> start(const std::vector<std::string>& words);

  /// Readable: what it prints to stdout and stderr. The caller closes it.
  [[nodiscard]] int take_output() noexcept { return std::exchange(output_, -1); }
  /// Readable when it has ended. The caller closes it.
  [[nodiscard]] int take_exited() noexcept { return std::exchange(exited_, -1); }
  /// Nothing once it is reaped: the number may be somebody else's then.
  void kill_group() const noexcept {
    if (pid_ > 0) kill(-pid_, SIGKILL);
  }
  /// Waits for its end; the status as waitpid gives it.
  [[nodiscard]] int reap() noexcept {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int exited_ = -1;
};

int spawn(pid_t& pid, const std::vector<std::string>& words, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  // Libraries open sockets without close-on-exec: none of them is the program's business.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  // Nor are our signals: an ignored SIGPIPE and a blocked SIGTERM would be inherited.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int failure = posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failure;
}

base::result<child> child::start(const std::vector<std::string>& words) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return base::error(base::errc::io, words_of(errno));
  child out;
  out.output_ = pipe_ends[0];
  const int failure = spawn(out.pid_, words, pipe_ends[1]);
  close(pipe_ends[1]);
  if (failure != 0) {
    out.pid_ = -1;
    return base::error(base::errc::io, words_of(failure));
  }
  out.exited_ = static_cast<int>(syscall(SYS_pidfd_open, out.pid_, 0));
  if (out.exited_ < 0) return base::error(base::errc::io, words_of(errno));
  return out;
}

// What the program prints goes to the log line by line; over-long lines are cut.
class printed_lines {
 public:
  explicit printed_lines(const base::logger& log) : log_(log) {}

  void add(std::string_view bytes) {
    pending_ += bytes;
    while (true) {
      const auto end = pending_.find('\n');
      if (end == std::string::npos && pending_.size() < line_bytes_max) return;
      take(std::min(end, line_bytes_max));
      pending_.erase(0, end == std::string::npos ? line_bytes_max : end + 1);
    }
  }
  void finish() {
    if (!pending_.empty()) take(std::min(pending_.size(), line_bytes_max));
    pending_.clear();
  }
  /// The last line that is not blank, shortened, without control bytes.
  [[nodiscard]] const std::string& last() const noexcept { return last_; }

 private:
  void take(std::size_t size) {
    std::string line = pending_.substr(0, size);
    log_.info("the program says", {{"line", line}});
    for (char& c : line)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    if (const auto words = base::trim(line); !words.empty()) last_ = words.substr(0, words_bytes_max);
  }

  const base::logger& log_;
  std::string pending_;
  std::string last_;
};

// One run; on the heap, because its deadline may fire when it has just ended.
struct running {
  running(base::executor where, child started, const base::logger& log)
      : program(std::move(started)),
        output(where, program.take_output()),
        exited(where, program.take_exited()),
        limit(where),
        lines(log) {}

  child program;
  descriptor output;
  descriptor exited;
  base::steady_timer limit;
  printed_lines lines;
  bool is_expired = false;
  bool has_ended = false;
};

base::awaitable<void> read_output(std::shared_ptr<running> of) {
  std::array<char, 4096> chunk;
  while (!of->has_ended) {
    const auto in = base::asio::buffer(chunk);
    auto [failure, size] = co_await of->output.async_read_some(in, base::as_result);
    of->lines.add({chunk.data(), size});
    if (failure) break;
  }
}

// What was printed last, and not read yet when the end was seen. A process that the program has left
// behind may hold the pipe open for ever, so the pipe's end is not waited for.
void read_rest(running& of) {
  base::error_code failure;
  of.output.non_blocking(true, failure);
  std::array<char, 4096> chunk;
  for (int count = 0; !failure && count < chunks_after_the_end_max; ++count) {
    const std::size_t size = of.output.read_some(base::asio::buffer(chunk), failure);
    of.lines.add({chunk.data(), size});
  }
  of.lines.finish();
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
    auto started = child::start(words);
    if (!started) co_return started.error().at("exec: cannot start " + program_);
    // Cancellation is a value here: the program is ended in an orderly way after it too.
    co_await base::asio::this_coro::throw_if_cancelled(false);
    const base::executor where = co_await base::asio::this_coro::executor;
    const auto it = std::make_shared<running>(where, std::move(*started), log_);
    base::task_group readers(where, log_);
    readers.spawn(read_output(it));
    bound(it);
    auto [withdrawn] = co_await it->exited.async_wait(descriptor::wait_read, base::as_result);
    it->has_ended = true;
    it->limit.cancel();
    if (withdrawn || it->is_expired) it->program.kill_group();
    const int status = it->program.reap();
    readers.cancel();
    co_await readers.join();
    read_rest(*it);
    if (withdrawn) co_return base::error(base::errc::cancelled, "exec: " + program_ + " was withdrawn");
    co_return judge(*it, status);
  }

  void bound(const std::shared_ptr<running>& it) const {
    it->limit.expires_after(timeout_);
    it->limit.async_wait([it](base::error_code failure) {
      if (failure || it->has_ended) return;
      it->is_expired = true;
      it->program.kill_group();
    });
  }

  base::result<void> judge(const running& it, int status) const {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    const std::string words = it.lines.last().empty() ? "" : ": " + it.lines.last();
    if (it.is_expired)
      return base::error(base::errc::timed_out, "exec: " + program_ + " was killed after " +
                                                    std::to_string(timeout_.count()) + " ms" + words);
    const std::string how = WIFEXITED(status) ? "ended with status " + std::to_string(WEXITSTATUS(status))
                                              : "was ended by signal " + std::to_string(WTERMSIG(status));
    return base::error(base::errc::protocol, "exec: " + program_ + " " + how + words);
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
  const auto timeout = options.timeout("timeout");
  if (!timeout) return timeout.error();
  const auto propagation = read_timing(options, {});
  if (!propagation) return propagation.error();
  return std::unique_ptr<provider>(
      std::make_unique<exec>(options["program"], options["mode"] == "RAW", *timeout, *propagation));
}

}  // namespace cardea::dnsproviders
