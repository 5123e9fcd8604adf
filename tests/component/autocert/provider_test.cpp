#include "autocert/provider.hpp"

#include "autocert/error.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/life_cycle_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using test_support::ca_answer;
using testing::HasSubstr;

constexpr std::chrono::seconds day = 24h;

// One certificate through its whole life; how several live together is provider_set_test's.
class provider_of : public test_support::life_cycle_fixture {
 protected:
  config::autocert_section section(std::vector<std::string> domains = {"a.test", "*.a.test"}) {
    return {request("main", "cloudflare", std::move(domains)), {}};
  }
  test_support::ca_record& ca() { return cas_["main"]; }
  provider& main() { return *set_->providers().front(); }
  std::size_t orders() { return ca().orders.size(); }
  std::string stamp_path() {
    const auto wanted = section().main;
    return failure_store(wanted.cert_path, wanted.key_path).path();
  }
};

TEST_F(provider_of, an_absent_certificate_orders_saves_and_serves_it) {
  start(section());
  EXPECT_EQ(orders(), 1U);
  ASSERT_TRUE(main().certificate());
  EXPECT_EQ(served("www.a.test"), main().certificate()->serial_hex());
  const auto wanted = section().main;
  cert_store store(wanted.cert_path, wanted.key_path, base::logger("test"));
  EXPECT_EQ(store.load(on_damage::report).value()->serial_hex(), main().certificate()->serial_hex());
  EXPECT_FALSE(std::filesystem::exists(stamp_path()));
  EXPECT_EQ(main().state(), certificate_state::valid);
}

TEST_F(provider_of, a_certificate_on_disk_is_served_without_an_order) {
  start(section());
  const std::string serial = main().certificate()->serial_hex();
  start(section());
  EXPECT_EQ(orders(), 1U);
  EXPECT_EQ(served("a.test"), serial);
}

TEST_F(provider_of, an_expired_certificate_is_served_while_its_renewal_runs) {
  start(section());
  const std::string serial = main().certificate()->serial_hex();
  stop();
  time_.run_for(120 * day);
  ca().script = [](std::size_t) { return ca_answer{.takes = 30s}; };
  start(section());
  EXPECT_EQ(served("a.test"), serial);
  time_.run_for(60s);
  EXPECT_EQ(orders(), 2U);
  EXPECT_NE(served("a.test"), serial);
}

TEST_F(provider_of, a_renewal_has_a_new_key) {
  start(section());
  const std::string first = ca().last_key;
  time_.run_for(61 * day);
  EXPECT_EQ(orders(), 2U);
  EXPECT_NE(ca().last_key, first);
}

TEST_F(provider_of, ninety_days_is_renewed_for_three_years_without_a_lapse) {
  start(section());
  for (int i = 0; i < 110; ++i) {
    time_.run_for(10 * day);
    ASSERT_GT(main().certificate()->not_after(), time_.now() + 29 * day);
  }
  EXPECT_GE(orders(), 18U);
  EXPECT_LE(orders(), 20U);
}

TEST_F(provider_of, sixty_seconds_is_renewed_for_two_hours_on_time) {
  ca().script = [](std::size_t) { return ca_answer{.takes = 2s, .lives = 60s}; };
  start(section());
  time_.run_for(5s);
  for (int i = 0; i < 2 * 60; ++i) {
    time_.run_for(60s);
    ASSERT_GT(main().certificate()->not_after(), time_.now() + 20s) << "minute " << i;
  }
  // Due 29 s after not_before, which has lost up to a second; up to 1.2 s of jitter; 2 s for the order.
  EXPECT_GE(orders(), 7200U / 31 - 1);
  EXPECT_LE(orders(), 7200U / 28 + 1);
}

TEST_F(provider_of, failures_are_repeated_after_15_seconds_then_ever_more_slowly) {
  ca().script = [](std::size_t) { return ca_answer{.failure = "the CA says no"}; };
  start(section());
  EXPECT_EQ(orders(), 1U);
  EXPECT_FALSE(main().certificate());
  EXPECT_TRUE(published_->first("a.test")) << "a placeholder";
  EXPECT_THAT(main().status().last_error, HasSubstr("the CA says no"));
  time_.run_for(14s);
  EXPECT_EQ(orders(), 1U);
  time_.run_for(2s);
  EXPECT_EQ(orders(), 2U);
  time_.run_for(117s);
  EXPECT_EQ(orders(), 2U);
  time_.run_for(3s);
  EXPECT_EQ(orders(), 3U);
  time_.run_for(day);
  EXPECT_LT(orders(), 12U);
  ca().script = [](std::size_t) { return ca_answer{}; };
  time_.run_for(6h + 10min);
  EXPECT_TRUE(main().certificate()) << "the timer was armed again";
  EXPECT_EQ(main().status().last_error, "");
}

