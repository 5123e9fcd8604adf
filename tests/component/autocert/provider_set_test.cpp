#include "autocert/provider_set.hpp"

#include "autocert/error.hpp"
#include "base/atomic_file.hpp"
#include "tests/support/life_cycle_fixture.hpp"

#include <gmock/gmock.h>
#include <boost/asio/post.hpp>

#include <filesystem>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using test_support::ca_answer;
using testing::HasSubstr;

constexpr std::chrono::seconds day = 24h;

// How main and its extras live together; the life of one is provider_test's.
class provider_set_of : public test_support::life_cycle_fixture {
 protected:
  config::autocert_section three() {
    return {request("main", "cloudflare", {"main.test", "*.main.test"}),
            {request("extra[0]", "custom", {"zero.test"}), request("extra[1]", "cloudflare", {"one.test"})}};
  }
  config::autocert_section section(config::certificate_request main,
                                   std::vector<config::certificate_request> extra = {}) {
    for (auto* each : {&main}) each->ca_dir_url = "https://ca.test/directory";
    for (auto& each : extra) each.ca_dir_url = "https://ca.test/directory";
    return {std::move(main), std::move(extra)};
  }
  void start_three() {
    auto wanted = three();
    start(section(wanted.main, wanted.extra));
  }
  std::size_t orders() {
    std::size_t out = 0;
    for (const auto& [name, record] : cas_) out += record.orders.size();
    return out;
  }
  void write_local(const config::certificate_request& where, const test_support::pem_pair& pair) {
    cert_store store(where.cert_path, where.key_path, base::logger("test"));
    ASSERT_TRUE(store.save(pair.chain, pair.key));
  }
  test_support::pem_pair pair_for(const std::vector<std::string>& names) {
    return test_support::make_pair(names, time_.now(), 90 * day);
  }

  std::vector<renewal_outcome> outcomes_;
  std::size_t finished_count_ = 0;
  force_result force() {
    return set_->force_expiry_all([this](std::vector<renewal_outcome> outcomes) {
      outcomes_ = std::move(outcomes);
      ++finished_count_;
    });
  }
};

TEST_F(provider_set_of, three_orders_each_once_and_serves_each_under_its_names) {
  start_three();
  EXPECT_EQ(orders(), 3U);
  EXPECT_EQ(cas_["extra[0]"].orders.at(0).domains, std::vector<std::string>{"zero.test"});
  const auto& providers = set_->providers();
  EXPECT_EQ(served("a.main.test"), providers[0]->certificate()->serial_hex());
  EXPECT_EQ(served("zero.test"), providers[1]->certificate()->serial_hex());
  EXPECT_EQ(served("one.test"), providers[2]->certificate()->serial_hex());
  EXPECT_EQ(served("unknown.test"), providers[0]->certificate()->serial_hex());
  EXPECT_EQ(set_->get_cert("ONE.test."), providers[2]->certificate());
}

TEST_F(provider_set_of, three_gives_each_ca_its_own_request) {
  start_three();
  EXPECT_EQ(requests_["main"].provider, "cloudflare");
  EXPECT_EQ(requests_["extra[0]"].provider, "custom");
  EXPECT_EQ(requests_["extra[1]"].domains, std::vector<std::string>{"one.test"});
}

TEST_F(provider_set_of, an_unusable_configuration_creates_nothing) {
  auto wanted = three();
  wanted.extra[1].key_path = wanted.main.key_path;
  const auto made = provider_set::create(wanted, outside());
  ASSERT_FALSE(made);
  wanted = three();
  auto refusing = outside();
  wanted.extra[0].ca_dir_url = "https://ca.test/directory";
  refusing.make_acme_issuer =
      [this](const config::certificate_request& request) -> base::result<std::unique_ptr<issuer>> {
    if (request.name == "extra[1]")
      return base::error(base::errc::invalid_argument, "option 'auth_token' is missing");
    return std::unique_ptr<issuer>(std::make_unique<test_support::scripted_ca>(cas_[request.name], time_));
  };
  const auto refused = provider_set::create(wanted, std::move(refusing));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "extra[1]: option 'auth_token' is missing");
  EXPECT_EQ(orders(), 0U);
  EXPECT_EQ(published_count_, 0U);
}

