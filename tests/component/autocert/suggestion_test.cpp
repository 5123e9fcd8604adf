// Goal: a CA's suggestion of when to renew (RFC 9773) decides, is remembered,
// and can neither stop a renewal nor make a loop. Method: a scripted CA on
// simulated time.
#include "autocert/provider.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/life_cycle_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using testing::SizeIs;

constexpr std::chrono::seconds day = 24h;

class renewal_suggestion : public test_support::life_cycle_fixture {
 protected:
  renewal_suggestion() { section_ = {request("main", "cloudflare", {"a.test"}), {}}; }

  void start() { life_cycle_fixture::start(section_); }
  void suggest(std::chrono::seconds from, std::chrono::seconds to) {
    const renewal_window window{time_.now() + from, time_.now() + to};
    ca().advice = [window] { return base::result<renewal_advice>(renewal_advice{window, 6h}); };
  }
  test_support::ca_record& ca() { return cas_["main"]; }
  std::size_t orders() { return ca().orders.size(); }
  provider& main() { return *set_->providers().front(); }
  std::string path() const { return metadata_path(section_.main.cert_path); }
  [[nodiscard]] bool is_remembered() const {
    const auto text = base::read_file(path(), 1 << 14);
    return text && parse_metadata(*text).value().suggested.has_value();
  }

  config::autocert_section section_;
};

TEST_F(renewal_suggestion, b01_decides_before_the_lifetime_does) {
  suggest(10 * day, 12 * day);
  start();
  EXPECT_THAT(ca().asked, SizeIs(1)) << "at once, about the new certificate";
  const std::int64_t at = main().status().next_renewal;
  time_.run_for(10 * day - 1s);
  EXPECT_EQ(orders(), 1U);
  EXPECT_EQ(main().status().next_renewal, at);
  time_.run_for(2 * day);
  EXPECT_EQ(orders(), 2U);
  EXPECT_EQ(std::chrono::system_clock::to_time_t(ca().orders[1].at), at);
}

TEST_F(renewal_suggestion, b01_stays_the_same_over_a_hundred_restarts) {
  suggest(10 * day, 40 * day);
  start();
  const std::int64_t at = main().status().next_renewal;
  ca().advice = [] { return base::result<renewal_advice>(base::error(base::errc::io, "down")); };
  for (int i = 0; i < 100; ++i) {
    time_.run_for(60s);
    start();
    ASSERT_EQ(main().status().next_renewal, at) << i;
  }
  EXPECT_THAT(ca().asked, SizeIs(1)) << "not before the time that the CA named";
}

TEST_F(renewal_suggestion, b02_is_asked_for_again_when_the_ca_said) {
  suggest(40 * day, 41 * day);
  start();
  time_.run_for(6h - 1s);
  EXPECT_THAT(ca().asked, SizeIs(1));
  time_.run_for(10min);
  EXPECT_THAT(ca().asked, SizeIs(2));
  time_.run_for(day);
  EXPECT_THAT(ca().asked, SizeIs(6));
}

TEST_F(renewal_suggestion, b03_a_window_that_moved_into_the_past_renews_at_once) {
  suggest(40 * day, 41 * day);
  start();
  time_.run_for(20 * day);
  EXPECT_EQ(orders(), 1U);
  suggest(-2 * day, -day);
  time_.run_for(7h);
  ASSERT_EQ(orders(), 2U);
  EXPECT_LE(ca().orders[1].at, time_.now() - 50min);
}

TEST_F(renewal_suggestion, b03_a_window_that_moved_later_is_waited_for) {
  suggest(10 * day, 11 * day);
  start();
  const std::int64_t first = main().status().next_renewal;
  time_.run_for(day);
  suggest(50 * day, 51 * day);
  time_.run_for(7h);
  EXPECT_GT(main().status().next_renewal, first + 30 * 24 * 3600);
  time_.run_for(20 * day);
  EXPECT_EQ(orders(), 1U);
}

TEST_F(renewal_suggestion, b08_a_ca_that_always_wants_a_renewal_gets_few) {
  suggest(-2 * day, -day);
  start();
  time_.run_for(90 * day);
  EXPECT_LE(orders(), 11U) << "one for each tenth of the lifetime";
  EXPECT_GE(orders(), 9U);
}

TEST_F(renewal_suggestion, b05_a_ca_that_fails_to_answer_stops_nothing) {
  ca().advice = [] { return base::result<renewal_advice>(base::error(base::errc::io, "down")); };
  start();
  time_.run_for(58 * day);  // 60 days, and up to 2 % of 90 earlier
  EXPECT_EQ(orders(), 1U);
  time_.run_for(3 * day);
  EXPECT_EQ(orders(), 2U);
  EXPECT_LE(ca().asked.size(), 61U * 24 + 2) << "once an hour";
}

TEST_F(renewal_suggestion, b05_a_suggestion_that_the_ca_takes_back_is_forgotten) {
  suggest(5 * day, 6 * day);
  start();
  EXPECT_TRUE(is_remembered());
  ca().advice = [] { return base::result<renewal_advice>(renewal_advice{}); };
  time_.run_for(7h);
  EXPECT_FALSE(is_remembered());
  time_.run_for(20 * day);
  EXPECT_EQ(orders(), 1U);
}

TEST_F(renewal_suggestion, b46_a_renewal_says_what_it_replaces_unless_the_last_one_failed) {
  start();
  const std::string first = main().certificate()->serial_hex();
  time_.run_for(61 * day);
  ASSERT_EQ(orders(), 2U);
  EXPECT_EQ(ca().orders[0].replaces, "");
  EXPECT_EQ(ca().orders[1].replaces, first);
  ca().script = [](std::size_t nth) {
    return nth == 3 ? test_support::ca_answer{.failure = "replaces nothing of mine"}
                    : test_support::ca_answer{};
  };
  time_.run_for(61 * day);
  ASSERT_EQ(orders(), 4U);
  EXPECT_NE(ca().orders[2].replaces, "");
  EXPECT_EQ(ca().orders[3].replaces, "");
}

TEST_F(renewal_suggestion, is_not_that_of_another_certificate_or_of_a_damaged_file) {
  suggest(5 * day, 6 * day);
  start();
  const auto before = base::read_file(path(), 4096).value();
  stop();
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string(), before.substr(0, before.size() / 2),
        std::string(before).replace(before.find("serial\":\"") + 9, 2, "zz")}) {
    ASSERT_TRUE(base::write_file_atomically(path(), text, 0644));
    ca().advice = [] { return base::result<renewal_advice>(base::error(base::errc::io, "down")); };
    start();
    EXPECT_GT(main().status().next_renewal,
              std::chrono::system_clock::to_time_t(time_.now()) + 50 * 24 * 3600)
        << text;
    stop();
  }
}

TEST_F(renewal_suggestion, b45_each_renewal_has_a_new_key_unless_it_is_to_be_reused) {
  start();
  const std::string first = ca().last_key;
  time_.run_for(61 * day);
  EXPECT_NE(ca().last_key, first);
  const std::string second = ca().last_key;
  section_.main.reuse_key = true;
  start();
  time_.run_for(61 * day);
  ASSERT_EQ(orders(), 3U);
  EXPECT_EQ(ca().last_key, second);
  section_.main.certificate_key_type = config::key_type::ec384;
  start();
  time_.run_for(61 * day);
  ASSERT_EQ(orders(), 4U);
  EXPECT_NE(ca().last_key, second) << "a key of another type cannot be reused";
}

}  // namespace
}  // namespace cardea::autocert
