#pragma once

#include "autocert/provider_set.hpp"
#include "tests/support/file_faults.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/scripted_ca.hpp"
#include "tests/support/simulated_time.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace cardea::test_support {

/// Runs provider sets in one folder on simulated time, with a scripted CA for
/// each certificate.
class life_cycle_fixture : public testing::Test {
 protected:
  life_cycle_fixture() { base::set_log_level(base::log_level::error); }
  ~life_cycle_fixture() override {
    stop();
    base::set_log_level(base::log_level::info);
  }

  config::certificate_request request(const std::string& name, const std::string& provider,
                                      std::vector<std::string> domains) {
    config::certificate_request out;
    out.name = name;
    out.provider = provider;
    out.email = "admin@example.com";
    out.domains = std::move(domains);
    out.cert_path = folder_ / "certs/" + name + ".crt";
    out.key_path = folder_ / "certs/" + name + ".key";
    return out;
  }

  autocert::environment outside() {
    autocert::environment out{io_.get_executor()};
    out.clock = time_.clock();
    out.sleep = [this](std::chrono::steady_clock::duration duration) { return time_.sleep(duration); };
    out.make_acme_issuer = [this](const config::certificate_request& wanted) {
      // The preferred CA, which is made first, by the certificate's name alone, others with their address.
      const bool is_first = !requests_.contains(wanted.name);
      const std::string key = wanted.name + (is_first ? "" : " at " + config::directory_of(wanted));
      requests_[key] = wanted;
      return base::result<std::unique_ptr<autocert::issuer>>(std::make_unique<scripted_ca>(cas_[key], time_));
    };
    out.publish = [this](base::certificate_snapshot snapshot) {
      published_ = std::move(snapshot);
      ++published_count_;
    };
    out.dns_providers = {"cloudflare"};
    out.files = &files_;
    return out;
  }

  /// A start of the program: creates, loads, schedules.
  void start(const config::autocert_section& section) {
    create(section);
    set_->load_all();
    set_->schedule_renewal_all();
    time_.settle();
  }

  void create(const config::autocert_section& section) {
    stop();
    requests_.clear();
    auto made = autocert::provider_set::create(section, outside());
    ASSERT_TRUE(made) << made.error().message();
    set_ = std::move(*made);
  }

  /// Its orderly end.
  void stop() {
    if (!set_) return;
    set_->stop();
    bool joined = false;
    base::task_group waiting(io_.get_executor(), base::logger("test"));
    waiting.spawn(join_then(*set_, joined));
    time_.settle();
    EXPECT_TRUE(joined) << "something does not end when it is told to";
    set_.reset();
    published_.reset();
  }

  /// Awaits one of the set's operations while time passes.
  base::result<void> await(base::awaitable<base::result<void>> operation, std::chrono::seconds at_most) {
    base::result<void> out = base::error(base::errc::timed_out, "not finished in the time given");
    base::task_group waiting(io_.get_executor(), base::logger("test"));
    waiting.spawn(store_into(std::move(operation), out));
    time_.settle();
    if (waiting.size() > 0) time_.run_for(at_most);
    return out;
  }

  [[nodiscard]] std::string served(const std::string& name) {
    const auto found = published_->find(name);
    for (const base::certificate_ptr& each : found)
      if (each->not_after() > time_.now()) return each->serial_hex();
    return found.empty() ? "" : found.front()->serial_hex();
  }

  scratch_folder folder_;
  file_faults files_;
  base::asio::io_context io_;
  simulated_time time_{io_, std::chrono::system_clock::from_time_t(1'800'000'000)};
  std::map<std::string, ca_record> cas_;
  std::map<std::string, config::certificate_request> requests_;
  base::certificate_snapshot published_;
  std::size_t published_count_ = 0;
  std::unique_ptr<autocert::provider_set> set_;

 private:
  static base::awaitable<void> join_then(autocert::provider_set& set, bool& joined) {
    co_await set.join();
    joined = true;
  }
  static base::awaitable<void> store_into(base::awaitable<base::result<void>> operation,
                                          base::result<void>& out) {
    out = co_await std::move(operation);
  }
};

}  // namespace cardea::test_support
