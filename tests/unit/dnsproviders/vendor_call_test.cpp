#include "dnsproviders/vendor_call.hpp"

#include "base/task_group.hpp"

#include <gtest/gtest.h>

namespace cardea::dnsproviders {
namespace {

using namespace std::chrono_literals;

class vendor_call_of : public testing::Test {
 protected:
  static base::awaitable<base::result<base::fetch_response>> answer(int& requests, int status) {
    ++requests;
    base::fetch_response out;
    out.status = status;
    co_return out;
  }
  static base::awaitable<void> keep(services with, base::fetch_request request,
                                    base::result<base::fetch_response>& out) {
    out = co_await vendor_call(std::move(with), std::move(request));
  }

  services answering(int status) {
    services out{[this, status](base::fetch_request) { return answer(requests_, status); },
                 base::dns_resolver::create({"127.0.0.1:1"}).value()};
    return out;
  }

  int requests_ = 0;
  base::asio::io_context context_{1};
};

TEST_F(vendor_call_of, a_withdrawn_order_asks_no_more) {
  base::result<base::fetch_response> outcome;
  base::task_group group(context_.get_executor(), base::logger("test"));
  group.spawn(keep(answering(503), {}, outcome));
  context_.poll();
  EXPECT_EQ(requests_, 1);
  group.cancel();
  context_.run();
  EXPECT_EQ(requests_, 1);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, base::errc::cancelled);
}

TEST_F(vendor_call_of, each_method_is_repeated_only_where_its_outcome_is_known) {
  const struct {
    const char* method;
    int status;
    int requests;
  } rows[] = {{"GET", 200, 1},  {"GET", 404, 1},  {"GET", 503, 4}, {"GET", 408, 4},   {"DELETE", 500, 4},
              {"POST", 429, 4}, {"POST", 500, 1}, {"PUT", 503, 1}, {"PATCH", 408, 1}, {"POST", 401, 1}};
  for (const auto& row : rows) {
    requests_ = 0;
    services with = answering(row.status);
    with.sleep = [](std::chrono::steady_clock::duration) -> base::awaitable<void> { co_return; };
    base::fetch_request request;
    request.method = row.method;
    base::result<base::fetch_response> outcome;
    base::task_group group(context_.get_executor(), base::logger("test"));
    group.spawn(keep(std::move(with), std::move(request), outcome));
    context_.restart();
    context_.run();
    EXPECT_EQ(requests_, row.requests) << row.method << " " << row.status;
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->status, row.status);
  }
}

TEST(vendor_error, is_one_short_sentence_without_secrets_and_control_bytes) {
  base::fetch_response answer;
  answer.status = 403;
  EXPECT_EQ(vendor_error("acme", answer, "", {}).message(), "acme: the vendor answered 403");
  EXPECT_EQ(vendor_error("acme", answer, "no\r\n\x1b[31m s3cret s3crets3cret", {"s3cret", ""}).message(),
            "acme: the vendor answered 403: no   [31m *** ******");
  // A secret at the cut is struck out before the cut.
  const std::string at_the_cut = std::string(297, 'x') + "s3cret";
  EXPECT_EQ(vendor_error("acme", answer, at_the_cut, {"s3cret"}).message(),
            "acme: the vendor answered 403: " + std::string(297, 'x') + "***");
}

}  // namespace
}  // namespace cardea::dnsproviders
