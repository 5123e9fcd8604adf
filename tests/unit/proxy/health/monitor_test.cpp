// Goal: what the checks find reaches the workers and the API, and reloads forget nothing that still counts.
// Method: a prober that answers from a script, on a context that runs until a condition holds.
#include "proxy/health/monitor.hpp"

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>

#include <map>
#include <set>

namespace cardea::proxy::health {
namespace {

using namespace std::chrono_literals;

config::route_section route(const std::string& alias, std::initializer_list<std::uint16_t> ports) {
  config::route_section out;
  out.alias = alias;
  for (const std::uint16_t port : ports) {
    config::backend_entry entry;
    entry.host = "10.0.0.1";
    entry.port = port;
    out.backends.push_back(entry);
  }
  out.checks.enabled = true;
  out.checks.interval = 4ms;
  out.checks.failures_max = 2;
  return out;
}

class monitor_test : public ::testing::Test {
 protected:
  static base::awaitable<finding> answer(monitor_test* self, target at) {
    ++self->asked_[at.name()];
    const bool down = self->down_.contains(at.name());
    co_return finding{!down, down ? "status 503" : ""};
  }

  /// Lets the checks go on until `condition` holds; false when that takes too long.
  template <class Condition>
  bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      context_.restart();
      context_.run_for(2ms);
    }
    return condition();
  }
  [[nodiscard]] std::set<std::string> published() const {
    return published_ ? std::set<std::string>(published_->down.begin(), published_->down.end())
                      : std::set<std::string>{"nothing yet"};
  }

  void TearDown() override {
    base::asio::post(context_, [this] { of_.stop(); });
    context_.restart();
    context_.run_for(5s);
    EXPECT_TRUE(context_.stopped()) << "stop ends every check";
  }

  base::asio::io_context context_{1};
  std::map<std::string, int> asked_;
  std::set<std::string> down_;
  upstream::health_snapshot published_;
  int publications_ = 0;
  monitor of_{{context_.get_executor(), [this](target at) { return answer(this, std::move(at)); },
               [this](upstream::health_snapshot found) {
                 published_ = std::move(found);
                 ++publications_;
               }}};
};

TEST_F(monitor_test, says_who_is_down_by_route_and_backend) {
  down_ = {"10.0.0.1:81"};
  of_.watch({route("app", {80, 81}), route("blog", {81, 82})});
  EXPECT_EQ(published(), std::set<std::string>{}) << "before anything is known nobody is down";
  const std::set<std::string> expected{"app|10.0.0.1:81", "blog|10.0.0.1:81"};
  EXPECT_TRUE(until([&] { return published() == expected; }));
  down_ = {};
  EXPECT_TRUE(until([&] { return published().empty(); }));
}

TEST_F(monitor_test, publishes_changes_only) {
  of_.watch({route("app", {80, 81})});
  ASSERT_TRUE(until([&] { return asked_["10.0.0.1:80"] > 5 && asked_["10.0.0.1:81"] > 5; }));
  EXPECT_EQ(publications_, 3) << "at the start, and when each was seen for the first time";
}

TEST_F(monitor_test, a_group_is_healthy_while_one_backend_is) {
  down_ = {"10.0.0.1:81"};
  of_.watch({route("app", {80, 81})});
  EXPECT_EQ(of_.health()[0].whole.status, health_status::unknown);
  ASSERT_TRUE(until([&] { return published().size() == 1 && asked_["10.0.0.1:80"] > 1; }));
  auto seen = of_.health();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].alias, "app");
  EXPECT_EQ(seen[0].whole.status, health_status::healthy);
  EXPECT_EQ(seen[0].whole.detail, "1/2 servers are healthy");
  EXPECT_GT(seen[0].whole.uptime, 0ns);
  EXPECT_EQ(seen[0].backends[1].status, health_status::unhealthy);
  EXPECT_EQ(seen[0].backends[1].detail, "status 503");
  down_ = {"10.0.0.1:80", "10.0.0.1:81"};
  ASSERT_TRUE(until([&] { return published().size() == 2; }));
  seen = of_.health();
  EXPECT_EQ(seen[0].whole.status, health_status::unhealthy);
  EXPECT_EQ(seen[0].whole.detail, "0/2 servers are healthy");
}

TEST_F(monitor_test, a_route_that_is_not_checked_is_unknown_and_not_asked) {
  config::route_section off = route("off", {80});
  off.checks.enabled = false;
  of_.watch({off, route("on", {81})});
  ASSERT_TRUE(until([&] { return asked_["10.0.0.1:81"] > 2; }));
  EXPECT_EQ(asked_["10.0.0.1:80"], 0);
  const auto seen = of_.health();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].whole.status, health_status::unknown);
  EXPECT_EQ(seen[1].whole.status, health_status::healthy);
}

TEST_F(monitor_test, u12_a_reload_keeps_verdicts_of_what_it_leaves_and_forgets_the_rest) {
  down_ = {"10.0.0.1:80", "10.0.0.1:81"};
  of_.watch({route("app", {80}), route("blog", {81})});
  ASSERT_TRUE(until([&] { return published().size() == 2; }));
  of_.watch({route("app", {80}), route("new", {82})});
  EXPECT_EQ(published(), std::set<std::string>{"app|10.0.0.1:80"});
  ASSERT_TRUE(until([&] { return asked_["10.0.0.1:82"] > 1; }));
  const int before = asked_["10.0.0.1:81"];
  const int others = asked_["10.0.0.1:82"];
  ASSERT_TRUE(until([&] { return asked_["10.0.0.1:82"] > others + 3; }));
  EXPECT_EQ(asked_["10.0.0.1:81"], before) << "nobody asks for what no route has";
}

TEST_F(monitor_test, a_fileserver_has_no_backend_to_check) {
  config::route_section files;
  files.alias = "files";
  files.scheme = config::route_scheme::fileserver;
  files.checks.enabled = true;
  of_.watch({files});
  EXPECT_TRUE(of_.health().empty());
}

}  // namespace
}  // namespace cardea::proxy::health
