// The format itself is checked by Prometheus's own reader: tests/system/metrics_test.py.
#include "api/metrics.hpp"

#include "api/services.hpp"
#include "tests/support/scripted_control.hpp"
#include "tests/support/scripted_health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cardea::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class metrics_of : public testing::Test {
 protected:
  [[nodiscard]] std::string text() const { return metrics(from_).text.value_or(""); }

  tests::scripted_control control_;
  tests::scripted_health health_;
  services from_{"1.2.3", control_, health_,
                 [] { return proxy::proxy_status{1, 2, 3, 4, 5}; },
                 [] { return std::chrono::system_clock::from_time_t(1'000'000); }};
};

TEST_F(metrics_of, b91_a_certificate_has_a_series_for_each_thing_that_is_known) {
  autocert::certificate_status one;
  one.provider = "main";
  one.issuer = "a \"CA\" \\ of\nall \xff";
  one.not_before = 1'000'000 - 75;
  one.not_after = 1'000'000 + 24;
  one.window_start = 11;
  one.window_end = 13;
  one.window_selected = 12;
  one.obtained_at = 14;
  one.failed_at = 15;
  one.attempted_at = 16;
  one.next_renewal = 17;
  one.attempts = 3;
  one.last_error = "no";
  one.ca = "https://ca.test";
  one.profile = "shortlived";
  one.key = "EC256";
  control_.served = {one};
  const std::string said = text();
  for (const char* line :
       {"cardea_certificate_not_after_timestamp_seconds{certificate=\"main\"} 1000024\n",
        "cardea_certificate_lifetime_left_ratio{certificate=\"main\"} 0.250000\n",
        "cardea_certificate_ari_window_start_timestamp_seconds{certificate=\"main\"} 11\n",
        "cardea_certificate_ari_window_end_timestamp_seconds{certificate=\"main\"} 13\n",
        "cardea_certificate_ari_selected_timestamp_seconds{certificate=\"main\"} 12\n",
        "cardea_certificate_last_success_timestamp_seconds{certificate=\"main\"} 14\n",
        "cardea_certificate_last_failure_timestamp_seconds{certificate=\"main\"} 15\n",
        "cardea_certificate_last_attempt_timestamp_seconds{certificate=\"main\"} 16\n",
        "cardea_certificate_next_renewal_timestamp_seconds{certificate=\"main\"} 17\n",
        "cardea_certificate_attempts{certificate=\"main\"} 3\n",
        "cardea_certificate_last_attempt_failed{certificate=\"main\"} 1\n",
        "issuer=\"a \\\"CA\\\" \\\\ of\\nall \xef\xbf\xbd\",ca=\"https://ca.test\",profile=\"shortlived\",wanted_profile=\"\",key=\"EC256\"",
        "cardea_connections_open 1\n", "cardea_connections_total 2\n", "cardea_requests_total 3\n",
        "cardea_handshakes_failed_total 4\n", "cardea_connections_refused_total 5\n", "cardea_build_info{version=\"1.2.3\"} 1\n"})
    EXPECT_THAT(said, HasSubstr(line));
}

TEST_F(metrics_of, b91_a_certificate_that_is_missing_is_there_with_nothing_left) {
  autocert::certificate_status missing;
  missing.provider = "extra[0]";
  control_.served = {missing};
  EXPECT_THAT(text(), HasSubstr("cardea_certificate_lifetime_left_ratio{certificate=\"extra[0]\"} 0\n"));
  EXPECT_THAT(text(), Not(HasSubstr("not_after_timestamp_seconds"))) << "no series that says nothing";
  missing.not_before = 1;
  missing.not_after = 2;
  control_.served = {missing};
  EXPECT_THAT(text(), HasSubstr("lifetime_left_ratio{certificate=\"extra[0]\"} 0.000000\n")) << "expired";
}

}  // namespace
}  // namespace cardea::api
