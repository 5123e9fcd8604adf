#include "api/endpoints.hpp"

#include "api/cert.hpp"
#include "api/services.hpp"
#include "tests/support/scripted_control.hpp"
#include "tests/support/scripted_health.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace cardea::api {
namespace {

class endpoint_table : public testing::Test {
 protected:
  [[nodiscard]] decision ask(std::string_view method, std::string_view target, bool websocket = false) const {
    return decide({method, target, websocket}, from_);
  }

  static std::string field(const answer& from, std::string_view name) {
    for (const auto& one : from.fields)
      if (one.name == name) return one.value;
    return {};
  }

  tests::scripted_control control_;
  tests::scripted_health health_;
  services from_{"1.2.3", control_, health_};
};

TEST_F(endpoint_table, shows_the_health_of_routes_and_of_the_backends_behind_them) {
  using namespace std::chrono_literals;
  using proxy::health_status;
  health_.said = {{"one", {"h:1", health_status::healthy, 3s, 5ms, ""}, {{"h:1", health_status::healthy, 3s, 5ms, ""}}},
                  {"off", {"h:2", health_status::unknown, 0s, 0s, ""}, {{"h:2", health_status::unknown, 0s, 0s, ""}}},
                  {"web",
                   {"web", health_status::healthy, 1s, 2ms, "1/2 servers are healthy"},
                   {{"h:3", health_status::healthy, 1s, 2ms, ""},
                    {"h:4", health_status::unhealthy, 0s, 0s, "status 503"}}}};
  EXPECT_EQ(
      boost::json::serialize(ask("GET", "/api/v1/health").otherwise.body),
      R"({"one":{"status":"healthy","uptime":3000000000,"latency":5000000,"sleep_in":0,"detail":""},)"
      R"("off":{"status":"unknown","uptime":0,"latency":0,"sleep_in":0,"detail":""},)"
      R"("web":{"status":"healthy","uptime":1000000000,"latency":2000000,"sleep_in":0,"detail":"1/2 servers are healthy",)"
      R"("backends":[{"status":"healthy","uptime":1000000000,"latency":2000000,"detail":"","name":"h:3"},)"
      R"({"status":"unhealthy","uptime":0,"latency":0,"detail":"status 503","name":"h:4"}]}})");
}

TEST_F(endpoint_table, shows_the_process_and_why_the_last_upgrade_failed) {
  EXPECT_EQ(ask("GET", "/api/v1/process").otherwise.status, 404U) << "where nobody tells of it";
  process_status now;
  now.pid = 42;
  now.started_at = 1'700'000'000;
  from_.process = [&now] { return now; };
  EXPECT_EQ(boost::json::serialize(ask("GET", "/api/v1/process").otherwise.body),
            R"({"pid":42,"version":"1.2.3","started":1700000000,"upgrade":{"state":"none","attempts":0}})");
  now.upgrade = process_status::upgrade_state::failed;
  now.upgrade_attempts = 2;
  now.upgrade_error = "it ended with exit code 1";
  now.upgrade_lines = {"first", "last"};
  EXPECT_EQ(boost::json::serialize(ask("GET", "/api/v1/process").otherwise.body),
            R"({"pid":42,"version":"1.2.3","started":1700000000,"upgrade":{"state":"failed","attempts":2,)"
            R"("error":"it ended with exit code 1","last_lines":["first","last"]}})");
}

TEST_F(endpoint_table, answers_reading_methods_and_refuses_others) {
  for (const endpoint& row : endpoints()) {
    if (row.read == nullptr) continue;
    const std::string with_query = std::string(row.path) + "?a=b";
    for (const char* method : {"GET", "HEAD"}) {
      EXPECT_NE(ask(method, row.path).otherwise.status, 405U) << row.path;
      EXPECT_EQ(ask(method, with_query).otherwise.status, ask(method, row.path).otherwise.status);
    }
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"}) {
      const auto said = ask(method, row.path).otherwise;
      EXPECT_EQ(said.status, 405U) << method;
      EXPECT_EQ(field(said, "Allow"), "GET, HEAD");
    }
  }
}

