// Goal: every record of an order is written before any is waited for, and is
// removed whatever happens. Method: a provider that writes down what it is told.
#include "autocert/solvers/dns01.hpp"

#include "base/atomic_file.hpp"
#include "base/task_group.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace cardea::autocert::solvers {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// What happens outside, in its order.
struct world {
  std::vector<std::string> events;
  std::multiset<std::string> records;  ///< "name value"
  std::set<std::string> refused;       ///< names that cannot be written
  std::set<std::string> kept;          ///< names that cannot be removed
  std::set<std::string> invisible;     ///< names that never show
  std::map<std::string, std::string> cnames;
  std::set<std::string> broken_names;  ///< names whose CNAMEs cannot be asked for
  bool is_slot = false;
  int writing = 0;
  int writing_max = 0;
  dnsproviders::challenge_record last;
};

class vendor final : public dnsproviders::provider {
 public:
  explicit vendor(world& in) : in_(in) {}

  base::awaitable<base::result<void>> present(dnsproviders::challenge_record record) override {
    in_.writing_max = std::max(in_.writing_max, ++in_.writing);
    const base::executor where = co_await base::asio::this_coro::executor;
    co_await base::asio::post(where, base::use_awaitable);  // whoever else can write begins
    --in_.writing;
    in_.last = record;
    in_.events.push_back("write " + record.fqdn);
    if (in_.refused.contains(record.fqdn)) co_return base::error(base::errc::protocol, "the vendor says no");
    in_.records.insert(record.fqdn + " " + record.value);
    co_return base::result<void>();
  }
  base::awaitable<base::result<void>> clean_up(dnsproviders::challenge_record record) override {
    in_.events.push_back("remove " + record.fqdn);
    in_.last = record;
    if (in_.kept.contains(record.fqdn)) co_return base::error(base::errc::protocol, "the vendor says no");
    const auto at = in_.records.find(record.fqdn + " " + record.value);
    if (at != in_.records.end()) in_.records.erase(at);
    co_return base::result<void>();
  }
  dnsproviders::propagation_timing timing() const noexcept override { return {7s, 3s}; }
  bool one_at_a_time() const noexcept override { return in_.is_slot; }

 private:
  world& in_;
};

base::awaitable<base::result<std::string>> follow(world& in, std::string name) {
  if (in.broken_names.contains(name)) co_return base::error(base::errc::protocol, "SERVFAIL");
  const auto at = in.cnames.find(name);
  co_return at == in.cnames.end() ? name : at->second;
}

base::awaitable<base::result<void>> wait(world& in, std::string name, std::string value,
                                         dnsproviders::propagation_timing timing) {
  EXPECT_EQ(timing.timeout, 7s);
  EXPECT_TRUE(in.records.contains(name + " " + value));
  in.events.push_back("wait " + name);
  if (in.invisible.contains(name)) co_return base::error(base::errc::timed_out, "ns1 shows nothing");
  co_return base::result<void>();
}

class dns01_of : public testing::Test {
 protected:
  dns01_of() { base::set_log_level(base::log_level::error); }
  ~dns01_of() override { base::set_log_level(base::log_level::info); }

  std::unique_ptr<dns01> make(bool with_provider = true) {
    std::unique_ptr<dnsproviders::provider> provider;
    if (with_provider) provider = std::make_unique<vendor>(world_);
    return std::make_unique<dns01>(
        std::move(provider), [this](std::string name) { return follow(world_, std::move(name)); },
        [this](std::string name, std::string value, dnsproviders::propagation_timing timing) {
          return wait(world_, std::move(name), std::move(value), timing);
        },
        notes_, base::logger("test"));
  }

  std::string present(dns01& with, std::vector<dns01::work> wanted) {
    const auto outcome = tests::run(context_, with.present(std::move(wanted)));
    return outcome ? "success" : outcome.error().message();
  }
  void clean_up(dns01& with) { tests::run(context_, with.clean_up()); }
  void remove_leftovers(dns01& with) { tests::run(context_, with.remove_leftovers()); }
  [[nodiscard]] bool has_notes() const { return std::filesystem::exists(notes_); }

  test_support::scratch_folder folder_;
  std::string notes_ = folder_ / "pending-dns";
  base::asio::io_context context_{1};
  world world_;
};

