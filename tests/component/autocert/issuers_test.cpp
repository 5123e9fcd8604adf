// Goal: a certificate comes from whichever CA can give it, and no CA is asked
// more than it bears. Method: scripted CAs on simulated time, files in a folder.
#include "autocert/provider.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/life_cycle_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using test_support::ca_answer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::chrono::seconds day = 24h;
const std::string second = "https://second.test/dir";
const std::string staging = "https://staging.test/dir";

ca_answer refusing(setback::kind is = setback::kind::refused, std::vector<std::string> names = {}) {
  ca_answer out{.failure = "the CA says no"};
  out.setback = {is, std::nullopt, std::move(names)};
  return out;
}

class issuers_of : public test_support::life_cycle_fixture {
 protected:
  issuers_of() {
    section_.main = request("main", "cloudflare", {"a.test", "b.test", "c.test"});
    section_.main.ca_dir_url = "https://first.test/dir";
  }
  void with_second() {
    config::certificate_issuer other;
    other.ca_dir_url = second;
    section_.main.fallbacks = {other};
  }
  void with_staging() { section_.main.staging_dir_url = staging; }
  void start() { life_cycle_fixture::start(section_); }
  // A crash: whatever runs is gone, what is on disk stays.
  void crash_and_start() { start(); }
  void always(const std::string& which, ca_answer answer) {
    cas_[which].script = [answer = std::move(answer)](std::size_t) { return answer; };
  }
  test_support::ca_record& first_ca() { return cas_["main"]; }
  test_support::ca_record& second_ca() { return cas_["main at " + second]; }
  test_support::ca_record& staging_ca() { return cas_["main at " + staging]; }
  provider& main() { return *set_->providers().front(); }

  config::autocert_section section_;
};

TEST_F(issuers_of, b30_the_next_one_is_asked_after_two_failures_and_the_first_again_at_the_next_renewal) {
  with_second();
  always("main", refusing());
  start();
  time_.run_for(3min);
  EXPECT_EQ(first_ca().orders.size(), 2U);
  EXPECT_EQ(second_ca().orders.size(), 1U);
  ASSERT_TRUE(main().certificate());
  EXPECT_EQ(main().status().last_error, "");
  always("main", ca_answer{});
  time_.run_for(61 * day);
  EXPECT_EQ(first_ca().orders.size(), 3U);
  EXPECT_EQ(second_ca().orders.size(), 1U);
}

TEST_F(issuers_of, b30_the_number_of_tries_is_configured) {
  with_second();
  section_.main.issuer_tries = 1;
  always("main", refusing());
  start();
  time_.run_for(16s);
  EXPECT_EQ(first_ca().orders.size(), 1U);
  EXPECT_EQ(second_ca().orders.size(), 1U);
}

TEST_F(issuers_of, b30_a_restart_goes_on_with_the_issuer_whose_turn_it_is) {
  with_second();
  always("main", refusing());
  start();
  time_.run_for(16s);
  ASSERT_EQ(first_ca().orders.size(), 2U);
  crash_and_start();
  time_.run_for(3min);
  EXPECT_EQ(first_ca().orders.size(), 2U);
  EXPECT_EQ(second_ca().orders.size(), 1U);
}

TEST_F(issuers_of, b30_a_client_that_breaks_each_time_makes_room_too) {
  with_second();
  always("main", ca_answer{.throws = true});
  start();
  time_.run_for(3min);
  EXPECT_EQ(first_ca().orders.size(), 2U);
  EXPECT_TRUE(main().certificate());
}

TEST_F(issuers_of, b46_only_the_ca_that_issued_a_certificate_is_told_that_it_is_replaced) {
  with_second();
  always("main", refusing());
  start();
  time_.run_for(3min);
  ASSERT_TRUE(main().certificate());
  const std::string of_second = main().certificate()->serial_hex();
  const std::size_t asked_first = first_ca().asked.size();
  EXPECT_THAT(second_ca().asked, testing::SizeIs(1)) << "about its own certificate";
  EXPECT_EQ(asked_first, 0U) << "it knows nothing of it";
  crash_and_start();
  always("main", ca_answer{});
  time_.run_for(61 * day);
  ASSERT_EQ(first_ca().orders.size(), 3U);
  EXPECT_EQ(first_ca().orders.back().replaces, "") << "a certificate of another CA";
  const std::string of_first = main().certificate()->serial_hex();
  EXPECT_NE(of_first, of_second);
  time_.run_for(61 * day);
  ASSERT_EQ(first_ca().orders.size(), 4U);
  EXPECT_EQ(first_ca().orders.back().replaces, of_first);
}

TEST_F(issuers_of, b24_one_that_is_limited_is_left_alone_while_the_other_one_is_asked) {
  with_second();
  ca_answer limited = refusing(setback::kind::limited);
  limited.setback.retry_after = 20h;
  always("main", limited);
  always("main at " + second, refusing());
  start();
  time_.run_for(19h);
  EXPECT_EQ(first_ca().orders.size(), 1U);
  EXPECT_GE(second_ca().orders.size(), 5U);
  time_.run_for(8h);
  EXPECT_EQ(first_ca().orders.size(), 2U) << "again when the CA said";
}

