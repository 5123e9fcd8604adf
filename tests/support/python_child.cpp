#include "tests/support/python_child.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace cardea::tests {
namespace {

[[noreturn]] void become(std::vector<char*> arguments, int input, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  // Asio's sockets are inherited; one that the child held could never be closed by the test.
  close_range(3, ~0U, 0);
  execv("/usr/bin/python3", arguments.data());
  _exit(127);
}

}  // namespace

python_child::python_child(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"python3", "-u"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (pipe2(to.data(), O_CLOEXEC) != 0 || pipe2(from.data(), O_CLOEXEC) != 0) {
    ADD_FAILURE() << "no pipe";
    return;
  }
  pid_ = fork();
  if (pid_ == 0) become(pointers, to[0], from[1]);
  close(to[0]);
  close(from[1]);
  input_ = to[1];
  output_ = from[0];
}

python_child::~python_child() {
  close_input();
  if (output_ >= 0) close(output_);
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string python_child::read_line(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now())
            .count();
    pollfd entry{output_, POLLIN, 0};
    if (left <= 0 || poll(&entry, 1, static_cast<int>(left)) <= 0) {
      ADD_FAILURE() << "the Python program said nothing in time; so far: " << unread_;
      return {};
    }
    std::array<char, 65536> bytes{};
    const auto count = read(output_, bytes.data(), bytes.size());
    if (count <= 0) {
      EXPECT_EQ(unread_, "") << "the Python program ended within a line";
      return {};
    }
    unread_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

void python_child::close_input() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

void python_child::write_line(const std::string& text) {
  const std::string line = text + "\n";
  EXPECT_EQ(write(input_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
}

}  // namespace cardea::tests