TEST_F(endpoint_table, knows_no_other_path) {
  for (const char* target : {"/", "/api/v1", "/api/v1/version/", "/api/v1/VERSION", "/api/v1/../v1/version",
                             "//api/v1/version", "/api/v1/version%20", "/api/v2/version"}) {
    const auto said = ask("GET", target).otherwise;
    EXPECT_EQ(said.status, 404U) << target;
    EXPECT_EQ(boost::json::serialize(said.body), R"({"message":"no such endpoint"})");
  }
  for (const char* target : {"", "*", "http://localhost/api/v1/version", "localhost:80"})
    EXPECT_EQ(ask("GET", target).otherwise.status, 400U) << target;
}

TEST_F(endpoint_table, upgrades_only_where_and_how_it_says) {
  EXPECT_NE(ask("GET", "/api/v1/cert/renew", true).upgrade, nullptr);
  EXPECT_EQ(ask("GET", "/api/v1/version", true).upgrade, nullptr);
  EXPECT_EQ(ask("GET", "/api/v1/version", true).otherwise.status, 200U);
  const auto plain = ask("GET", "/api/v1/cert/renew");
  EXPECT_EQ(plain.upgrade, nullptr);
  EXPECT_EQ(plain.otherwise.status, 426U);
  EXPECT_EQ(field(plain.otherwise, "Upgrade"), "websocket");
  for (const char* method : {"HEAD", "POST"}) {
    const auto wrong = ask(method, "/api/v1/cert/renew", true);
    EXPECT_EQ(wrong.upgrade, nullptr);
    EXPECT_EQ(wrong.otherwise.status, 405U);
    EXPECT_EQ(field(wrong.otherwise, "Allow"), "GET");
  }
  EXPECT_EQ(control_.forced_count, 0);
}

TEST_F(endpoint_table, tells_version_and_health) {
  EXPECT_EQ(boost::json::serialize(ask("GET", "/api/v1/version").otherwise.body), R"("1.2.3")");
  EXPECT_TRUE(ask("GET", "/api/v1/health").otherwise.body.is_object());
}

TEST_F(endpoint_table, describes_each_certificate) {
  const auto none = ask("GET", "/api/v1/cert/info").otherwise;
  EXPECT_EQ(none.status, 404U);
  EXPECT_EQ(boost::json::serialize(none.body), R"({"message":"no certificate"})");

  control_.served = {{"main",
                      "a.test",
                      "Some \"CA\"",
                      1700000000,
                      1707776000,
                      {"a.test", "*.a.test"},
                      {"x@a.test"},
                      1705000000,
                      ""},
                     {"extra[0]", "b.test", "CA", 0, 4102444800, {}, {}, 0, "the CA refused"}};
  const auto said = ask("GET", "/api/v1/cert/info").otherwise;
  EXPECT_EQ(said.status, 200U);
  EXPECT_EQ(said.body, boost::json::parse(R"([
    {"subject": "a.test", "issuer": "Some \"CA\"", "not_before": 1700000000, "not_after": 1707776000,
     "dns_names": ["a.test", "*.a.test"], "email_addresses": ["x@a.test"],
     "provider": "main", "type": "", "domains": [], "serial": "", "key": "", "ca": "", "profile": "", "wanted_profile": "",
     "next_renewal": 1705000000, "next_renewal_reason": "", "ari": null, "obtained_at": 0, "attempts": 0,
     "attempted_at": 0, "failed_at": 0, "last_error": ""},
    {"subject": "b.test", "issuer": "CA", "not_before": 0, "not_after": 4102444800,
     "dns_names": [], "email_addresses": [],
     "provider": "extra[0]", "type": "", "domains": [], "serial": "", "key": "", "ca": "", "profile": "", "wanted_profile": "",
     "next_renewal": 0, "next_renewal_reason": "", "ari": null, "obtained_at": 0, "attempts": 0,
     "attempted_at": 0, "failed_at": 0, "last_error": "the CA refused"}])"));
  control_.served[0].window_start = 1;
  control_.served[0].window_end = 3;
  control_.served[0].window_selected = 2;
  control_.served.pop_back();
  EXPECT_EQ(ask("GET", "/api/v1/cert/info").otherwise.body.as_array()[0].as_object()["ari"],
            boost::json::parse(R"({"start": 1, "end": 3, "selected": 2})"));
}

TEST(renewal_outcome, is_one_json_object) {
  EXPECT_EQ(printed({"extra[1]", false, "order: \"bad\""}),
            R"({"provider":"extra[1]","renewed":false,"detail":"order: \"bad\""})");
}

}  // namespace
}  // namespace cardea::api
