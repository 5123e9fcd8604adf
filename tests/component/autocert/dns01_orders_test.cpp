// Goal: many orders at one name leave each other's records alone, and a record
// that an operator wrote is found. Method: BIND, and solvers side by side.
#include "autocert/dns/name_servers.hpp"
#include "autocert/dns/propagation.hpp"
#include "autocert/solvers/dns01.hpp"
#include "autocert/solvers/dns_persist01.hpp"
#include "base/task_group.hpp"
#include "dnsproviders/registry.hpp"
#include "tests/support/name_server.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr std::size_t orders_max = 20;
const std::string persisted =
    "_validation-persist.a TXT \"ca.test; accounturi=https://ca.test/acct/1; policy=wildcard\"\n"
    "_validation-persist.b TXT \"ca.test; accounturi=https://ca.test/acct/2\"\n"
    "_validation-persist.c CNAME _validation-persist.a\n"
    "_validation-persist.long TXT \"ca.test; accounturi=https://ca.test/acct/1\" \"; x=" +
    std::string(200, 'x') + "\"\n";

class dns_orders : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<tests::name_server>(
        std::vector<tests::served_zone>{{"example.test", persisted, "allow-update { any; };"}});
  }
  static void TearDownTestSuite() { server_.reset(); }
  dns_orders() { base::set_log_level(base::log_level::error); }
  ~dns_orders() override { base::set_log_level(base::log_level::info); }

  static base::dns_resolver resolver() { return base::dns_resolver::create({server_->text()}).value(); }
  static std::unique_ptr<dnsproviders::provider> provider() {
    const std::map<std::string, base::secret> options{{"nameserver", base::secret(server_->text())}};
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    return dnsproviders::make_provider("rfc2136", options, nothing, {base::fetch{}, resolver()}).value();
  }
  std::unique_ptr<solvers::dns01> solver(std::size_t number) {
    return std::make_unique<solvers::dns01>(
        provider(), [](std::string name) { return resolver_follow(std::move(name)); },
        [](std::string name, std::string value, dnsproviders::propagation_timing) {
          const dnsproviders::propagation_timing timing{20s, 100ms};
          return dns::wait_until_visible(resolver(), std::move(name), std::move(value), timing,
                                         base::sleep_for);
        },
        folder_ / std::to_string(number), base::logger("test"));
  }
  static base::awaitable<base::result<std::string>> resolver_follow(std::string name) {
    const base::dns_resolver asked = resolver();
    auto last = co_await asked.follow_cnames(std::move(name));
    co_return last;
  }
  std::set<std::string> values() {
    const auto found =
        tests::run(context_, dns::find_txt_values(resolver(), "_acme-challenge.www.example.test"));
    EXPECT_TRUE(found) << found.error().message();
    return {found->begin(), found->end()};
  }
  static base::awaitable<void> present(solvers::solver& by, std::string token, base::result<void>& outcome) {
    std::vector<solvers::solver::work> wanted{{"www.example.test", token, token + ".thumbprint"}};
    outcome = co_await by.present(std::move(wanted));
  }
  std::string check(const std::string& domain, bool wildcard,
                    const std::string& account = "https://ca.test/acct/1") {
    solvers::dns_persist01 by(
        [](std::string name) { return dns::find_txt_values(resolver(), std::move(name)); },
        folder_ / "persist", base::system_wall_clock(), base::logger("test"));
    const auto outcome =
        tests::run(context_, by.check({domain, {}, {}, wildcard, account, "thumb", {"ca.test"}, {}}));
    return outcome ? "good" : outcome.error().message();
  }

  static std::unique_ptr<tests::name_server> server_;
  test_support::scratch_folder folder_;
  base::asio::io_context context_{1};
};
std::unique_ptr<tests::name_server> dns_orders::server_;

TEST_F(dns_orders, b70_twenty_at_one_name_have_their_values_side_by_side_and_leave_none) {
  std::vector<std::unique_ptr<solvers::dns01>> all;
  std::vector<base::result<void>> outcomes(orders_max);
  base::task_group group(context_.get_executor(), base::logger("test"));
  for (std::size_t i = 0; i < orders_max; ++i) {
    all.push_back(solver(i));
    group.spawn(present(*all.back(), "token-" + std::to_string(i), outcomes[i]));
  }
  context_.restart();
  context_.run();
  for (const auto& outcome : outcomes) EXPECT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(values().size(), orders_max);
  // Each takes its own away and no other.
  for (std::size_t i = 0; i < orders_max; ++i) {
    tests::run(context_, all[i]->clean_up());
    EXPECT_EQ(values().size(), orders_max - 1 - i);
  }
  EXPECT_THAT(values(), IsEmpty());
}

TEST_F(dns_orders, b71_the_record_of_an_operator_is_found_and_judged) {
  EXPECT_EQ(check("a.example.test", true), "good");
  EXPECT_EQ(check("c.example.test", true), "good") << "where a CNAME leads";
  EXPECT_EQ(check("long.example.test", false), "good") << "in several strings";
  EXPECT_THAT(check("b.example.test", false), testing::HasSubstr("another account, https://ca.test/acct/2"));
  EXPECT_THAT(check("b.example.test", true, "https://ca.test/acct/2"), testing::HasSubstr("policy=wildcard"));
  EXPECT_THAT(check("d.example.test", false), testing::HasSubstr("there is no record for the CA"));
}

}  // namespace
}  // namespace cardea::autocert
