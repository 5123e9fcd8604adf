#pragma once

#include "autocert/acme/acme_issuer.hpp"
#include "autocert/acme/error.hpp"
#include "autocert/key.hpp"
#include "autocert/solvers/challenge_board.hpp"
#include "autocert/solvers/dns01.hpp"
#include "autocert/solvers/dns_persist01.hpp"
#include "autocert/solvers/http01.hpp"
#include "autocert/solvers/tls_alpn01.hpp"
#include "base/task_group.hpp"
#include "tests/support/acme_ca.hpp"
#include "tests/support/acme_twist.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace cardea::test_support {

/// A DNS vendor whose records the scripted CA sees.
struct dns_vendor {
  txt_records records;
  std::size_t written = 0;
  bool refuses_writes = false;
  bool refuses_removals = false;
  bool has_one_slot = false;  ///< a second value at a name replaces the first
  std::chrono::seconds visible_after{0};
};

class vendor_access final : public dnsproviders::provider {
 public:
  explicit vendor_access(dns_vendor& vendor) : vendor_(vendor) {}

  base::awaitable<base::result<void>> present(dnsproviders::challenge_record record) override {
    if (vendor_.refuses_writes) co_return base::error(base::errc::protocol, "the vendor says no");
    ++vendor_.written;
    if (vendor_.has_one_slot)
      std::erase_if(vendor_.records, [&](const auto& each) { return each.first == record.fqdn; });
    vendor_.records.emplace(record.fqdn, record.value);
    co_return base::result<void>();
  }
  base::awaitable<base::result<void>> clean_up(dnsproviders::challenge_record record) override {
    if (vendor_.refuses_removals) co_return base::error(base::errc::protocol, "the vendor says no");
    const auto found = vendor_.records.find({record.fqdn, record.value});
    if (found != vendor_.records.end()) vendor_.records.erase(found);
    co_return base::result<void>();
  }

  bool one_at_a_time() const noexcept override { return vendor_.has_one_slot; }

 private:
  dns_vendor& vendor_;
};

/// Orders from the scripted CA on simulated time.
class acme_fixture : public testing::Test {
 protected:
  acme_fixture() {
    base::set_log_level(base::log_level::error);
    settings_.name = "main";
    account_.email = "admin@example.test";
    account_.key_path = folder_ / "acme.key";
    account_.sleep = sleep();
  }
  ~acme_fixture() override {
    EXPECT_THAT(ca_.violations, testing::IsEmpty());
    base::set_log_level(base::log_level::info);
  }

  [[nodiscard]] autocert::acme::sleep_function sleep() {
    return [this](std::chrono::steady_clock::duration duration) { return time_.sleep(duration); };
  }

  /// A start of the program: nothing is remembered but what is on disk.
  void restart() {
    auto transport = std::make_shared<autocert::acme::transport>(acme_ca::directory_url(), ca_.fetch(),
                                                                 time_.clock(), sleep(), limits_);
    shared_account_ = std::make_shared<autocert::acme::account>(account_, transport);
    autocert::acme::prover::solver_list solvers;
    for (const config::challenge_type type : types_) solvers.push_back(make_solver(type));
    issuer_ = std::make_unique<autocert::acme::acme_issuer>(settings_, std::move(transport), shared_account_,
                                                            std::move(solvers), time_.clock(), sleep());
  }

  std::unique_ptr<autocert::solvers::solver> make_solver(config::challenge_type type) {
    using config::challenge_type;
    if (type == challenge_type::http01) return std::make_unique<autocert::solvers::http01>(board_);
    if (type == challenge_type::tls_alpn01)
      return std::make_unique<autocert::solvers::tls_alpn01>(board_, time_.clock());
    if (type == challenge_type::dns_persist01)
      return std::make_unique<autocert::solvers::dns_persist01>(
          [this](std::string name) { return values_of(std::move(name)); }, folder_ / "dns-persist",
          time_.clock(), base::logger("test"));
    return std::make_unique<autocert::solvers::dns01>(
        std::make_unique<vendor_access>(vendor_), [](std::string name) { return same_name(std::move(name)); },
        [this](std::string, std::string, dnsproviders::propagation_timing) { return wait_until_visible(); },
        folder_ / "pending-dns", base::logger("test"), type);
  }

