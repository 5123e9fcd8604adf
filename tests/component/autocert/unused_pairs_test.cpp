#include "autocert/unused_pairs.hpp"

#include "autocert/cert_store.hpp"
#include "autocert/failure_store.hpp"
#include "autocert/metadata_store.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/life_cycle_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <utility>

namespace cardea::autocert {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test_support::ca_answer;
using testing::IsSupersetOf;

constexpr std::chrono::hours day = 24h;

class unused_pair : public test_support::life_cycle_fixture {
 protected:
  unused_pair() {
    section_.main = wanted("main", {"main.test"});
    extra_ = wanted("extra[0]", {"extra.test"});
    section_.extra = {extra_};
  }
  config::certificate_request wanted(const std::string& name, std::vector<std::string> domains) {
    auto out = request(name, "cloudflare", std::move(domains));
    out.ca_dir_url = "https://ca.test/directory";
    out.acme_key_path = folder_ / "certs/acme.key";
    return out;
  }
  void start() { life_cycle_fixture::start(section_); }
  // Both are obtained, then the extra leaves.
  void leave() {
    start();
    ASSERT_TRUE(is_there(extra_));
    section_.extra.clear();
    start();
  }
  bool is_there(const config::certificate_request& which) {
    return fs::exists(which.cert_path) && fs::exists(which.key_path) && fs::exists(metadata_path(which.cert_path));
  }
  std::vector<std::string> files() {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder_ / "certs")) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  }
  void write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(base::write_file_atomically(path, text, 0600));
  }

  config::autocert_section section_;
  config::certificate_request extra_;
};

TEST_F(unused_pair, b11_is_removed_thirty_days_after_its_end_with_all_that_belongs_to_it) {
  start();
  for (const char* suffix : {".ocsp", ".renewal.json", ".to-revoke", ".dns-persist", ".damaged-0123abcd", ".pending-dns"})
    write(extra_.cert_path + suffix, "x");
  write(extra_.key_path + ".damaged-0123abcd", "x");
  write(folder_ / "certs/acme.key", "an account key");
  write(folder_ / "certs/notes.txt", "of the operator");
  section_.extra.clear();
  start();
  ASSERT_TRUE(is_there(extra_));
  EXPECT_TRUE(fs::exists(extra_.cert_path + ".unused"));
  time_.run_for(90 * day + 29 * day);
  EXPECT_TRUE(is_there(extra_)) << "its end was 29 days ago";
  time_.run_for(2 * day);
  EXPECT_EQ(files(), (std::vector<std::string>{"acme.key", "extra[0].crt.pending-dns", "main.crt",
                                               "main.crt.meta.json", "main.key", "notes.txt"}));
  EXPECT_TRUE(is_there(section_.main));
  EXPECT_EQ(cas_["extra[0]"].orders.size(), 1U);
}

TEST_F(unused_pair, b11_counts_from_when_it_left_if_it_had_ended_before) {
  cas_["extra[0]"].script = [](std::size_t nth) { return nth == 1 ? ca_answer{.lives = day} : ca_answer{.failure = "no"}; };
  start();
  time_.run_for(60 * day);
  section_.extra.clear();
  start();
  time_.run_for(29 * day);
  EXPECT_TRUE(is_there(extra_));
  time_.run_for(2 * day);
  EXPECT_EQ(files(), (std::vector<std::string>{"main.crt", "main.crt.meta.json", "main.key"}))
      << "what is known of failures is gone as well";
}

TEST_F(unused_pair, b11_stays_as_long_as_told) {
  section_.keep_unused = 1h;
  leave();
  time_.run_for(89 * day);
  EXPECT_TRUE(is_there(extra_)) << "it is valid";
  time_.run_for(3 * day);
  EXPECT_FALSE(fs::exists(extra_.cert_path));
}

TEST_F(unused_pair, b11_stays_for_ever_when_told) {
  section_.keep_unused.reset();
  leave();
  time_.run_for(1000 * day);
  EXPECT_TRUE(is_there(extra_));
  EXPECT_FALSE(fs::exists(extra_.cert_path + ".unused"));
}