const dns01::work www{"www.example.test", "token-a", "token-a.thumbprint"};
const dns01::work mail{"mail.example.test", "token-b", "token-b.thumbprint"};
// printf token-a.thumbprint | openssl sha256 -binary | basenc --base64url, without padding
constexpr const char* www_value = "fiZ_FDN5EPzAaWspnz1nMJMybON9C6eL-IXV8yyf2jE";
constexpr const char* mail_value = "yORgftQMWXmBLxpVYSfipNFtR-YjqgJa7eada9_mpTs";

TEST_F(dns01_of, an_order_writes_everything_before_it_waits_for_anything) {
  const auto solver = make();
  EXPECT_EQ(present(*solver, {www, mail}), "success");
  ASSERT_EQ(world_.events.size(), 4U);
  std::sort(world_.events.begin(), world_.events.begin() + 2);
  std::sort(world_.events.begin() + 2, world_.events.end());
  EXPECT_THAT(world_.events,
              ElementsAre("write _acme-challenge.mail.example.test", "write _acme-challenge.www.example.test",
                          "wait _acme-challenge.mail.example.test", "wait _acme-challenge.www.example.test"));
  EXPECT_EQ(world_.writing_max, 2) << "side by side";
  EXPECT_THAT(world_.records,
              UnorderedElementsAre("_acme-challenge.www.example.test " + std::string(www_value),
                                   "_acme-challenge.mail.example.test " + std::string(mail_value)));
  clean_up(*solver);
  EXPECT_THAT(world_.records, IsEmpty());
}

TEST_F(dns01_of, a_name_and_its_wildcard_have_both_values_at_one_name) {
  const dns01::work apex{"example.test", "token-a", "token-a.thumbprint"};
  const dns01::work wildcard{"example.test", "token-b", "token-b.thumbprint"};
  world_.records.insert("_acme-challenge.example.test foreign");
  const auto solver = make();
  EXPECT_EQ(present(*solver, {apex, wildcard}), "success");
  EXPECT_THAT(world_.records,
              UnorderedElementsAre("_acme-challenge.example.test foreign",
                                   "_acme-challenge.example.test " + std::string(www_value),
                                   "_acme-challenge.example.test " + std::string(mail_value)));
  clean_up(*solver);
  EXPECT_THAT(world_.records, UnorderedElementsAre("_acme-challenge.example.test foreign"));
}

TEST_F(dns01_of, a_delegated_name_writes_where_the_cname_leads) {
  world_.cnames["_acme-challenge.www.example.test"] = "www.challenges.test";
  const auto solver = make();
  EXPECT_EQ(present(*solver, {www}), "success");
  EXPECT_THAT(world_.events, ElementsAre("write www.challenges.test", "wait www.challenges.test"));
  EXPECT_EQ(world_.last.domain, "www.example.test");
  EXPECT_EQ(world_.last.token, "token-a");
  EXPECT_EQ(world_.last.key_authorization, "token-a.thumbprint");
  // The CNAME may change in between; the record stands where it was written.
  world_.cnames.clear();
  clean_up(*solver);
  EXPECT_THAT(world_.records, IsEmpty());
}

TEST_F(dns01_of, a_failed_look_up_writes_nothing) {
  world_.broken_names.insert("_acme-challenge.mail.example.test");
  const auto solver = make();
  EXPECT_EQ(present(*solver, {www, mail}), "_acme-challenge.mail.example.test: SERVFAIL");
  EXPECT_THAT(world_.events, IsEmpty());
  clean_up(*solver);
  EXPECT_FALSE(has_notes());
}

TEST_F(dns01_of, a_failed_write_waits_for_nothing_and_is_cleaned_up) {
  world_.refused.insert("_acme-challenge.mail.example.test");
  const auto solver = make();
  EXPECT_EQ(present(*solver, {www, mail}), "record _acme-challenge.mail.example.test: the vendor says no");
  EXPECT_EQ(world_.records.size(), 1U) << "the other one was written";
  for (const std::string& each : world_.events) EXPECT_FALSE(each.starts_with("wait")) << each;
  clean_up(*solver);
  EXPECT_THAT(world_.records, IsEmpty());
  EXPECT_FALSE(has_notes());
}

TEST_F(dns01_of, a_record_that_does_not_show_is_cleaned_up) {
  world_.invisible.insert("_acme-challenge.www.example.test");
  const auto solver = make();
  EXPECT_EQ(present(*solver, {www, mail}), "record _acme-challenge.www.example.test: ns1 shows nothing");
  clean_up(*solver);
  EXPECT_THAT(world_.records, IsEmpty());
}

