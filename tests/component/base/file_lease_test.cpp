// Goal: one turn at a time among processes, whatever happens to the one that has it.
#include "base/file_lease.hpp"

#include "base/atomic_file.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;

constexpr auto stale_after = 10s;

class a_file_lease : public testing::Test {
 protected:
  std::string text() const { return read_file(path_, 1000).value(); }
  // A process that takes it and then does nothing until it is killed.
  pid_t start_holder() {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      file_lease lease(path_, stale_after);
      const auto taken = lease.try_take(0s);
      const char told = taken && *taken ? 'y' : 'n';
      if (::write(ready[1], &told, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    char told = 0;
    EXPECT_EQ(::read(ready[0], &told, 1), 1);
    EXPECT_EQ(told, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
  }
  static void end(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  test_support::scratch_folder folder_;
  const std::string path_ = folder_ / "a.lock";
};

TEST_F(a_file_lease, is_one_holders_until_it_is_released) {
  file_lease first(path_, stale_after);
  file_lease second(path_, stale_after);
  EXPECT_TRUE(first.try_take(0s).value());
  EXPECT_FALSE(second.try_take(0s).value());
  EXPECT_FALSE(second.is_held());
  first.release();
  EXPECT_EQ(text(), "");
  EXPECT_TRUE(second.try_take(1s).value());
  EXPECT_FALSE(first.try_take(0s).value());
}

TEST_F(a_file_lease, ends_with_its_holder) {
  {
    file_lease first(path_, stale_after);
    ASSERT_TRUE(first.try_take(0s).value());
  }
  file_lease second(path_, stale_after);
  EXPECT_TRUE(second.try_take(0s).value());
}

TEST_F(a_file_lease, b32_is_stale_when_it_was_not_renewed_for_as_long_as_was_agreed) {
  file_lease first(path_, stale_after);
  file_lease second(path_, stale_after);
  ASSERT_TRUE(first.try_take(0s).value());
  EXPECT_FALSE(second.try_take(0s).value());
  EXPECT_FALSE(second.try_take(9s).value());
  EXPECT_TRUE(first.renew().value());
  EXPECT_FALSE(second.try_take(11s).value()) << "renewed meanwhile";
  EXPECT_FALSE(second.try_take(20s).value());
  EXPECT_TRUE(second.try_take(21s).value());
}

TEST_F(a_file_lease, b32_who_was_taken_for_dead_notices_and_takes_nothing_from_the_next) {
  file_lease first(path_, stale_after);
  file_lease second(path_, stale_after);
  ASSERT_TRUE(first.try_take(0s).value());
  ASSERT_FALSE(second.try_take(0s).value());
  ASSERT_TRUE(second.try_take(stale_after).value());
  const std::string seconds = text();
  EXPECT_FALSE(first.renew().value());
  EXPECT_FALSE(first.is_held());
  first.release();
  EXPECT_EQ(text(), seconds);
  EXPECT_TRUE(second.renew().value());
}

TEST_F(a_file_lease, b32_of_a_process_that_was_killed_is_the_next_ones_at_once) {
  const pid_t holder = start_holder();
  file_lease next(path_, stale_after);
  EXPECT_FALSE(next.try_take(0s).value());
  end(holder);
  EXPECT_TRUE(next.try_take(1s).value());
}

TEST_F(a_file_lease, b32_of_a_process_that_was_stopped_is_the_next_ones_after_the_time) {
  const pid_t holder = start_holder();
  ASSERT_EQ(::kill(holder, SIGSTOP), 0);
  file_lease next(path_, stale_after);
  EXPECT_FALSE(next.try_take(0s).value());
  EXPECT_FALSE(next.try_take(9s).value());
  EXPECT_TRUE(next.try_take(10s).value());
  end(holder);
}

// What its number means here, it means nowhere else.
TEST_F(a_file_lease, b32_of_another_machine_is_waited_for_though_no_process_has_that_number) {
  ASSERT_TRUE(write_file_atomically(path_, "0123456789abcdef 7 another-boot/4026531836 999999999\n", 0600));
  file_lease next(path_, stale_after);
  EXPECT_FALSE(next.try_take(0s).value());
  EXPECT_TRUE(next.try_take(stale_after).value());
}

TEST_F(a_file_lease, what_is_torn_is_waited_for_and_what_is_empty_is_nobodys) {
  ASSERT_TRUE(write_file_atomically(path_, "0123", 0600));
  file_lease next(path_, stale_after);
  EXPECT_FALSE(next.try_take(0s).value());
  EXPECT_TRUE(next.try_take(stale_after).value());
  next.release();
  ASSERT_TRUE(write_file_atomically(path_, "", 0600));
  EXPECT_TRUE(next.try_take(0s).value());
}

TEST_F(a_file_lease, of_many_who_come_at_once_one_has_it) {
  std::atomic<int> inside = 0;
  std::atomic<int> turns = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&] {
      file_lease mine(path_, stale_after);
      for (int tries = 0; tries < 20'000; ++tries) {
        if (!mine.try_take(0s).value()) {
          std::this_thread::yield();
          continue;
        }
        EXPECT_EQ(++inside, 1);
        ++turns;
        --inside;
        mine.release();
        if (turns >= 200) return;
      }
    });
  for (std::thread& each : all) each.join();
  EXPECT_GE(turns, 200);
}

TEST_F(a_file_lease, is_its_owners_alone_and_no_link_is_followed) {
  file_lease lease(path_, stale_after);
  ASSERT_TRUE(lease.try_take(0s).value());
  struct stat of {};
  ASSERT_EQ(::stat(path_.c_str(), &of), 0);
  EXPECT_EQ(of.st_mode & 0777U, 0600U);
  std::filesystem::create_symlink(path_, folder_ / "link.lock");
  const auto taken = file_lease(folder_ / "link.lock", stale_after).try_take(0s);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), make_error_code(errc::io));
}

TEST_F(a_file_lease, that_cannot_be_made_is_an_error_with_its_path) {
  const auto taken = file_lease(folder_ / "absent/a.lock", stale_after).try_take(0s);
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message().find("absent/a.lock"), std::string::npos);
}

}  // namespace
}  // namespace cardea::base