TEST_F(issuers_of, b24_other_names_go_on_while_one_is_limited) {
  section_.extra.push_back(request("extra[0]", "cloudflare", {"other.test"}));
  always("main", refusing(setback::kind::limited));
  start();
  EXPECT_TRUE(set_->providers()[1]->certificate());
  time_.run_for(59min);
  EXPECT_EQ(first_ca().orders.size(), 1U) << "not by the short steps";
  time_.run_for(3min);
  EXPECT_EQ(first_ca().orders.size(), 2U);
}

TEST_F(issuers_of, b27_a_refusal_for_good_is_tried_daily_and_shown) {
  always("main", refusing(setback::kind::lasting));
  start();
  EXPECT_THAT(main().status().last_error, HasSubstr("the CA says no"));
  for (std::size_t days = 1; days < 5; ++days) {
    time_.run_for(day + 1s);
    EXPECT_EQ(first_ca().orders.size(), 1 + days);
  }
  crash_and_start();
  time_.run_for(20h);
  EXPECT_EQ(first_ca().orders.size(), 5U) << "a restart does not shorten it";
}

TEST_F(issuers_of, b27_another_configuration_is_tried_without_waiting_for_a_day) {
  always("main", refusing(setback::kind::lasting));
  start();
  section_.main.profile = "classic";
  start();
  EXPECT_EQ(first_ca().orders.size(), 1U) << "the pause after an attempt stays";
  time_.run_for(16s);
  EXPECT_EQ(first_ca().orders.size(), 2U);
}

TEST_F(issuers_of, b22_fifty_crashes_do_not_begin_the_table_anew) {
  // Each attempt is cut by the end of the process: nothing but what was written before it counts.
  always("main", ca_answer{.takes = 1h});
  std::chrono::seconds passed{0};
  for (int i = 0; i < 50; ++i) {
    crash_and_start();
    time_.run_for(1min);
    passed += 1min;
  }
  // Begun at 0, after 15 s, 2 min, 20 min; the next would follow after an hour.
  EXPECT_LE(first_ca().orders.size(), 5U);
  EXPECT_GE(first_ca().orders.size(), 4U);
  stop();
  failure_store stored(section_.main.cert_path, section_.main.key_path);
  EXPECT_EQ(stored.record().in_row, first_ca().orders.size());
}

TEST_F(issuers_of, b22_a_success_begins_the_table_anew_and_leaves_no_file) {
  first_ca().script = [](std::size_t nth) { return nth < 3 ? refusing() : ca_answer{}; };
  start();
  time_.run_for(3min);
  ASSERT_TRUE(main().certificate());
  failure_store stored(section_.main.cert_path, section_.main.key_path);
  EXPECT_FALSE(std::filesystem::exists(stored.path()));
  EXPECT_FALSE(std::filesystem::exists(stored.record_path()));
}

TEST_F(issuers_of, b26_a_setup_that_is_wrong_fails_in_staging_and_not_in_production) {
  with_staging();
  always("main", refusing());
  always("main at " + staging, refusing());
  start();
  time_.run_for(4 * day);
  const std::size_t production = first_ca().orders.size();
  const std::size_t tried_out = staging_ca().orders.size();
  EXPECT_GE(tried_out, 2 * production) << production;
  EXPECT_GT(production, 3U) << "production is never forgotten";
  EXPECT_THAT(main().status().last_error, HasSubstr("staging: the CA says no"));
}

TEST_F(issuers_of, b26_once_staging_agrees_production_is_asked_at_once_and_nothing_of_staging_is_installed) {
  with_staging();
  first_ca().script = [](std::size_t nth) { return nth < 3 ? refusing() : ca_answer{}; };
  start();
  time_.run_for(3min);
  ASSERT_EQ(first_ca().orders.size(), 3U);
  ASSERT_EQ(staging_ca().orders.size(), 1U);
  EXPECT_LT(first_ca().orders[2].at - staging_ca().orders[0].at, 1s);
  ASSERT_TRUE(main().certificate());
  EXPECT_EQ(published_count_, 2U) << "the placeholder, then the certificate";
  EXPECT_EQ(staging_ca().orders[0].replaces, "");
}

TEST_F(issuers_of, b26_a_staging_that_cannot_be_reached_holds_nothing_back) {
  with_staging();
  first_ca().script = [](std::size_t nth) { return nth < 3 ? refusing() : ca_answer{}; };
  always("main at " + staging, refusing(setback::kind::unreachable));
  start();
  time_.run_for(3min);
  EXPECT_EQ(first_ca().orders.size(), 3U);
  EXPECT_TRUE(main().certificate());
}

TEST_F(issuers_of, b26_staging_that_agrees_does_not_shorten_the_pause_of_production) {
  with_staging();
  ca_answer limited = refusing(setback::kind::limited);
  limited.setback.retry_after = 10h;
  first_ca().script = [limited](std::size_t nth) { return nth < 3 ? refusing() : limited; };
  start();
  time_.run_for(9h);
  EXPECT_EQ(first_ca().orders.size(), 3U);
  EXPECT_EQ(staging_ca().orders.size(), 1U);
}

