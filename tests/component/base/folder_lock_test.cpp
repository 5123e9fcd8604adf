// Goal: one process at a time writes into a folder, and one that ended keeps nobody away.
#include "base/folder_lock.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

namespace cardea::base {
namespace {

TEST(folder_lock, makes_the_folder_and_holds_it_until_it_dies) {
  const test_support::scratch_folder scratch;
  const std::string folder = scratch / "certs/deep";
  std::optional<folder_lock> first = folder_lock::take(folder).value();
  EXPECT_TRUE(std::filesystem::exists(folder + "/.lock"));
  // Another open file of the same process counts as another owner.
  const auto second = folder_lock::take(folder);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), make_error_code(errc::cancelled));
  EXPECT_EQ(second.error().message(), folder + " belongs to process " + std::to_string(::getpid()));
  first.reset();
  EXPECT_TRUE(folder_lock::take(folder));
}

TEST(folder_lock, a_process_that_was_killed_keeps_nobody_away) {
  const test_support::scratch_folder scratch;
  const std::string folder = scratch / "certs";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto held = folder_lock::take(folder);
    while (held) ::pause();
    ::_exit(1);
  }
  for (int i = 0; i < 200 && folder_lock::take(folder); ++i) ::usleep(10'000);
  const auto refused = folder_lock::take(folder);
  EXPECT_FALSE(refused);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(folder_lock::take(folder)) << "the file is still there, its owner is not";
}

TEST(folder_lock, a_folder_that_cannot_be_made_is_an_error_that_names_it) {
  const auto failed = folder_lock::take("/proc/nowhere/certs");
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message().find("/proc/nowhere"), std::string::npos) << failed.error().message();
  EXPECT_NE(failed.error(), make_error_code(errc::cancelled));
}

}  // namespace
}  // namespace cardea::base