TEST_F(provider_set_of, b11_what_left_the_configuration_is_served_until_it_ends_and_renewed_no_more) {
  start_three();
  const std::string left = served("one.test");
  const auto former = std::move(set_);
  former->stop();
  time_.run_for(1s);
  auto wanted = three();
  wanted.extra.pop_back();
  auto fewer = section(wanted.main, wanted.extra);
  set_ = provider_set::create(fewer, outside()).value();
  set_->load_all();
  EXPECT_NE(served("one.test"), left);
  set_->inherit(*former);
  EXPECT_EQ(served("one.test"), left);
  EXPECT_EQ(served("zero.test"), set_->providers()[1]->certificate()->serial_hex());
  EXPECT_EQ(set_->certificates().size(), 2U) << "it is managed no more";
  set_->schedule_renewal_all();
  time_.run_for(100 * day);
  EXPECT_EQ(cas_["extra[1]"].orders.size(), 1U);
  EXPECT_EQ(served("one.test"), served("unknown.test")) << "it has ended";
}

TEST_F(provider_set_of, one_failing_extra_stops_nobody_and_is_retried) {
  cas_["extra[0]"].script = [](std::size_t nth) {
    return nth < 3 ? ca_answer{.failure = "rejected"} : ca_answer{};
  };
  start_three();
  EXPECT_TRUE(set_->providers()[0]->certificate());
  EXPECT_FALSE(set_->providers()[1]->certificate());
  EXPECT_TRUE(set_->providers()[2]->certificate());
  EXPECT_EQ(served("zero.test"), served("main.test")) << "the default";
  EXPECT_EQ(set_->certificates().size(), 2U);
  ASSERT_EQ(set_->states().size(), 3U);
  EXPECT_THAT(set_->states()[1].last_error, HasSubstr("rejected"));
  time_.run_for(3min);
  EXPECT_TRUE(set_->providers()[1]->certificate());
  EXPECT_NE(served("zero.test"), served("main.test"));
}

TEST_F(provider_set_of, b14_three_serves_a_placeholder_while_the_ca_is_unreachable) {
  for (const char* name : {"main", "extra[0]", "extra[1]"})
    cas_[name].script = [](std::size_t) { return ca_answer{.failure = "unreachable", .takes = 30s}; };
  start_three();
  ASSERT_TRUE(published_);
  const base::certificate* const placeholder = published_->first("zero.test");
  ASSERT_NE(placeholder, nullptr);
  EXPECT_EQ(placeholder->subject(), "Cardea self-signed");
  EXPECT_THAT(placeholder->dns_names(), testing::Contains("zero.test"));
  EXPECT_EQ(published_->first(""), placeholder);
  EXPECT_TRUE(set_->certificates().empty());
}

TEST_F(provider_set_of, orders_run_in_parallel_but_not_all_at_once) {
  config::autocert_section wanted{request("main", "cloudflare", {"main.test"}), {}};
  test_support::ca_record shared;
  shared.script = [](std::size_t) { return ca_answer{.takes = 10s}; };
  for (int i = 0; i < 20; ++i)
    wanted.extra.push_back(
        request("extra[" + std::to_string(i) + "]", "cloudflare", {std::to_string(i) + ".test"}));
  auto limited = outside();
  limited.make_acme_issuer =
      [&](const config::certificate_request&) -> base::result<std::unique_ptr<issuer>> {
    return std::unique_ptr<issuer>(std::make_unique<test_support::scripted_ca>(shared, time_));
  };
  set_ = provider_set::create(wanted, std::move(limited)).value();
  set_->load_all();
  set_->schedule_renewal_all();
  time_.settle();
  EXPECT_EQ(shared.running, 8U);
  time_.run_for(31s);
  EXPECT_EQ(shared.running_max, 8U);
  EXPECT_EQ(shared.orders.size(), 21U);
  EXPECT_EQ(set_->certificates().size(), 21U);
  stop();
}