TEST_F(unused_pair, b11_that_comes_back_serves_again_and_begins_anew_when_it_leaves_again) {
  leave();
  time_.run_for(20 * day);
  section_.extra = {extra_};
  start();
  EXPECT_EQ(cas_["extra[0]"].orders.size(), 1U);
  EXPECT_FALSE(fs::exists(extra_.cert_path + ".unused"));
  time_.run_for(200 * day);
  section_.extra.clear();
  start();
  time_.run_for(29 * day);
  EXPECT_TRUE(is_there(extra_));
}

TEST_F(unused_pair, b11_restarts_do_not_begin_its_time_anew) {
  leave();
  for (int i = 0; i < 121; ++i) {
    time_.run_for(day);
    start();
  }
  EXPECT_FALSE(fs::exists(extra_.cert_path));
}

TEST_F(unused_pair, b11_of_a_key_type_that_left_is_removed_and_the_other_one_stays) {
  section_.extra[0].second_key_type = config::key_type::rsa2048;
  const auto both = config::by_key_type(section_.extra[0]);
  start();
  ASSERT_TRUE(is_there(both[0]));
  ASSERT_TRUE(is_there(both[1]));
  section_.extra[0].second_key_type.reset();
  start();
  time_.run_for(121 * day);
  EXPECT_TRUE(is_there(both[0]));
  EXPECT_FALSE(fs::exists(both[1].cert_path));
  EXPECT_FALSE(fs::exists(both[1].key_path));
  EXPECT_FALSE(fs::exists(metadata_path(both[1].cert_path)));
}

TEST_F(unused_pair, b11_of_somebody_else_is_left_alone) {
  leave();
  // By hand, in the place of ours: the metadata is of another one.
  const auto theirs = test_support::make_pair({"extra.test"}, time_.now(), day);
  write(extra_.cert_path, theirs.chain);
  write(extra_.key_path, theirs.key);
  time_.run_for(400 * day);
  EXPECT_TRUE(is_there(extra_));
}

TEST_F(unused_pair, b11_a_key_that_is_not_the_certificates_stays) {
  leave();
  const auto theirs = test_support::make_pair({"extra.test"}, time_.now(), day);
  write(extra_.key_path, theirs.key);
  time_.run_for(121 * day);
  EXPECT_FALSE(fs::exists(extra_.cert_path));
  EXPECT_EQ(base::read_file(extra_.key_path, 1 << 16).value(), theirs.key);
}

TEST_F(unused_pair, b11_a_key_that_the_configuration_names_stays) {
  leave();
  auto moved = wanted("extra[0]", {"extra.test"});
  moved.cert_path = folder_ / "certs/moved.crt";
  section_.extra = {moved};
  start();
  time_.run_for(400 * day);
  EXPECT_FALSE(fs::exists(extra_.cert_path));
  EXPECT_TRUE(is_there(moved));
}

TEST_F(unused_pair, b11_in_a_folder_that_is_served_as_it_is_stays) {
  start();
  section_.extra.clear();
  section_.folders = {folder_ / "certs/"};
  start();
  time_.run_for(400 * day);
  EXPECT_TRUE(is_there(extra_));
}

TEST_F(unused_pair, b11_is_none_in_a_folder_that_is_made_later_or_is_a_link) {
  unused_pairs unused(section_, time_.clock(), files_);
  unused.look();
  fs::create_directory(folder_ / "real");
  fs::create_directory_symlink(folder_ / "real", folder_ / "certs");
  start();
  unused.look();
  EXPECT_TRUE(is_there(extra_));
  EXPECT_FALSE(fs::exists(extra_.cert_path + ".unused"));
}

