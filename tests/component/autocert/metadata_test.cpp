// Goal: what is known of a certificate is on disk whatever happens to the
// process, and says what is true. Method: a scripted CA on simulated time.
#include "autocert/description.hpp"
#include "autocert/metadata_store.hpp"
#include "autocert/provider.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/life_cycle_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <utility>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using test_support::ca_answer;
using testing::HasSubstr;

class metadata_of_a_certificate : public test_support::life_cycle_fixture {
 protected:
  metadata_of_a_certificate() { section_ = {request("main", "cloudflare", {"a.test"}), {}}; }

  void start() { life_cycle_fixture::start(section_); }
  test_support::ca_record& ca() { return cas_["main"]; }
  provider& main() { return *set_->providers().front(); }
  metadata on_disk() const { return metadata_store(section_.main.cert_path, base::logger("test")).peek(); }

  config::autocert_section section_;
};

TEST_F(metadata_of_a_certificate, names_who_issued_it_and_when) {
  section_.main.profile = "shortlived";
  section_.main.ca_dir_url = "https://ca.test/dir";
  ca().script = [](std::size_t) { return ca_answer{.profile = "shortlived"}; };
  const base::wall_time before = time_.now();
  start();
  const metadata known = on_disk();
  EXPECT_EQ(known.serial, main().certificate()->serial_hex());
  EXPECT_EQ(known.fingerprint, fingerprint_of(*main().certificate()));
  EXPECT_EQ(known.ca, "https://ca.test/dir");
  EXPECT_EQ(known.profile, "shortlived");
  ASSERT_TRUE(known.obtained_at);
  EXPECT_LE(*known.obtained_at - before, 1s);
  EXPECT_EQ(known.attempts, 0U);
  EXPECT_EQ(known.last_error, "");
}

TEST_F(metadata_of_a_certificate, b48_names_the_profile_that_was_obtained_and_the_one_that_was_wished_for) {
  section_.main.profile = "shortlived";
  section_.main.profile_fallback = true;
  ca().script = [](std::size_t nth) { return ca_answer{.profile = nth == 2 ? "shortlived" : nth == 1 ? "" : "classic"}; };
  const auto check = [&](const std::string& obtained, const std::string& wanted) {
    EXPECT_EQ(on_disk().profile, obtained);
    EXPECT_EQ(on_disk().wanted_profile, wanted);
    EXPECT_EQ(main().status().profile, obtained);
    EXPECT_EQ(main().status().wanted_profile, wanted);
    const certificate_status stored = stored_status(section_.main, time_.now());
    EXPECT_EQ(stored.profile, obtained);
    EXPECT_EQ(stored.wanted_profile, wanted);
  };
  start();
  check("", "shortlived");
  ASSERT_TRUE(await(set_->obtain_cert_all(), 1s));
  check("shortlived", "");
  ASSERT_TRUE(await(set_->obtain_cert_all(), 1s));
  check("classic", "shortlived");
  start();
  check("classic", "shortlived");
  ASSERT_EQ(ca().orders.size(), 3U);
}

TEST_F(metadata_of_a_certificate, counts_attempts_and_keeps_the_last_error_over_a_restart) {
  ca().script = [](std::size_t) { return ca_answer{.failure = "the CA says no"}; };
  start();
  time_.run_for(16s);
  EXPECT_EQ(on_disk().attempts, 2U);
  EXPECT_EQ(on_disk().last_error, "the CA says no");
  EXPECT_TRUE(on_disk().failed_at);
  start();
  EXPECT_EQ(main().status().last_error, "the CA says no");
  ca().script = [](std::size_t) { return ca_answer{}; };
  time_.run_for(2min);
  ASSERT_TRUE(main().certificate());
  EXPECT_EQ(on_disk().attempts, 0U);
  EXPECT_EQ(on_disk().last_error, "");
  EXPECT_EQ(main().status().last_error, "");
}

TEST_F(metadata_of_a_certificate, counts_an_attempt_that_kills_the_process) {
  unsigned seen = 0;
  ca().script = [&](std::size_t) {
    seen = on_disk().attempts;
    return ca_answer{};
  };
  start();
  EXPECT_EQ(seen, 1U);
}

