#include "autocert/failure_store.hpp"

#include "base/atomic_file.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using test_support::scratch_folder;

const base::wall_time when = std::chrono::system_clock::from_time_t(1'800'000'000);

TEST(failure_store, names_its_file_after_both_paths) {
  // printf 'certs/cert.crt|certs/priv.key' | sha256sum
  EXPECT_EQ(failure_store("certs/cert.crt", "certs/priv.key").path(), "certs/.last_failure-68435196b59a");
  EXPECT_NE(failure_store("certs/cert.crt", "certs/other.key").path(),
            failure_store("certs/cert.crt", "certs/priv.key").path());
}

TEST(failure_store, remembers_across_restarts_until_cleared) {
  const scratch_folder folder;
  const std::string cert = folder / "new/cert.crt";
  failure_store store(cert, "k");
  EXPECT_FALSE(store.last().has_value());
  ASSERT_TRUE(store.record(when));
  EXPECT_EQ(base::read_file(store.path(), 64).value(), "2027-01-15T08:00:00Z");
  struct stat status {};
  ASSERT_EQ(::stat(store.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(failure_store(cert, "k").last(), when);
  ASSERT_TRUE(store.clear());
  EXPECT_FALSE(store.last().has_value());
  EXPECT_FALSE(failure_store(cert, "k").last().has_value());
  EXPECT_TRUE(store.clear());
}

TEST(failure_store, ignores_a_file_that_is_no_time) {
  const scratch_folder folder;
  const failure_store named(folder / "cert.crt", "k");
  for (const std::string& content : {std::string(), std::string("soon"), std::string(10'000, '1')}) {
    ASSERT_TRUE(base::write_file_atomically(named.path(), content, 0600));
    EXPECT_FALSE(failure_store(folder / "cert.crt", "k").last().has_value());
  }
  ASSERT_TRUE(base::write_file_atomically(named.path(), "2027-01-15T09:00:00.5+01:00\n", 0600));
  EXPECT_EQ(failure_store(folder / "cert.crt", "k").last(), when);
}

TEST(failure_store, remembers_in_memory_what_the_disk_refuses) {
  const scratch_folder folder;
  ASSERT_TRUE(base::write_file_atomically(folder / "file", "x", 0600));
  failure_store store(folder / "file/cert.crt", "k");
  EXPECT_FALSE(store.record(when));
  EXPECT_EQ(store.last(), when);
}

}  // namespace
}  // namespace cardea::autocert
