// Goal: one process at a time has a lock, and one that ended keeps nobody away.
#include "base/file_lock.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

namespace cardea::base {
namespace {

TEST(file_lock, makes_the_file_and_holds_it_until_it_dies) {
  const test_support::scratch_folder scratch;
  const std::string path = scratch / "certs/deep/main.crt.lock";
  std::optional<file_lock> first = file_lock::take(path).value();
  EXPECT_TRUE(std::filesystem::exists(path));
  // Another open file of the same process counts as another owner.
  const auto second = file_lock::take(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), make_error_code(errc::cancelled));
  EXPECT_EQ(second.error().message(), path + " belongs to process " + std::to_string(::getpid()));
  first.reset();
  EXPECT_TRUE(file_lock::take(path));
}

TEST(file_lock, a_process_that_was_killed_keeps_nobody_away) {
  const test_support::scratch_folder scratch;
  const std::string path = scratch / "certs/main.crt.lock";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::alarm(60);
    // The parent's look may hold it for a moment.
    while (true) {
      const auto held = file_lock::take(path);
      while (held) ::pause();
    }
  }
  for (int i = 0; i < 200 && file_lock::take(path); ++i) ::usleep(10'000);
  const auto refused = file_lock::take(path);
  EXPECT_FALSE(refused);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(file_lock::take(path)) << "the file is still there, its owner is not";
}

TEST(file_lock, a_folder_that_cannot_be_made_is_an_error_that_names_it) {
  const auto failed = file_lock::take("/proc/nowhere/main.crt.lock");
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message().find("/proc/nowhere"), std::string::npos) << failed.error().message();
  EXPECT_NE(failed.error(), make_error_code(errc::cancelled));
}

}  // namespace
}  // namespace cardea::base
