#include "proxy/access_log/filter.hpp"

#include "tests/unit/proxy/access_log/request_of.hpp"

namespace cardea::proxy::access_log {
namespace {

using tests::get_of;
using tests::request_of;

base::address_range range(const char* text) { return base::address_range::parse(text).value(); }

TEST(access_log_filter, nothing_is_dropped_without_values_negative_or_not) {
  config::access_log_filters filters;
  filters.method.negative = filters.host.negative = filters.cidr.negative = true;
  filters.status_codes.negative = filters.headers.negative = true;
  EXPECT_TRUE(keeps(filters, request_of(get_of("/")).what));
}

TEST(access_log_filter, one_value_of_a_filter_is_enough_and_every_filter_counts) {
  config::access_log_filters filters;
  filters.status_codes.values = {{404, 404}, {200, 299}};
  filters.method.values = {"POST", "GET"};
  request_of request(get_of("/"));
  EXPECT_TRUE(keeps(filters, request.what));
  request.what.status = 299;
  EXPECT_TRUE(keeps(filters, request.what));
  request.what.status = 300;
  EXPECT_FALSE(keeps(filters, request.what));
  request.what.status = 404;
  filters.method.values = {"get"};
  EXPECT_FALSE(keeps(filters, request.what)) << "methods have a case";
}

TEST(access_log_filter, negative_keeps_what_does_not_match) {
  config::access_log_filters filters;
  filters.method = {true, {"GET"}};
  EXPECT_FALSE(keeps(filters, request_of(get_of("/")).what));
  filters.method.values = {"POST"};
  EXPECT_TRUE(keeps(filters, request_of(get_of("/")).what));
}

TEST(access_log_filter, hosts_match_with_and_without_their_port) {
  config::access_log_filters filters;
  filters.host.values = {"APP.test"};
  EXPECT_TRUE(keeps(filters, request_of(get_of("/")).what)) << "GoDoxy reads this filter and never looks at it";
  EXPECT_TRUE(keeps(filters, request_of("GET / HTTP/1.1\r\nHost: app.test:8443\r\n\r\n").what));
  filters.host.values = {"app.test:8443"};
  EXPECT_TRUE(keeps(filters, request_of("GET / HTTP/1.1\r\nHost: app.test:8443\r\n\r\n").what));
  EXPECT_FALSE(keeps(filters, request_of(get_of("/")).what));
}

TEST(access_log_filter, headers_match_by_name_or_by_name_and_value) {
  config::access_log_filters filters;
  filters.headers.values = {{"x-key", {}}};
  EXPECT_TRUE(keeps(filters, request_of(get_of("/", "X-Key: 1\r\n")).what));
  EXPECT_FALSE(keeps(filters, request_of(get_of("/")).what));
  filters.headers.values = {{"X-Key", "One"}};
  EXPECT_TRUE(keeps(filters, request_of(get_of("/", "X-Key: two\r\nX-Key: ONE\r\n")).what));
  EXPECT_FALSE(keeps(filters, request_of(get_of("/", "X-Key: two\r\n")).what));
}

TEST(access_log_filter, networks_match_the_client_as_it_is_known) {
  config::access_log_filters filters;
  filters.cidr.values = {range("192.0.2.0/24"), range("2001:db8::/32")};
  request_of request(get_of("/"));
  EXPECT_TRUE(keeps(filters, request.what));
  request.client.address = "2001:db8::1";
  EXPECT_TRUE(keeps(filters, request.what));
  request.client.address = "198.51.100.1";
  EXPECT_FALSE(keeps(filters, request.what));
  filters.cidr.negative = true;
  EXPECT_TRUE(keeps(filters, request.what));
}

TEST(access_log_filter, a_request_that_was_not_understood_has_a_status_and_a_client_only) {
  http::client_info client;
  client.address = "192.0.2.7";
  entry what;
  what.client = &client;
  what.status = 400;
  config::access_log_filters filters;
  filters.status_codes.values = {{400, 499}};
  filters.cidr.values = {range("192.0.2.7")};
  EXPECT_TRUE(keeps(filters, what));
  filters.method.values = {"GET"};
  EXPECT_FALSE(keeps(filters, what));
}

}  // namespace
}  // namespace cardea::proxy::access_log