TEST_F(provider_set_of, force_renews_each_exactly_once_and_reports_each) {
  start_three();
  const std::string before = served("one.test");
  cas_["extra[0]"].script = [](std::size_t) { return ca_answer{.failure = "rejected"}; };
  EXPECT_EQ(force(), force_result::started);
  EXPECT_EQ(finished_count_, 0U) << "not from within the call";
  time_.settle();
  ASSERT_EQ(finished_count_, 1U);
  EXPECT_EQ(orders(), 6U);
  ASSERT_EQ(outcomes_.size(), 3U);
  EXPECT_EQ(outcomes_[0].provider, "main");
  EXPECT_TRUE(outcomes_[0].renewed);
  EXPECT_THAT(outcomes_[0].detail, HasSubstr("expires 2027-"));
  EXPECT_FALSE(outcomes_[1].renewed);
  EXPECT_EQ(outcomes_[1].detail, "extra[0]: get certificate: rejected");
  EXPECT_TRUE(outcomes_[2].renewed);
  EXPECT_NE(served("one.test"), before);
}

TEST_F(provider_set_of, a_second_force_is_dropped_while_one_runs) {
  start_three();
  cas_["main"].script = [](std::size_t) { return ca_answer{.takes = 1min}; };
  EXPECT_EQ(force(), force_result::started);
  EXPECT_EQ(force(), force_result::already_running) << "queued";
  time_.run_for(30s);
  EXPECT_EQ(force(), force_result::already_running) << "running";
  time_.run_for(1min);
  EXPECT_EQ(finished_count_, 1U);
  EXPECT_EQ(orders(), 6U);
  EXPECT_EQ(force(), force_result::started);
  time_.run_for(2min);
  EXPECT_EQ(finished_count_, 2U);
}

TEST_F(provider_set_of, a_force_during_a_scheduled_order_makes_no_second_one) {
  cas_["main"].script = [](std::size_t) { return ca_answer{.takes = 1min}; };
  start(section(request("main", "cloudflare", {"main.test"})));
  EXPECT_EQ(orders(), 1U);
  EXPECT_EQ(force(), force_result::started);
  time_.run_for(61s);
  EXPECT_EQ(finished_count_, 1U);
  EXPECT_TRUE(outcomes_.at(0).renewed);
  EXPECT_EQ(orders(), 1U);
}

TEST_F(provider_set_of, a_stop_during_a_force_still_reports_once) {
  start_three();
  cas_["main"].script = [](std::size_t) { return ca_answer{.takes = 1h}; };
  EXPECT_EQ(force(), force_result::started);
  time_.settle();
  stop();
  EXPECT_EQ(finished_count_, 1U);
  EXPECT_FALSE(outcomes_.at(0).renewed);
  EXPECT_TRUE(outcomes_.at(2).renewed);
}

TEST_F(provider_set_of, only_ordered_certificates_are_scheduled) {
  auto local = request("extra[0]", "local", {});
  auto pseudo = request("extra[1]", "pseudo", {"pseudo.test"});
  start(section(request("main", "custom", {"main.test"}), {local, pseudo}));
  const auto states = set_->states();
  EXPECT_NE(states[0].next_renewal, 0);
  EXPECT_EQ(states[1].next_renewal, 0);
  EXPECT_EQ(states[2].next_renewal, 0);
  const std::string before = served("pseudo.test");
  EXPECT_EQ(published_->first("pseudo.test")->subject(), "Cardea self-signed");
  time_.run_for(400 * day);
  EXPECT_EQ(served("pseudo.test"), before);
  EXPECT_EQ(cas_["main"].orders.size(), 7U);
  EXPECT_FALSE(std::filesystem::exists(pseudo.cert_path)) << "pseudo lives in memory";
  EXPECT_EQ(force(), force_result::started);
  time_.settle();
  EXPECT_NE(served("pseudo.test"), before);
  EXPECT_FALSE(outcomes_.at(1).renewed);
  EXPECT_THAT(outcomes_.at(1).detail, HasSubstr("local"));
}