TEST_F(issuers_of, b28_one_bad_name_of_three_does_not_take_the_others_down) {
  first_ca().script = [this](std::size_t nth) {
    const auto& wanted = first_ca().orders[nth - 1].domains;
    const bool has_bad = std::find(wanted.begin(), wanted.end(), "b.test") != wanted.end();
    return has_bad ? refusing(setback::kind::lasting, {"b.test"}) : ca_answer{};
  };
  start();
  ASSERT_EQ(first_ca().orders.size(), 2U);
  EXPECT_THAT(first_ca().orders[1].domains, ElementsAre("a.test", "c.test"));
  ASSERT_TRUE(main().certificate());
  EXPECT_THAT(main().certificate()->dns_names(), ElementsAre("a.test", "c.test"));
  EXPECT_THAT(main().status().last_error, HasSubstr("the CA says no")) << "what is missing stays visible";
  const std::string serial = served("c.test");
  time_.run_for(10 * day);
  EXPECT_EQ(first_ca().orders.size(), 12U) << "all names, once a day; the others are not ordered again";
  EXPECT_EQ(served("c.test"), serial);
  crash_and_start();
  time_.run_for(10min);
  EXPECT_EQ(first_ca().orders.size(), 12U);
  always("main", ca_answer{});
  time_.run_for(day);
  EXPECT_THAT(main().certificate()->dns_names(), ElementsAre("a.test", "b.test", "c.test"));
  EXPECT_EQ(main().status().last_error, "");
}

TEST_F(issuers_of, b28_a_certificate_that_has_the_bad_name_is_kept_until_its_end_is_near) {
  start();
  const std::string whole = served("b.test");
  first_ca().script = [this](std::size_t nth) {
    const auto& wanted = first_ca().orders[nth - 1].domains;
    return wanted.size() == 3 ? refusing(setback::kind::refused, {"b.test"}) : ca_answer{};
  };
  time_.run_for(80 * day);
  EXPECT_EQ(served("b.test"), whole);
  time_.run_for(3 * day);
  EXPECT_NE(served("a.test"), whole) << "less than a tenth of its life was left";
  EXPECT_GT(main().certificate()->not_after(), time_.now() + 80 * day);
}

TEST_F(issuers_of, b11_a_certificate_that_left_the_configuration_is_renewed_no_more) {
  section_.extra.push_back(request("extra[0]", "cloudflare", {"left.test"}));
  start();
  ASSERT_EQ(cas_["extra[0]"].orders.size(), 1U);
  const std::string left = section_.extra[0].cert_path;
  section_.extra.clear();
  start();
  time_.run_for(100 * day);
  EXPECT_TRUE(std::filesystem::exists(left)) << "its end was not 30 days ago";
  time_.run_for(100 * day);
  EXPECT_EQ(cas_["extra[0]"].orders.size(), 1U);
  EXPECT_GE(first_ca().orders.size(), 3U);
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(issuers_of, b15_a_newer_certificate_on_disk_is_served_before_an_expired_one_in_memory) {
  start();
  always("main", refusing());
  time_.run_for(91 * day);
  ASSERT_LT(main().certificate()->not_after(), time_.now());
  const auto pair = test_support::make_pair(section_.main.domains, time_.now(), 90 * day);
  cert_store store(section_.main.cert_path, section_.main.key_path, base::logger("test"));
  ASSERT_TRUE(store.save(pair.chain, pair.key));
  const std::size_t before = first_ca().orders.size();
  time_.run_for(day);
  EXPECT_EQ(served("a.test"), base::certificate::from_pem(pair.chain, pair.key).value()->serial_hex());
  EXPECT_EQ(first_ca().orders.size(), before);
  EXPECT_THAT(main().status().last_error, IsEmpty());
}

TEST_F(issuers_of, b54_a_window_that_jumps_into_the_past_brings_a_new_key_even_where_keys_are_kept) {
  section_.main.reuse_key = true;
  start();
  const std::string pinned = first_ca().last_key;
  const auto suggest = [this](std::chrono::seconds from, std::chrono::seconds to) {
    const renewal_window window{time_.now() + from, time_.now() + to};
    first_ca().advice = [window] { return base::result<renewal_advice>(renewal_advice{window, 6h}); };
  };
  suggest(5 * day, 6 * day);
  time_.run_for(10 * day);
  ASSERT_EQ(first_ca().orders.size(), 2U) << "as usual";
  EXPECT_EQ(first_ca().last_key, pinned);
  suggest(30 * day, 31 * day);
  time_.run_for(9 * day);
  suggest(-2 * day, -day);
  time_.run_for(25h);
  ASSERT_EQ(first_ca().orders.size(), 3U) << "the CA says that it is revoked";
  EXPECT_NE(first_ca().last_key, pinned);
}

}  // namespace
}  // namespace cardea::autocert
