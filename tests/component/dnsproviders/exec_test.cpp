// Goal: a user's own program gets what it is promised, nothing else, and ends in
// bounded time. Method: real shell scripts.
#include "base/log.hpp"
#include "dnsproviders/registry.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace cardea::dnsproviders {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using clock = std::chrono::steady_clock;

const challenge_record record{"_acme-challenge.www.example.com", "-value_of_43", "www.example.com", "-token",
                              "-token.thumbprint"};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Within `patience`: processes are ended by the kernel when it likes.
bool soon(const std::function<bool()>& is_true, std::chrono::milliseconds patience = 3s) {
  for (const auto until = clock::now() + patience; clock::now() < until; std::this_thread::sleep_for(5ms))
    if (is_true()) return true;
  return is_true();
}

bool is_running(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string number;
  std::string name;
  std::string state;
  return static_cast<bool>(file >> number >> name >> state) && state != "Z";
}

class exec : public testing::Test {
 protected:
  exec() { base::set_log_level(base::log_level::error); }
  ~exec() override { base::set_log_level(base::log_level::info); }

  /// The provider with a script of these lines in its folder, which is the script's $0's.
  std::unique_ptr<provider> with_script(const std::string& lines,
                                        std::map<std::string, std::string> more = {}) {
    std::ofstream(program_) << "#!/bin/sh\ncd \"$(dirname \"$0\")\" || exit 99\n" << lines << "\n";
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
    return with_program(program_, std::move(more));
  }
  static std::unique_ptr<provider> with_program(const std::string& program,
                                                std::map<std::string, std::string> more = {}) {
    more.emplace("program", program);
    std::map<std::string, base::secret> options;
    for (const auto& [key, value] : more) options.emplace(key, base::secret(value));
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    services none{base::fetch{}, base::dns_resolver::create({"127.0.0.1:1"}).value()};
    return make_provider("exec", options, nothing, std::move(none)).value();
  }

  std::string present(provider& by) {
    const auto outcome = tests::run(context_, by.present(record));
    return outcome ? "success" : outcome.error().message();
  }
  std::string clean_up(provider& by) {
    const auto outcome = tests::run(context_, by.clean_up(record));
    return outcome ? "success" : outcome.error().message();
  }

  test_support::scratch_folder folder_;
  std::string program_ = folder_ / "script";
  base::asio::io_context context_{1};
};

TEST_F(exec, passes_name_and_value_to_the_program) {
  const auto by = with_script("printf '%s|' \"$#\" \"$@\" >> arguments");
  EXPECT_EQ(present(*by), "success");
  EXPECT_EQ(clean_up(*by), "success");
  EXPECT_EQ(content(folder_ / "arguments"),
            "3|present|_acme-challenge.www.example.com.|-value_of_43|"
            "3|cleanup|_acme-challenge.www.example.com.|-value_of_43|");
}

TEST_F(exec, passes_domain_token_and_key_authorization_in_raw_mode) {
  const auto by = with_script("printf '%s|' \"$#\" \"$@\" >> arguments", {{"mode", "RAW"}});
  EXPECT_EQ(present(*by), "success");
  EXPECT_EQ(clean_up(*by), "success");
  EXPECT_EQ(content(folder_ / "arguments"),
            "5|present|--|www.example.com|-token|-token.thumbprint|"
            "5|cleanup|--|www.example.com|-token|-token.thumbprint|");
}

TEST_F(exec, passes_the_environment_on_and_an_empty_input) {
  setenv("CARDEA_EXEC_TEST", "from outside", 1);
  const auto by = with_script("printf '%s' \"$CARDEA_EXEC_TEST\" > environment; cat > input");
  EXPECT_EQ(present(*by), "success");
  unsetenv("CARDEA_EXEC_TEST");
  EXPECT_EQ(content(folder_ / "environment"), "from outside");
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "input"));
}

TEST_F(exec, passes_none_of_its_own_descriptors_on) {
  const int leaky = socket(AF_INET, SOCK_STREAM, 0);  // without close-on-exec
  const auto by = with_script("ls /proc/$$/fd > descriptors");
  EXPECT_EQ(present(*by), "success");
  close(leaky);
  // 10 and more are the shell's own, for the script.
  for (const char c : content(folder_ / "descriptors").substr(0, 8))
    EXPECT_NE(std::string("012\n1").find(c), std::string::npos) << content(folder_ / "descriptors");
  EXPECT_TRUE(content(folder_ / "descriptors").starts_with("0\n1\n"));
}

TEST_F(exec, passes_no_ignored_or_blocked_signals_on) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old = signal(SIGPIPE, SIG_IGN);
  const auto by = with_script("sed -n 's/^Sig\\(Blk\\|Ign\\)://p' /proc/self/status > signals");
  EXPECT_EQ(present(*by), "success");
  signal(SIGPIPE, old);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::ifstream masks(folder_ / "signals");
  std::uint64_t both[2] = {1, 1};
  masks >> std::hex >> both[0] >> both[1];
  // 32 and 33 are the C library's own.
  for (const std::uint64_t mask : both) EXPECT_EQ(mask & 0x7fffffffU, 0U) << content(folder_ / "signals");
}

TEST_F(exec, searches_a_program_without_a_slash_in_the_path) {
  EXPECT_EQ(present(*with_program("true")), "success");
  EXPECT_EQ(present(*with_program("false")), "exec: false ended with status 1");
}