TEST_F(provider_set_of, local_files_are_served_as_they_are_and_reloaded_on_demand) {
  const auto main = request("main", "local", {});
  start(section(main));
  EXPECT_TRUE(set_->certificates().empty()) << "absent files are fine";
  EXPECT_NE(published_->first(""), nullptr);

  write_local(main, pair_for({"a.test"}));
  EXPECT_TRUE(set_->reload().empty());
  const std::string first = served("a.test");
  EXPECT_EQ(first, set_->providers()[0]->certificate()->serial_hex());

  ASSERT_TRUE(base::write_file_atomically(main.key_path, "nonsense", 0600));
  const auto errors = set_->reload();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0], make_error_code(errc::damaged_certificate));
  EXPECT_THAT(errors[0].message(), testing::StartsWith("main: "));
  EXPECT_EQ(served("a.test"), first) << "the served one stays";
  EXPECT_EQ(base::read_file(main.key_path, 100).value(), "nonsense");

  const std::size_t count = published_count_;
  write_local(main, test_support::make_pair({"a.test"}, time_.now() - 200 * day, 90 * day));
  EXPECT_TRUE(set_->reload().empty());
  EXPECT_NE(served("a.test"), first) << "the user's files win, even expired";
  EXPECT_EQ(published_count_, count + 1);
  EXPECT_TRUE(set_->reload().empty());
  EXPECT_EQ(published_count_, count + 1) << "nothing changed";
}

TEST_F(provider_set_of, an_expired_certificate_gives_its_names_to_one_that_is_valid) {
  const auto main = request("main", "local", {});
  const auto extra = request("extra[0]", "local", {});
  write_local(main, test_support::make_pair({"a.test", "b.test"}, time_.now() - 200 * day, 90 * day));
  write_local(extra, pair_for({"a.test"}));
  start(section(main, {extra}));
  EXPECT_EQ(served("a.test"), set_->providers()[1]->certificate()->serial_hex());
  EXPECT_EQ(served("b.test"), set_->providers()[0]->certificate()->serial_hex());
  EXPECT_EQ(served(""), set_->providers()[0]->certificate()->serial_hex());
}

TEST_F(provider_set_of, a_folder_serves_its_certificates_after_those_of_main_and_the_extras) {
  const auto main = request("main", "local", {});
  auto wanted = section(main);
  wanted.folders = {folder_ / "many"};
  const auto bundle = [](const test_support::pem_pair& pair) { return pair.chain + pair.key; };
  ASSERT_TRUE(base::make_directories(folder_ / "many", 0700));
  ASSERT_TRUE(base::write_file_atomically(folder_ / "many/b.pem", bundle(pair_for({"b.test"})), 0600));
  ASSERT_TRUE(base::write_file_atomically(folder_ / "many/a.pem", bundle(pair_for({"a.test"})), 0600));
  start(wanted);
  EXPECT_EQ(published_->first("b.test")->dns_names().front(), "b.test");
  EXPECT_EQ(published_->first("")->dns_names().front(), "a.test") << "there is no main: the first of the folder";

  write_local(main, pair_for({"a.test", "main.test"}));
  EXPECT_TRUE(set_->reload().empty());
  EXPECT_EQ(served("a.test"), set_->providers()[0]->certificate()->serial_hex());
  EXPECT_EQ(served(""), served("main.test"));

  ASSERT_TRUE(base::write_file_atomically(folder_ / "many/c.pem", bundle(pair_for({"c.test"})), 0600));
  ASSERT_TRUE(base::remove_file(folder_ / "many/b.pem"));
  std::size_t listed = 0;
  set_->folders_listed = [&] { ++listed; };
  set_->look_at_folders();
  set_->look_at_folders();
  time_.settle();
  EXPECT_EQ(published_->first("c.test")->dns_names().front(), "c.test");
  EXPECT_EQ(served("b.test"), served("main.test"));
  EXPECT_EQ(listed, 1U) << "asked for twice before it begins is one look";
}