  /// Begins an order; `finish` ends it.
  void begin(std::vector<std::string> domains) {
    if (!issuer_) restart();
    const auto key = autocert::make_key(config::key_type::ec256).value();
    autocert::issue_request wanted{std::move(domains), {}};
    wanted.csr_der = autocert::make_csr(key.get(), wanted.domains).value();
    wanted.replaces = replaces_;
    outcome_ = base::error(base::errc::timed_out, "not finished in the time given");
    began_ = time_.now();
    running_ = std::make_unique<base::task_group>(io_.get_executor(), base::logger("test"));
    auto order = issuer_->issue(std::move(wanted));
    running_->spawn(store(std::move(order)));
    time_.settle();
  }
  [[nodiscard]] bool is_running() const { return running_->size() > 0; }

  base::result<std::string> finish(std::chrono::seconds at_most = std::chrono::hours(3)) {
    for (const auto end = time_.now() + at_most; is_running() && time_.now() < end;)
      time_.run_for(std::chrono::seconds(1));
    EXPECT_FALSE(is_running()) << "the order does not end";
    if (is_running()) running_->cancel();
    time_.settle();
    return outcome_;
  }

  base::result<std::string> issue(std::vector<std::string> domains) {
    begin(std::move(domains));
    return finish();
  }
  void expect_issued(std::vector<std::string> domains) {
    const auto got = issue(std::move(domains));
    EXPECT_TRUE(got) << got.error().message();
  }
  /// An order that fails leaves nothing behind at the vendor.
  base::error refusal(std::vector<std::string> domains) {
    const auto got = issue(std::move(domains));
    EXPECT_FALSE(got);
    EXPECT_THAT(vendor_.records, testing::IsEmpty());
    return got ? base::error() : got.error();
  }

  /// How long the last order took.
  [[nodiscard]] std::chrono::seconds took() const {
    return std::chrono::floor<std::chrono::seconds>(ended_ - began_);
  }

  scratch_folder folder_;
  base::asio::io_context io_;
  simulated_time time_{io_, std::chrono::system_clock::now()};
  dns_vendor vendor_;
  acme_ca ca_{time_, vendor_.records};
  autocert::acme::issuer_settings settings_;
  autocert::acme::account_settings account_;
  autocert::acme::transport::limits limits_;
  std::shared_ptr<autocert::acme::account> shared_account_;
  std::vector<config::challenge_type> types_{config::challenge_type::dns01};  ///< from the next restart on
  autocert::solvers::challenge_board board_{
      [this](base::challenge_snapshot pending, const std::function<void()>& installed) {
        ca_.listeners = std::move(pending);
        installed();
      }};
  std::shared_ptr<const base::certificate> replaces_;  ///< by the orders that follow
  std::unique_ptr<autocert::acme::acme_issuer> issuer_;
  std::unique_ptr<base::task_group> running_;

 private:
  static base::awaitable<base::result<std::string>> same_name(std::string name) { co_return name; }
  base::awaitable<base::result<std::vector<std::string>>> values_of(std::string name) {
    std::vector<std::string> out;
    for (const auto& [each, value] : vendor_.records)
      if (each == name) out.push_back(value);
    co_return out;
  }
  base::awaitable<base::result<void>> wait_until_visible() {
    if (vendor_.visible_after.count() > 0) co_await time_.sleep(vendor_.visible_after);
    co_return base::result<void>();
  }
  base::awaitable<void> store(base::awaitable<base::result<std::string>> order) {
    outcome_ = co_await std::move(order);
    ended_ = time_.now();
  }

  base::result<std::string> outcome_ = base::error(base::errc::timed_out);
  base::wall_time began_{};
  base::wall_time ended_{};
};

}  // namespace cardea::test_support
