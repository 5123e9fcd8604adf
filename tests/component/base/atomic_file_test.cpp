#include "base/atomic_file.hpp"

#include "tests/support/file_faults.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace cardea::base {
namespace {

using test_support::file_faults;
using test_support::scratch_folder;
using testing::HasSubstr;

constexpr std::size_t bytes_max = 1U << 20U;

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

std::size_t entry_count(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(atomic_file, replaces_content_and_mode_and_leaves_nothing_else) {
  const scratch_folder folder;
  const std::string path = folder / "file";
  ASSERT_TRUE(write_file_atomically(path, "old", 0644));
  ASSERT_TRUE(write_file_atomically(path, std::string(100'000, 'x'), 0600));
  EXPECT_EQ(read_file(path, bytes_max).value(), std::string(100'000, 'x'));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(entry_count(folder.path()), 1U);
}

TEST(atomic_file, has_the_asked_mode_whatever_the_umask) {
  const scratch_folder folder;
  const mode_t before = ::umask(0077);
  const auto written = write_file_atomically(folder / "file", "x", 0644);
  ::umask(before);
  ASSERT_TRUE(written);
  EXPECT_EQ(mode_of(folder / "file"), 0644U);
}

TEST(atomic_file, keeps_a_symbolic_link_and_writes_behind_it) {
  const scratch_folder folder;
  std::filesystem::create_directory(folder / "real");
  ASSERT_TRUE(write_file_atomically(folder / "real/file", "old", 0600));
  std::filesystem::create_symlink("real/file", folder / "link");
  ASSERT_TRUE(write_file_atomically(folder / "link", "new", 0600));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real/file", bytes_max).value(), "new");
}

TEST(atomic_file, is_old_or_new_whichever_call_is_the_last) {
  const scratch_folder folder;
  const std::string path = folder / "file";
  bool completed = false;
  for (std::size_t n = 0; !completed; ++n) {
    ASSERT_LT(n, 20U);
    ASSERT_TRUE(write_file_atomically(path, "old", 0600));
    file_faults faults(n);
    completed = write_file_atomically(path, "new and longer", 0600, faults).has_value();
    const std::string content = read_file(path, bytes_max).value();
    EXPECT_TRUE(content == "old" || content == "new and longer") << n << ": " << content;
    EXPECT_TRUE(!completed || content != "old");
  }
}

TEST(atomic_file, removes_its_temporary_when_the_disk_is_full) {
  const scratch_folder folder;
  class full_disk final : public file_calls {
    long write(int, const char*, std::size_t) override {
      errno = ENOSPC;
      return -1;
    }
  } full;
  const auto written = write_file_atomically(folder / "file", "x", 0600, full);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), make_error_code(errc::io));
  EXPECT_THAT(written.error().message(), HasSubstr(folder / "file"));
  EXPECT_THAT(written.error().message(), HasSubstr("No space left on device"));
  EXPECT_THAT(written.error().message(), HasSubstr("free some disk space"));
  EXPECT_EQ(entry_count(folder.path()), 0U);
}

TEST(atomic_file, tells_an_absent_file_from_one_that_cannot_be_read) {
  const scratch_folder folder;
  EXPECT_EQ(read_file(folder / "file", bytes_max).error(), make_error_code(errc::not_found));
  EXPECT_EQ(read_file(folder.path(), bytes_max).error(), make_error_code(errc::io));
}

TEST(atomic_file, refuses_to_read_more_than_the_maximum) {
  const scratch_folder folder;
  ASSERT_TRUE(write_file_atomically(folder / "file", "12345", 0600));
  EXPECT_TRUE(read_file(folder / "file", 5));
  EXPECT_EQ(read_file(folder / "file", 4).error(), make_error_code(errc::limit_exceeded));
}

TEST(atomic_file, creates_missing_folders_with_the_mode_and_leaves_others_alone) {
  const scratch_folder folder;
  std::filesystem::create_directory(folder / "a");
  ASSERT_EQ(::chmod((folder / "a").c_str(), 0755), 0);
  ASSERT_TRUE(make_directories(folder / "a/b/c", 0700));
  EXPECT_EQ(mode_of(folder / "a"), 0755U);
  EXPECT_EQ(mode_of(folder / "a/b"), 0700U);
  EXPECT_EQ(mode_of(folder / "a/b/c"), 0700U);
  EXPECT_TRUE(make_directories(folder / "a/b/c", 0700));
  ASSERT_TRUE(write_file_atomically(folder / "file", "x", 0600));
  EXPECT_FALSE(make_directories(folder / "file/below", 0700));
}

TEST(atomic_file, sweeps_only_old_temporaries_of_that_file) {
  const scratch_folder folder;
  for (const char* name : {"file.tmp-1", "file.tmp-2", "other.tmp-1", "file"})
    ASSERT_TRUE(write_file_atomically(folder / name, "x", 0600));
  std::filesystem::last_write_time(folder / "file.tmp-1",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  remove_stale_temporaries(folder / "file", std::chrono::minutes(10));
  EXPECT_FALSE(std::filesystem::exists(folder / "file.tmp-1"));
  EXPECT_EQ(entry_count(folder.path()), 3U);
}

TEST(atomic_file, removing_an_absent_file_is_a_success) {
  const scratch_folder folder;
  EXPECT_TRUE(remove_file(folder / "file"));
  ASSERT_TRUE(write_file_atomically(folder / "file", "x", 0600));
  EXPECT_TRUE(remove_file(folder / "file"));
  EXPECT_FALSE(std::filesystem::exists(folder / "file"));
}

}  // namespace
}  // namespace cardea::base