TEST_F(unused_pair, b11_is_none_in_a_relative_folder_that_is_made_later) {
  const fs::path before = fs::current_path();
  fs::current_path(fs::path(folder_ / ""));
  section_.main.cert_path = "made/main.crt";
  section_.main.key_path = "made/main.key";
  section_.extra.clear();
  start();
  time_.run_for(50 * day);
  EXPECT_TRUE(is_there(section_.main));
  EXPECT_FALSE(fs::exists("made/main.crt.unused"));
  stop();
  fs::current_path(before);
}

TEST_F(unused_pair, b11_behind_a_link_is_left_alone) {
  leave();
  fs::rename(extra_.key_path, folder_ / "elsewhere.key");
  fs::create_symlink(folder_ / "elsewhere.key", extra_.key_path);
  time_.run_for(400 * day);
  EXPECT_TRUE(is_there(extra_));
}

TEST_F(unused_pair, b11_copied_from_another_place_is_left_alone) {
  start();
  fs::copy(extra_.cert_path, folder_ / "certs/copy.crt");
  fs::copy(metadata_path(extra_.cert_path), metadata_path(folder_ / "certs/copy.crt"));
  section_.extra.clear();
  start();
  time_.run_for(400 * day);
  EXPECT_FALSE(fs::exists(extra_.cert_path));
  EXPECT_TRUE(fs::exists(folder_ / "certs/copy.crt"));
}

TEST_F(unused_pair, b11_that_another_process_keeps_trying_for_stays) {
  leave();
  metadata_store store(extra_.cert_path, base::logger("test"));
  for (int i = 0; i < 20; ++i) {
    time_.run_for(20 * day);
    metadata known = store.load();
    known.attempted_at = time_.now();
    ASSERT_TRUE(store.save(known));
  }
  EXPECT_TRUE(is_there(extra_));
}

TEST_F(unused_pair, b11_of_an_older_release_is_known_once_it_was_managed_by_this_one) {
  start();
  metadata_store store(extra_.cert_path, base::logger("test"));
  metadata known = store.load();
  known.cert_path.clear();
  known.key_path.clear();
  ASSERT_TRUE(store.save(known));
  section_.extra.clear();
  start();
  time_.run_for(400 * day);
  EXPECT_TRUE(is_there(extra_)) << "nothing says where its key is";
  section_.extra = {extra_};
  start();
  EXPECT_EQ(store.load().key_path, extra_.key_path);
}

// Whatever call is the last one: no key stays without its certificate, and later looks go on. Where the stamp
// was gone already another one is made, so that the rest stays for another while.
TEST_F(unused_pair, b11_a_removal_that_is_interrupted_is_finished_by_the_next_look) {
  leave();
  stop();
  time_.run_for(125 * day);
  const fs::path kept = folder_ / "kept";
  fs::copy(folder_ / "certs", kept);
  for (std::size_t calls = 0;; ++calls) {
    fs::remove_all(folder_ / "certs");
    fs::copy(kept, folder_ / "certs");
    files_.allow(calls);
    unused_pairs(section_, time_.clock(), files_).look();
    files_.allow_all();
    const bool was_all = !fs::exists(metadata_path(extra_.cert_path));
    EXPECT_TRUE(!fs::exists(extra_.key_path) || fs::exists(extra_.cert_path)) << calls;
    unused_pairs(section_, time_.clock(), files_).look();
    EXPECT_FALSE(fs::exists(extra_.cert_path)) << calls;
    EXPECT_FALSE(fs::exists(extra_.key_path)) << calls;
    time_.run_for(31 * day);
    unused_pairs(section_, time_.clock(), files_).look();
    EXPECT_EQ(files(), (std::vector<std::string>{"main.crt", "main.crt.meta.json", "main.key"})) << calls;
    if (was_all) break;
    ASSERT_LT(calls, 100U);
  }
}

TEST_F(unused_pair, b11_a_clock_that_was_ahead_when_it_left_does_not_keep_it_longer) {
  leave();
  write(extra_.cert_path + ".unused", "2099-01-01T00:00:00Z");
  start();
  time_.run_for(121 * day);
  EXPECT_FALSE(fs::exists(extra_.cert_path));
}

}  // namespace
}  // namespace cardea::autocert