TEST_F(provider_of, a_failed_renewal_waits_an_hour_and_tries_again) {
  start(section());
  ca().script = [](std::size_t nth) {
    return nth < 5 ? ca_answer{.failure = "the CA is down"} : ca_answer{};
  };
  time_.run_for(61 * day);
  ASSERT_EQ(orders(), 5U);
  for (std::size_t i = 2; i < 5; ++i) {
    const auto between = ca().orders[i].at - ca().orders[i - 1].at;
    EXPECT_GE(between, 1h);
    EXPECT_LE(between, 1h + 1s);
  }
}

TEST_F(provider_of, a_cooldown_outlives_the_process) {
  ca().script = [](std::size_t) { return ca_answer{.failure = "no"}; };
  start(section());
  EXPECT_TRUE(std::filesystem::exists(stamp_path()));
  for (int i = 0; i < 50; ++i) start(section());
  EXPECT_EQ(orders(), 1U) << "a restart loop asks the CA once";
  const auto refused = await(set_->obtain_cert_if_not_exists_all(), 1s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), make_error_code(errc::in_cooldown));
  EXPECT_THAT(refused.error().message(), HasSubstr("main: still in cooldown until 2027-"));
  time_.run_for(16s);
  EXPECT_EQ(orders(), 2U);
}

TEST_F(provider_of, an_attempt_is_stamped_before_it_reaches_the_ca) {
  bool stamped = false;
  ca().script = [&](std::size_t) {
    stamped = std::filesystem::exists(stamp_path());
    return ca_answer{};
  };
  start(section());
  EXPECT_EQ(orders(), 1U);
  EXPECT_TRUE(stamped);
}

TEST_F(provider_of, force_ignores_state_and_cooldown_and_reports_the_cause) {
  ca().script = [](std::size_t) { return ca_answer{.failure = "no"}; };
  start(section());
  const auto obtained = await(set_->obtain_cert_all(), 1s);
  EXPECT_EQ(orders(), 2U);
  ASSERT_FALSE(obtained);
  EXPECT_EQ(obtained.error(), make_error_code(errc::get_certificate_failed));
  EXPECT_EQ(obtained.error().message(), "main: get certificate: no");
}

TEST_F(provider_of, b10_other_domains_are_ordered_at_once) {
  start(section());
  start(section({"a.test", "b.test"}));
  EXPECT_EQ(orders(), 2U);
  EXPECT_THAT(main().certificate()->dns_names(), testing::UnorderedElementsAre("a.test", "b.test"));
  start(section({"b.test", "a.test"}));
  EXPECT_EQ(orders(), 2U) << "the order of names is no difference";
  start(section({"a.test"}));
  EXPECT_EQ(orders(), 3U);
}

TEST_F(provider_of, an_answer_for_other_names_is_a_failure_and_changes_nothing) {
  start(section());
  const std::string serial = main().certificate()->serial_hex();
  ca().script = [](std::size_t) { return ca_answer{.names = {"a.test"}}; };
  EXPECT_FALSE(await(set_->obtain_cert_all(), 1s));
  EXPECT_EQ(served("a.test"), serial);
  EXPECT_THAT(main().status().last_error, HasSubstr("lacks the name *.a.test"));
}

TEST_F(provider_of, a_ca_that_adds_names_makes_no_loop) {
  ca().script = [](std::size_t) { return ca_answer{.names = {"a.test", "*.a.test", "gift.test"}}; };
  start(section());
  time_.run_for(90 * day);
  EXPECT_LE(orders(), 11U);
}

TEST_F(provider_of, a_defect_in_the_client_ends_one_attempt_only) {
  ca().script = [](std::size_t nth) { return ca_answer{.throws = nth == 1}; };
  start(section());
  EXPECT_EQ(orders(), 1U);
  EXPECT_THAT(main().status().last_error, HasSubstr("unexpectedly"));
  time_.run_for(16s);
  EXPECT_EQ(orders(), 2U);
  EXPECT_TRUE(main().certificate());
}