TEST_F(provider_set_of, b90_two_key_types_are_obtained_and_renewed_each_on_its_own) {
  auto main = request("main", "cloudflare", {"a.test"});
  main.second_key_type = config::key_type::rsa2048;
  start(section(main));
  EXPECT_EQ(cas_["main"].orders.size(), 1U);
  EXPECT_EQ(cas_["main/rsa"].orders.size(), 1U);
  EXPECT_EQ(requests_["main/rsa"].cert_path, folder_ / "certs/main.rsa.crt");
  EXPECT_EQ(requests_["main/rsa"].key_path, folder_ / "certs/main.rsa.key");
  for (const char* name : {"a.test", "", "unknown.test"}) {
    const auto found = published_->find(name);
    ASSERT_EQ(found.size(), 2U) << name;
    EXPECT_EQ(found[0]->kind(), base::key_kind::ec_p256);
    EXPECT_EQ(found[1]->kind(), base::key_kind::rsa);
  }
  // The CA refuses one of them at its renewal: the other goes on.
  cas_["main/rsa"].script = [](std::size_t) { return ca_answer{.failure = "no RSA any more"}; };
  const base::certificate_ptr rsa = set_->providers()[1]->certificate();
  time_.run_for(65 * day);
  EXPECT_GE(cas_["main"].orders.size(), 2U);
  EXPECT_EQ(set_->providers()[1]->certificate(), rsa);
  EXPECT_NE(set_->states()[1].last_error, "");
  EXPECT_EQ(set_->states()[0].last_error, "");
  EXPECT_EQ(set_->states()[1].provider, "main/rsa");
}

TEST_F(provider_set_of, internal_certificates_share_a_root_and_renew_by_themselves) {
  start(section(request("main", "internal", {"localhost", "*.localhost"}),
                {request("extra[0]", "internal", {"b.lan"})}));
  const std::string root = base::read_file(folder_ / "certs/internal-root.crt", 1 << 20).value();
  const auto first = published_->first("b.lan")->serial_hex();
  EXPECT_EQ(published_->first("localhost")->issuer(), published_->first("b.lan")->issuer());
  time_.run_for(60 * day);
  EXPECT_GT(published_->first("b.lan")->not_after(), time_.now() + 9 * day);
  EXPECT_NE(served("b.lan"), first);
  EXPECT_EQ(base::read_file(folder_ / "certs/internal-root.crt", 1 << 20).value(), root);
}

TEST_F(provider_set_of, a_change_between_internal_and_public_orders_anew) {
  auto main = request("main", "internal", {"a.test"});
  start(section(main));
  main.provider = "cloudflare";
  start(section(main));
  EXPECT_EQ(orders(), 1U);
  EXPECT_FALSE(internal_ca::is_internal(*published_->first("a.test")));
  main.provider = "internal";
  start(section(main));
  EXPECT_TRUE(internal_ca::is_internal(*published_->first("a.test")));
  start(section(main));
  EXPECT_EQ(orders(), 1U);
}

TEST_F(provider_set_of, a_lost_internal_root_is_made_anew_with_its_leaves) {
  const auto main = request("main", "internal", {"a.test"});
  start(section(main));
  const std::string before = served("a.test");
  std::filesystem::remove(folder_ / "certs/internal-root.crt");
  std::filesystem::remove(folder_ / "certs/internal-root.key");
  start(section(main));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "certs/internal-root.crt"));
  EXPECT_NE(served("a.test"), before);
}

