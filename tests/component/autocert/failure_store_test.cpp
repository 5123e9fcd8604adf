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
  ASSERT_TRUE(store.begin(when, "w"));
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
  EXPECT_FALSE(store.begin(when, "w"));
  EXPECT_EQ(store.last(), when);
}

TEST(failure_store, b22_keeps_the_record_of_all_attempts_across_restarts) {
  const scratch_folder folder;
  const std::string cert = folder / "cert.crt";
  failure_store store(cert, "k");
  EXPECT_EQ(store.record(), failure_record());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store.begin(when, "w"));
  failure_record record = store.record();
  EXPECT_EQ(record.in_row, 3U);
  record.issuers = {{"https://one.test/", 2, when, true}, {"https://two.test/", 1, std::nullopt, false}};
  ASSERT_TRUE(store.keep(record));
  struct stat status {};
  ASSERT_EQ(::stat(store.record_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(failure_store(cert, "k").record(), record);
  ASSERT_TRUE(store.clear());
  EXPECT_FALSE(std::filesystem::exists(store.record_path()));
}

TEST(failure_store, b22_a_record_that_is_torn_leaves_the_stamp) {
  const scratch_folder folder;
  const std::string cert = folder / "cert.crt";
  failure_store store(cert, "k");
  ASSERT_TRUE(store.begin(when, "w"));
  const std::string whole = base::read_file(store.record_path(), 1000).value();
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
    ASSERT_TRUE(base::write_file_atomically(store.record_path(), whole.substr(0, size), 0600));
    failure_store again(cert, "k");
    EXPECT_EQ(again.last(), when);
    EXPECT_EQ(again.record(), failure_record());
  }
  ASSERT_TRUE(base::write_file_atomically(
      store.record_path(), R"({"failures_in_row":-3,"issuers":[1,{"ca":2,"not_before":"x","failures":"y"}]})",
      0600));
  EXPECT_EQ(failure_store(cert, "k").record().in_row, 0U);
}

TEST(failure_store, b27_what_was_refused_for_good_is_of_no_meaning_to_another_request) {
  const scratch_folder folder;
  failure_store store(folder / "cert.crt", "k");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store.begin(when, "one"));
  failure_record record = store.record();
  record.issuers = {{"a", 3, when, true}, {"b", 2, when, false}};
  ASSERT_TRUE(store.keep(record));
  store.forget_other("one");
  EXPECT_EQ(store.record(), record);
  store.forget_other("two");
  EXPECT_EQ(store.record().in_row, 1U);
  EXPECT_EQ(store.record().issuers[0].not_before, std::nullopt);
  EXPECT_EQ(store.record().issuers[1].not_before, when) << "a limit is one whatever is asked for";
}

}  // namespace
}  // namespace cardea::autocert