TEST_F(dns01_of, records_are_noted_while_they_stand) {
  const auto solver = make();
  EXPECT_EQ(present(*solver, {www}), "success");
  struct stat about {};
  ASSERT_EQ(stat(notes_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  clean_up(*solver);
  EXPECT_FALSE(has_notes());
}

TEST_F(dns01_of, a_crash_leaves_notes_by_which_the_next_start_removes_the_records) {
  EXPECT_EQ(present(*make(), {www, mail}), "success");
  const auto next = make();
  remove_leftovers(*next);
  EXPECT_THAT(world_.records, IsEmpty());
  EXPECT_EQ(world_.last.key_authorization, "token-b.thumbprint");
  EXPECT_FALSE(has_notes());
  world_.events.clear();
  remove_leftovers(*next);
  EXPECT_THAT(world_.events, IsEmpty());
}

TEST_F(dns01_of, a_record_that_cannot_be_removed_stays_noted_through_later_orders) {
  world_.kept.insert("_acme-challenge.www.example.test");
  auto solver = make();
  remove_leftovers(*solver);
  EXPECT_EQ(present(*solver, {www}), "success");
  clean_up(*solver);
  EXPECT_TRUE(has_notes());
  // The next order of this process tries again, and does not forget it either.
  world_.events.clear();
  remove_leftovers(*solver);
  EXPECT_THAT(world_.events, ElementsAre("remove _acme-challenge.www.example.test"));
  EXPECT_EQ(present(*solver, {mail}), "success");
  clean_up(*solver);
  EXPECT_THAT(world_.records, ElementsAre("_acme-challenge.www.example.test " + std::string(www_value)));
  // Nor does the next process.
  solver = make();
  world_.kept.clear();
  remove_leftovers(*solver);
  EXPECT_THAT(world_.records, IsEmpty());
  EXPECT_FALSE(has_notes());
}

TEST_F(dns01_of, a_ca_that_validates_otherwise_needs_no_provider) {
  const auto solver = make(false);
  EXPECT_FALSE(solver->one_at_a_time());
  EXPECT_EQ(present(*solver, {www}), "success");
  clean_up(*solver);
  remove_leftovers(*solver);
  EXPECT_FALSE(has_notes());
}

// The vector of the draft's own example.
TEST_F(dns01_of, b72_the_label_of_an_account_is_made_of_its_address) {
  EXPECT_EQ(account_label("https://example.com/acme/acct/ExampleAccount"), "_ujmmovf2vn55tgye");
}

TEST_F(dns01_of, b72_records_of_an_account_stand_below_its_label) {
  dns01 solver(
      std::make_unique<vendor>(world_), [this](std::string name) { return follow(world_, std::move(name)); },
      [this](std::string name, std::string value, dnsproviders::propagation_timing timing) {
        return wait(world_, std::move(name), std::move(value), timing);
      },
      notes_, base::logger("test"), config::challenge_type::dns_account01);
  dns01::work of_account = www;
  of_account.account_url = "https://example.com/acme/acct/ExampleAccount";
  EXPECT_EQ(present(solver, {of_account}), "success");
  EXPECT_THAT(world_.records,
              ElementsAre("_ujmmovf2vn55tgye._acme-challenge.www.example.test " + std::string(www_value)));
  clean_up(solver);
  EXPECT_THAT(world_.records, IsEmpty());
}

TEST_F(dns01_of, a_vendor_with_one_slot_serves_one_order_after_the_other) {
  world_.is_slot = true;
  const auto first = make();
  const auto second = make();
  EXPECT_TRUE(first->one_at_a_time());
  EXPECT_EQ(present(*first, {www}), "success");
  bool is_ready = false;
  base::asio::co_spawn(context_, second->present({mail}),
                       [&](std::exception_ptr, base::result<void> outcome) {
                         EXPECT_TRUE(outcome);
                         is_ready = true;
                       });
  context_.restart();
  context_.run_for(20ms);
  EXPECT_FALSE(is_ready);
  EXPECT_EQ(world_.records.size(), 1U);
  clean_up(*first);
  EXPECT_TRUE(is_ready);
  clean_up(*second);
  EXPECT_THAT(world_.records, IsEmpty());
}

}  // namespace
}  // namespace cardea::autocert::solvers