TEST_F(metadata_of_a_certificate, forgets_the_ca_of_a_pair_that_somebody_else_put_there) {
  start();
  time_.run_for(24h);
  stop();
  const auto pair = test_support::make_pair({"a.test"}, time_.now(), 90 * 24h);
  ASSERT_TRUE(base::write_file_atomically(section_.main.cert_path, pair.chain, 0644));
  ASSERT_TRUE(base::write_file_atomically(section_.main.key_path, pair.key, 0600));
  start();
  EXPECT_EQ(ca().orders.size(), 1U) << "it is served, not ordered anew";
  ca().script = [](std::size_t) { return ca_answer{.failure = "no"}; };
  EXPECT_FALSE(await(set_->obtain_cert_all(), 1s));
  EXPECT_EQ(on_disk().ca, "");
  EXPECT_EQ(on_disk().attempts, 1U);
}

TEST_F(metadata_of_a_certificate, b81_is_written_with_the_pair_once_the_disk_takes_both) {
  start();
  const metadata before = on_disk();
  files_.allow(0);
  time_.run_for(61 * 24h);
  ASSERT_EQ(ca().orders.size(), 2U);
  EXPECT_EQ(on_disk(), before);
  EXPECT_THAT(main().status().last_error, HasSubstr("not saved"));
  files_.allow_all();
  time_.run_for(2min);
  EXPECT_EQ(on_disk().serial, main().certificate()->serial_hex());
  EXPECT_EQ(main().status().last_error, "");
}

TEST_F(metadata_of_a_certificate, b82_that_is_damaged_is_no_reason_to_order) {
  start();
  stop();
  const std::string path = metadata_path(section_.main.cert_path);
  for (const char* text : {"", "{", "[]", "\xff\xfe"}) {
    ASSERT_TRUE(base::write_file_atomically(path, text, 0644));
    start();
    EXPECT_TRUE(main().certificate()) << text;
    stop();
  }
  EXPECT_EQ(ca().orders.size(), 1U);
}

// Nothing says that the key is of no more use to anybody.
TEST_F(metadata_of_a_certificate, b11_files_of_a_certificate_that_left_the_configuration_stay_and_serve_again) {
  section_.extra = {request("extra[0]", "cloudflare", {"b.test"})};
  start();
  const std::string serial = served("b.test");
  ASSERT_EQ(cas_["extra[0]"].orders.size(), 1U);
  const auto without = std::exchange(section_.extra, {});
  const auto files = [&] {
    std::map<std::string, std::string> out;
    for (const std::string& path :
         {without[0].cert_path, without[0].key_path, metadata_path(without[0].cert_path)})
      out[path] = base::read_file(path, 1 << 20).value();
    return out;
  };
  const auto before = files();
  start();
  time_.run_for(20 * 24h);
  EXPECT_EQ(files(), before);
  EXPECT_NE(served("b.test"), serial) << "main's answers";
  section_.extra = without;
  start();
  EXPECT_EQ(served("b.test"), serial);
  EXPECT_EQ(cas_["extra[0]"].orders.size(), 1U);
}

// What we write for a certificate is a fixed number of files, whatever happens for however long.
TEST_F(metadata_of_a_certificate, b11_the_folder_does_not_grow_with_renewals_and_failures) {
  ca().script = [](std::size_t nth) {
    return nth % 2 == 0 ? ca_answer{.failure = "no"} : ca_answer{.lives = 24h};
  };
  start();
  const auto count = [&] {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "certs"))
      out += entry.is_regular_file() ? 1 : 0;
    return out;
  };
  time_.run_for(3 * 24h);
  const std::size_t early = count();
  time_.run_for(60 * 24h);
  EXPECT_GT(ca().orders.size(), 50U);
  EXPECT_LE(count(), early + 2) << "but for the stamps of a failure";
  EXPECT_LE(count(), 6U);
}

TEST_F(metadata_of_a_certificate, is_not_written_for_files_of_others) {
  section_.main.provider = "local";
  start();
  section_.main.provider = "pseudo";
  start();
  EXPECT_FALSE(std::filesystem::exists(metadata_path(section_.main.cert_path)));
}

}  // namespace
}  // namespace cardea::autocert
