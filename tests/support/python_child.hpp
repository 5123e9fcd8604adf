#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace cardea::tests {

/// A Python program that runs beside a test and dies with it (also when the test is killed).
class python_child {
 public:
  /// Starts Debian's /usr/bin/python3, whose packages the tests rely on, with these arguments.
  explicit python_child(const std::vector<std::string>& arguments);
  python_child(const python_child&) = delete;
  python_child& operator=(const python_child&) = delete;
  ~python_child();

  /// The next line of its standard output, without the line end; empty at its
  /// end or after `patience`, which is counted as a failure of the test.
  std::string read_line(std::chrono::milliseconds patience = std::chrono::seconds(20));

  /// Closes its standard input: the usual sign to come to an end.
  void close_input();
  void write_line(const std::string& text);

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string unread_;
};

}  // namespace cardea::tests