TEST_F(provider_of, a_full_disk_is_served_from_memory_and_written_later) {
  start(section());
  const std::string serial = main().certificate()->serial_hex();
  files_.allow(0);
  time_.run_for(61 * day);
  EXPECT_EQ(orders(), 2U);
  const std::string fresh = main().certificate()->serial_hex();
  EXPECT_NE(fresh, serial);
  EXPECT_EQ(served("a.test"), fresh);
  EXPECT_THAT(main().status().last_error, HasSubstr("not saved"));
  const auto wanted = section().main;
  cert_store store(wanted.cert_path, wanted.key_path, base::logger("test"));
  EXPECT_EQ(store.load(on_damage::report).value()->serial_hex(), serial) << "the old pair stays loadable";
  files_.allow_all();
  time_.run_for(2min);
  EXPECT_EQ(store.load(on_damage::report).value()->serial_hex(), fresh);
  EXPECT_EQ(main().status().last_error, "");
  EXPECT_EQ(orders(), 2U);
  EXPECT_FALSE(std::filesystem::exists(stamp_path()));
}

TEST_F(provider_of, a_damaged_pair_is_set_aside_and_ordered_anew) {
  start(section());
  const auto wanted = section().main;
  ASSERT_TRUE(base::write_file_atomically(wanted.key_path, "nonsense", 0600));
  start(section());
  EXPECT_EQ(orders(), 2U);
  EXPECT_TRUE(main().certificate());
  std::size_t copies = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "certs"))
    copies += entry.path().string().find(".damaged-") != std::string::npos ? 1 : 0;
  EXPECT_EQ(copies, 2U);
}

TEST_F(provider_of, files_that_cannot_be_read_cost_no_order_until_they_can) {
  start(section());
  stop();
  const auto wanted = section().main;
  // Root reads everything, so the refusal is a folder in the file's place.
  std::filesystem::rename(wanted.key_path, wanted.key_path + ".away");
  std::filesystem::create_directory(wanted.key_path);
  start(section());
  time_.run_for(10min);
  EXPECT_EQ(orders(), 1U);
  EXPECT_FALSE(main().certificate());
  EXPECT_NE(main().status().last_error, "");
  std::filesystem::remove(wanted.key_path);
  std::filesystem::rename(wanted.key_path + ".away", wanted.key_path);
  time_.run_for(2min);
  EXPECT_EQ(orders(), 1U);
  EXPECT_TRUE(main().certificate());
}

TEST_F(provider_of, a_newer_pair_on_disk_is_taken_instead_of_an_order) {
  start(section());
  time_.run_for(50 * day);
  const auto wanted = section().main;
  const auto pair = test_support::make_pair(wanted.domains, time_.now(), 90 * day);
  cert_store store(wanted.cert_path, wanted.key_path, base::logger("test"));
  ASSERT_TRUE(store.save(pair.chain, pair.key));
  time_.run_for(20 * day);
  EXPECT_EQ(orders(), 1U);
  EXPECT_EQ(served("a.test"), base::certificate::from_pem(pair.chain, pair.key).value()->serial_hex());
}

TEST_F(provider_of, a_clock_set_back_or_forward_makes_no_storm) {
  start(section());
  time_.set_wall_clock(-365 * day);
  time_.run_for(day);
  EXPECT_EQ(orders(), 1U);
  time_.set_wall_clock(365 * day + 365 * day);
  time_.run_for(11min);
  EXPECT_EQ(orders(), 2U);
  time_.run_for(day);
  EXPECT_EQ(orders(), 2U);
}

TEST_F(provider_of, a_stop_in_the_middle_of_an_order_ends_it) {
  ca().script = [](std::size_t) { return ca_answer{.takes = 1h}; };
  start(section());
  EXPECT_EQ(orders(), 1U);
  stop();
  EXPECT_EQ(ca().running, 0U);
}

TEST_F(provider_of, a_forced_shorter_lifetime_wakes_the_schedule) {
  start(section());
  ca().script = [](std::size_t) { return ca_answer{.lives = 60s}; };
  EXPECT_TRUE(await(set_->obtain_cert_all(), 1s));
  time_.run_for(5min);
  EXPECT_GE(orders(), 10U);
}

}  // namespace
}  // namespace cardea::autocert