TEST_F(exec, says_why_a_program_cannot_be_started) {
  EXPECT_EQ(present(*with_program(folder_ / "none")),
            "exec: cannot start " + (folder_ / "none") + ": No such file or directory");
  EXPECT_EQ(present(*with_program(folder_.path())),
            "exec: cannot start " + folder_.path() + ": Permission denied");
}

TEST_F(exec, reports_status_and_last_words_of_a_program_that_fails) {
  const struct {
    const char* lines;
    const char* says;
  } rows[] = {{"exit 3", " ended with status 3"},
              {"echo working; echo 'zone is locked' >&2; exit 4", " ended with status 4: zone is locked"},
              {"printf 'no line end'; exit 5", " ended with status 5: no line end"},
              {"echo 'last words'; echo; echo '  '; exit 6", " ended with status 6: last words"},
              {"printf 'red \\033[31m alert\\n'; exit 7", " ended with status 7: red  [31m alert"},
              {"kill -TERM $$", " was ended by signal 15"}};
  for (const auto& row : rows) EXPECT_EQ(present(*with_script(row.lines)), "exec: " + program_ + row.says);
}

TEST_F(exec, logs_every_line_and_is_not_stopped_by_a_flood_of_them) {
  base::set_log_level(base::log_level::info);
  std::vector<std::string> lines;
  const auto listening =
      base::subscribe_to_log([&](const base::log_line& line) { lines.push_back(line.text); });
  // More than a pipe holds, one line longer than is kept, one without an end.
  const auto by = with_script(
      "i=0; while [ $i -lt 200 ]; do printf 'line %s %400s\\n' $i .; i=$((i+1)); "
      "done; head -c 10000 /dev/zero | tr '\\0' x; echo; echo oops >&2; printf end; exit 1");
  EXPECT_EQ(present(*by), "exec: " + program_ + " ended with status 1: end");
  ASSERT_GE(lines.size(), 203U);
  EXPECT_THAT(lines[0], HasSubstr("line 0 "));
  EXPECT_THAT(lines[199], HasSubstr("line 199 "));
  for (const std::string& line : lines) EXPECT_LT(line.size(), 4500U);
}

TEST_F(exec, kills_the_program_and_all_that_it_started_at_its_deadline) {
  const auto by = with_script("echo $$ > pid; sleep 60 & echo $! > child; echo 'still busy'; wait",
                              {{"timeout", "300ms"}});
  const auto begin = clock::now();
  EXPECT_EQ(present(*by), "exec: " + program_ + " was killed after 300 ms: still busy");
  EXPECT_LT(clock::now() - begin, 5s);
  for (const char* file : {"pid", "child"}) {
    std::string pid = content(folder_ / file);
    ASSERT_FALSE(pid.empty()) << file;
    pid.pop_back();
    EXPECT_TRUE(soon([&] { return !is_running(pid); })) << file << " " << pid;
  }
}

TEST_F(exec, does_not_wait_for_what_a_program_left_in_the_background) {
  const auto by = with_script("sleep 20 & echo $! > child; echo done", {{"timeout", "10s"}});
  const auto begin = clock::now();
  EXPECT_EQ(present(*by), "success");
  EXPECT_LT(clock::now() - begin, 5s);
  kill(std::stoi(content(folder_ / "child")), SIGKILL);
}

TEST_F(exec, waits_for_a_program_that_closed_its_output) {
  const auto by = with_script("exec >&- 2>&-; sleep 0.2; echo late > late; exit 8");
  EXPECT_EQ(present(*by), "exec: " + program_ + " ended with status 8");
  EXPECT_EQ(content(folder_ / "late"), "late\n");
}

TEST_F(exec, ends_the_program_when_it_is_withdrawn) {
  const auto by = with_script("echo $$ > pid; exec sleep 60");
  base::asio::cancellation_signal withdraw;
  std::optional<base::result<void>> outcome;
  base::asio::co_spawn(context_, by->present(record),
                       base::asio::bind_cancellation_slot(
                           withdraw.slot(), [&](std::exception_ptr thrown, base::result<void> result) {
                             EXPECT_EQ(thrown, nullptr);
                             outcome.emplace(std::move(result));
                           }));
  ASSERT_TRUE(soon([&] {
    context_.poll();
    return !content(folder_ / "pid").empty();
  }));
  withdraw.emit(base::asio::cancellation_type::terminal);
  context_.run_for(5s);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error().code, base::errc::cancelled);
  std::string pid = content(folder_ / "pid");
  pid.pop_back();
  EXPECT_TRUE(soon([&] { return !is_running(pid); }));
}

TEST_F(exec, runs_several_programs_at_once) {
  const auto by = with_script("sleep 0.3; echo x >> count");
  int ended = 0;
  const auto begin = clock::now();
  for (int i = 0; i < 8; ++i)
    base::asio::co_spawn(context_, by->present(record), [&](std::exception_ptr, base::result<void> outcome) {
      EXPECT_TRUE(outcome);
      ++ended;
    });
  context_.run();
  EXPECT_EQ(ended, 8);
  EXPECT_LT(clock::now() - begin, 2s);
  EXPECT_EQ(content(folder_ / "count").size(), 16U);
}

}  // namespace
}  // namespace cardea::dnsproviders
