// Goal: no key lies open without a word, and ours not at all (B86).
// Method: real files with real modes; the log is listened to.
#include "autocert/acme/account_key.hpp"
#include "autocert/cert_store.hpp"
#include "base/atomic_file.hpp"
#include "base/private_file.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/scripted_ca.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using testing::HasSubstr;

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class key_access : public testing::Test {
 protected:
  key_access() {
    const auto pair =
        test_support::make_pair({"a.test"}, std::chrono::system_clock::now(), std::chrono::hours(24));
    EXPECT_TRUE(store().save(pair.chain, pair.key));
    listening_ = base::subscribe_to_log([this](const base::log_line& line) { log_ += line.text + "\n"; });
  }
  [[nodiscard]] cert_store store() const { return {folder_ / "certs/a.crt", key_path_, base::logger("test")}; }
  void open_to_others(unsigned mode) { ASSERT_EQ(::chmod(key_path_.c_str(), mode), 0); }

  test_support::scratch_folder folder_;
  std::string key_path_ = folder_ / "certs/a.key";
  std::string log_;
  base::log_subscription listening_;
};

TEST_F(key_access, b86_what_is_saved_is_its_owners_alone) {
  EXPECT_EQ(mode_of(key_path_), 0600U);
  EXPECT_EQ(mode_of(folder_ / "certs"), 0700U);
  EXPECT_FALSE(base::exposure_of(key_path_));
  ASSERT_TRUE(store().load(on_damage::quarantine));
  EXPECT_EQ(log_, "");
}

TEST_F(key_access, b86_a_key_of_ours_that_others_can_read_is_protected_and_told) {
  for (const unsigned mode : {0640U, 0604U, 0666U, 0777U}) {
    open_to_others(mode);
    ASSERT_TRUE(store().load(on_damage::quarantine));
    EXPECT_EQ(mode_of(key_path_), mode & 0700U) << std::oct << mode;
    EXPECT_THAT(log_, HasSubstr("could be read by others"));
    log_.clear();
  }
}

TEST_F(key_access, b86_a_key_of_somebody_else_is_left_alone_and_told) {
  open_to_others(0640);
  ASSERT_TRUE(store().load(on_damage::report));
  EXPECT_EQ(mode_of(key_path_), 0640U);
  EXPECT_THAT(log_, HasSubstr("chmod 600 " + key_path_));
}

TEST_F(key_access, b86_a_folder_in_which_others_may_exchange_the_key_is_told) {
  ASSERT_EQ(::chmod((folder_ / "certs").c_str(), 0777), 0);
  ASSERT_TRUE(store().load(on_damage::quarantine));
  EXPECT_THAT(log_, HasSubstr("chmod go-w " + folder_ / "certs"));
  EXPECT_EQ(mode_of(folder_ / "certs"), 0777U) << "others may need it";
  ASSERT_EQ(::chmod((folder_ / "certs").c_str(), 01777), 0);
  EXPECT_FALSE(base::exposure_of(key_path_)) << "the sticky bit forbids it";
}

TEST_F(key_access, b86_a_key_of_another_user_is_told) {
  if (::chown(key_path_.c_str(), 12345, static_cast<gid_t>(-1)) != 0) {
    ASSERT_NE(::geteuid(), 0U) << "root may";
    EXPECT_FALSE(base::exposure_of(key_path_)) << "an ordinary user cannot make the case: its own key is fine";
    return;
  }
  const auto exposed = base::exposure_of(key_path_);
  ASSERT_TRUE(exposed);
  EXPECT_FALSE(exposed->is_mode);
  EXPECT_EQ(exposed->why, "it belongs to the user 12345");
  ASSERT_TRUE(store().load(on_damage::quarantine));
  EXPECT_THAT(log_, HasSubstr("chown "));
}

TEST_F(key_access, b86_the_account_key_is_made_and_kept_for_its_owner_alone) {
  const std::string path = folder_ / "certs/acme.key";
  ASSERT_TRUE(acme::account_key::load_or_create(path));
  EXPECT_EQ(mode_of(path), 0600U);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  ASSERT_TRUE(acme::account_key::load_or_create(path));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_THAT(log_, HasSubstr("the account key could be read by others"));
}

}  // namespace
}  // namespace cardea::autocert