TEST_F(provider_set_of, obtain_if_not_exists_leaves_existing_ones_alone) {
  start_three();
  EXPECT_TRUE(await(set_->obtain_cert_if_not_exists_all(), 1s));
  EXPECT_EQ(orders(), 3U);
  EXPECT_TRUE(await(set_->obtain_cert_all(), 1s));
  EXPECT_EQ(orders(), 6U);
  set_->print_cert_expiries_all();
}

TEST_F(provider_set_of, statuses_describe_what_is_served) {
  start(section(request("main", "cloudflare", {"main.test"})));
  const auto status = set_->certificates().at(0);
  EXPECT_EQ(status.provider, "main");
  EXPECT_EQ(status.issuer, "scripted CA");
  EXPECT_EQ(status.not_before, std::chrono::system_clock::to_time_t(time_.now()));
  EXPECT_EQ(status.not_after, status.not_before + 90 * 86'400 - 1);
  EXPECT_EQ(status.dns_names, std::vector<std::string>{"main.test"});
  EXPECT_GT(status.next_renewal, status.not_before + 58 * 86'400);
  EXPECT_LE(status.next_renewal, status.not_before + 60 * 86'400);
  EXPECT_EQ(status.last_error, "");
}

TEST_F(provider_set_of, run_completes_after_stop) {
  create(section(request("main", "cloudflare", {"main.test"})));
  set_->load_all();
  base::task_group running(io_.get_executor(), base::logger("test"));
  running.spawn(set_->run());
  time_.run_for(day);
  EXPECT_EQ(running.size(), 1U);
  EXPECT_EQ(orders(), 1U);
  set_->stop();
  time_.settle();
  EXPECT_EQ(running.size(), 0U);
}

TEST_F(provider_set_of, force_logs_each_step_under_the_name_of_the_provider) {
  start(section(request("main", "cloudflare", {"main.test"})));
  base::set_log_level(base::log_level::info);
  std::vector<std::string> lines;
  {
    const auto subscription =
        base::subscribe_to_log([&](const base::log_line& line) { lines.push_back(line.text); });
    (void)force();
    time_.settle();
  }
  base::set_log_level(base::log_level::error);
  ASSERT_GE(lines.size(), 5U);
  EXPECT_THAT(lines.front(), HasSubstr("renewal started"));
  EXPECT_THAT(lines.front(), HasSubstr("reason=forced"));
  EXPECT_THAT(lines.back(), HasSubstr("certificate renewed"));
  EXPECT_THAT(lines, testing::Each(HasSubstr("provider=main")));
  EXPECT_THAT(lines, testing::Each(testing::Not(HasSubstr("PRIVATE"))));
}

// The only one with the system's clocks: the real sleep must end when it is told to.
TEST(provider_set_with_real_clocks, obtains_sleeps_and_stops) {
  const test_support::scratch_folder folder;
  base::set_log_level(base::log_level::error);
  base::asio::io_context io;
  std::unique_ptr<provider_set> set;
  bool obtained = false;
  environment outside{io.get_executor()};
  outside.publish = [&](const base::certificate_snapshot& snapshot) {
    obtained = internal_ca::is_internal(*snapshot->first("localhost"));
    // Posted twice: the schedule has gone to sleep by then.
    if (obtained) base::asio::post(io, [&] { base::asio::post(io, [&] { set->stop(); }); });
  };
  config::autocert_section section;
  section.main.name = "main";
  section.main.provider = "internal";
  section.main.domains = {"localhost"};
  section.main.cert_path = folder / "cert.crt";
  section.main.key_path = folder / "priv.key";
  set = provider_set::create(section, std::move(outside)).value();
  EXPECT_TRUE(set->load_all().empty());
  base::task_group running(io.get_executor(), base::logger("test"));
  running.spawn(set->run());
  io.run_for(std::chrono::seconds(20));
  base::set_log_level(base::log_level::info);
  EXPECT_TRUE(obtained);
  EXPECT_EQ(running.size(), 0U);
}

}  // namespace
}  // namespace cardea::autocert
