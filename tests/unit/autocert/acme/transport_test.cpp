#include "autocert/acme/transport.hpp"

#include "autocert/acme/error.hpp"
#include "base/task_group.hpp"
#include "tests/support/acme_ca.hpp"
#include "tests/support/acme_twist.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>

#include <array>
#include <ctime>

namespace cardea::autocert::acme {
namespace {

using namespace std::chrono_literals;
using test_support::ca_step;
using testing::HasSubstr;

TEST(retry_after, is_a_number_of_seconds_or_a_date_and_at_most_a_day) {
  const base::wall_time now = std::chrono::system_clock::from_time_t(784'111'777);  // 06 Nov 1994 08:49:37
  const struct {
    std::string_view text;
    std::optional<std::chrono::seconds> expected;
  } rows[] = {{"0", 0s},
              {"21600", 6h},
              {" 120 ", 120s},
              {"86400", 24h},
              {"86401", 24h},
              {"1000000000000", 24h},
              {"99999999999999999999999999", 24h},
              {"Sun, 06 Nov 1994 08:51:37 GMT", 120s},
              {"Sun, 06 Nov 1994 08:49:37 GMT", 0s},
              {"Sat, 05 Nov 1994 08:49:37 GMT", 0s},
              {"Fri, 01 Jan 2100 00:00:00 GMT", 24h},
              {"", std::nullopt},
              {"soon", std::nullopt},
              {"-5", std::nullopt},
              {"1.5", std::nullopt},
              {"12 seconds", std::nullopt},
              {"Sun, 06 Nov 1994 08:49:37 CET", std::nullopt},
              {"Sun, 06 Nov 1994 08:49:37 GMT+1", std::nullopt},
              {"Sun, 06 Foo 1994 08:49:37 GMT", std::nullopt}};
  for (const auto& row : rows) EXPECT_EQ(parse_retry_after(row.text, now), row.expected) << row.text;
  // A part of a second is rounded up: never before the time.
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:39 GMT", now + 500ms), 2s);
}

// Requests for new accounts: the one kind that needs nothing else.
class transport_to_ca : public testing::Test {
 protected:
  ~transport_to_ca() override { EXPECT_THAT(ca_.violations, testing::IsEmpty()); }

  base::result<base::fetch_response> post() {
    base::result<base::fetch_response> out = base::error(base::errc::timed_out, "not finished");
    base::task_group running(io_.get_executor(), base::logger("test"));
    running.spawn(post_into(out));
    time_.settle();
    for (int i = 0; i < 600 && running.size() > 0; ++i) time_.run_for(100ms);
    EXPECT_EQ(running.size(), 0U);
    return out;
  }
  void expect_good() {
    const auto got = post();
    EXPECT_TRUE(got) << got.error().message();
  }
  base::error refusal() {
    const auto got = post();
    EXPECT_FALSE(got);
    return got ? base::error() : got.error();
  }
  /// What the directory says at the moment.
  std::string new_order() {
    std::string out;
    base::task_group running(io_.get_executor(), base::logger("test"));
    running.spawn(find_new_order(out));
    time_.settle();
    EXPECT_EQ(running.size(), 0U);
    return out;
  }
  std::size_t nonces_asked() const { return ca_.count(ca_step::new_nonce); }
  std::size_t posts() const { return ca_.count(ca_step::new_account); }
  /// Between the last two requests.
  std::chrono::seconds last_gap() const {
    const auto& last = ca_.requests.end();
    return std::chrono::floor<std::chrono::seconds>(std::prev(last)->at - std::prev(last, 2)->at);
  }

  test_support::scratch_folder folder_;
  base::asio::io_context io_;
  test_support::simulated_time time_{io_, std::chrono::system_clock::now()};
  test_support::txt_records zone_;
  test_support::acme_ca ca_{time_, zone_};
  account_key key_ = account_key::load_or_create(folder_ / "acme.key").value();
  transport ca_transport_{test_support::acme_ca::directory_url(), ca_.fetch(), time_.clock(),
                          [this](std::chrono::steady_clock::duration pause) { return time_.sleep(pause); }};

 private:
  base::awaitable<void> find_new_order(std::string& out) {
    const auto found = co_await ca_transport_.find_directory();
    out = found ? found->new_order : found.error().message();
  }
  base::awaitable<void> post_into(base::result<base::fetch_response>& out) {
    const auto where = co_await ca_transport_.find_directory();
    if (!where) {
      out = where.error();
      co_return;
    }
    std::string url = where->new_account;
    signer by{key_, ""};
    std::string payload = R"({"termsOfServiceAgreed":true})";
    auto got = co_await ca_transport_.post(std::move(by), std::move(url), std::move(payload));
    out = std::move(got);
  }
};

TEST_F(transport_to_ca, b21_asks_for_one_nonce_and_lives_on_those_of_the_answers) {
  for (int i = 0; i < 5; ++i) expect_good();
  EXPECT_EQ(nonces_asked(), 1U);
  EXPECT_EQ(ca_.count(ca_step::directory), 1U);
}

TEST_F(transport_to_ca, b21_old_nonces_are_not_used) {
  expect_good();
  time_.run_for(601s);
  expect_good();
  EXPECT_EQ(nonces_asked(), 2U);
  EXPECT_EQ(posts(), 2U);
}

TEST_F(transport_to_ca, b20_after_bad_nonce_the_same_request_goes_with_the_nonce_of_the_error) {
  ca_.next(ca_step::new_account, 63, test_support::refused(400, "badNonce", "unlucky"));
  expect_good();
  EXPECT_EQ(posts(), 64U);
  EXPECT_EQ(nonces_asked(), 1U);
  for (const auto& each : ca_.requests)
    EXPECT_EQ(each.payload, each.step == ca_step::new_account ? R"({"termsOfServiceAgreed":true})" : "");
}

TEST_F(transport_to_ca, b20_gives_up_after_64_bad_nonces) {
  ca_.next(ca_step::new_account, 65, test_support::refused(400, "badNonce", "unlucky"));
  EXPECT_EQ(refusal().code, errc::bad_nonce);
  EXPECT_EQ(posts(), 64U);
}

TEST_F(transport_to_ca, b20_an_error_without_a_nonce_makes_it_ask_for_one) {
  const auto bad = test_support::refused(400, "badNonce", "unlucky");
  auto bare = bad;
  bare.answer = [bad](base::fetch_response answer) -> base::result<base::fetch_response> {
    auto out = bad.answer(std::move(answer)).value();
    std::erase_if(out.headers, [](const auto& field) { return field.name == "Replay-Nonce"; });
    return out;
  };
  ca_.next(ca_step::new_account, bare);
  expect_good();
  EXPECT_EQ(nonces_asked(), 2U);
}

TEST_F(transport_to_ca, b20_a_ca_that_forgot_all_its_nonces_is_survived) {
  for (int i = 0; i < 3; ++i) expect_good();
  ca_.forget_nonces();
  expect_good();
}

TEST_F(transport_to_ca, b21_another_try_after_silence_has_another_nonce) {
  ca_.next(ca_step::new_account, test_support::answer_lost());
  ca_.next(ca_step::new_account, test_support::request_lost());
  expect_good();
  EXPECT_EQ(posts(), 3U);
  EXPECT_EQ(ca_.refusals().size(), 0U) << "a nonce that was spent already";
}

TEST_F(transport_to_ca, silence_is_an_error_after_three_tries) {
  ca_.next(ca_step::new_account, 4, test_support::request_lost());
  EXPECT_THAT(refusal().message(), HasSubstr("closed the connection"));
  EXPECT_EQ(posts(), 3U);
}

TEST_F(transport_to_ca, b23_busy_for_a_moment_is_waited_for_in_both_forms) {
  ca_.next(ca_step::new_account,
           test_support::refused(503, "serverInternal", "busy", {{"Retry-After", "7"}}));
  expect_good();
  EXPECT_EQ(last_gap(), 7s);
  const std::time_t later = std::chrono::system_clock::to_time_t(time_.now() + 9s);
  std::array<char, 64> date{};
  std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&later));
  ca_.next(ca_step::new_account,
           test_support::refused(503, "serverInternal", "busy", {{"retry-after", date.data()}}));
  expect_good();
  EXPECT_GE(last_gap(), 7s);
  EXPECT_LE(last_gap(), 9s);
}

TEST_F(transport_to_ca, b23_busy_for_long_ends_the_attempt_at_once_and_says_for_how_long) {
  ca_.next(ca_step::new_account,
           test_support::refused(503, "serverInternal", "maintenance", {{"Retry-After", "3600"}}));
  EXPECT_EQ(refusal().message(),
            "the CA answered 503 serverInternal: maintenance; it asks to wait 3600 seconds");
  EXPECT_EQ(posts(), 1U);
}

TEST_F(transport_to_ca, b24_a_rate_limit_is_not_tried_again) {
  ca_.next(ca_step::new_account,
           test_support::refused(429, "rateLimited", "too many", {{"Retry-After", "2"}}));
  const base::error got = refusal();
  EXPECT_EQ(got.code, errc::rate_limited);
  EXPECT_THAT(got.message(), HasSubstr("too many; it asks to wait 2 seconds"));
  EXPECT_EQ(posts(), 1U);
}

TEST_F(transport_to_ca, a_rate_limit_on_nonces_is_one_too) {
  ca_.next(ca_step::new_nonce, test_support::changed([](base::fetch_response& answer) {
             answer = {429, {{"Retry-After", "60"}}, "slow down"};
           }));
  EXPECT_EQ(refusal().code, errc::rate_limited);
  ca_.next(ca_step::new_nonce, test_support::without_field("Replay-Nonce"));
  EXPECT_EQ(refusal().code, errc::malformed_answer);
}

TEST_F(transport_to_ca, b34_the_directory_is_asked_for_again_after_a_day) {
  expect_good();
  time_.run_for(23h);
  expect_good();
  EXPECT_EQ(ca_.count(ca_step::directory), 1U);
  time_.run_for(2h);
  expect_good();
  EXPECT_EQ(ca_.count(ca_step::directory), 2U);
}

TEST_F(transport_to_ca, b34_what_the_directory_names_after_a_day_is_used_from_then_on) {
  EXPECT_EQ(new_order(), "https://ca.test/new-order");
  ca_.next(ca_step::directory, test_support::changed([](base::fetch_response& answer) {
             const auto at = answer.body.find("/new-order");
             ASSERT_NE(at, std::string::npos);
             answer.body.insert(at, "/moved");
           }));
  time_.run_for(23h);
  EXPECT_EQ(new_order(), "https://ca.test/new-order");
  time_.run_for(2h);
  EXPECT_EQ(new_order(), "https://ca.test/moved/new-order");
}

TEST_F(transport_to_ca, b33_a_directory_may_be_somewhere_else_but_not_anywhere) {
  const auto leads_to = [](const std::string& where) {
    return test_support::changed([where](base::fetch_response& answer) {
      answer.status = 301;
      answer.headers.push_back({"Location", where});
    });
  };
  ca_.next(ca_step::directory, leads_to("https://ca.test/directory"));
  ca_.next(ca_step::directory, leads_to("/directory"));
  expect_good();
  EXPECT_EQ(ca_.count(ca_step::directory), 3U);
  time_.run_for(25h);
  ca_.next(ca_step::directory, leads_to("http://ca.test/directory"));
  EXPECT_THAT(refusal().message(), HasSubstr("does not lead to an https:// address"));
  ca_.next(ca_step::directory, 4, leads_to("https://ca.test/directory"));
  EXPECT_THAT(refusal().message(), HasSubstr("too many redirects"));
}

TEST_F(transport_to_ca, a_directory_that_is_none_is_not_remembered) {
  ca_.next(ca_step::directory, test_support::with_body("<html>"));
  EXPECT_EQ(refusal().code, errc::malformed_answer);
  ca_.next(ca_step::directory,
           test_support::changed([](base::fetch_response& answer) { answer.status = 404; }));
  EXPECT_THAT(refusal().message(), HasSubstr("directory: the CA answered 404"));
  expect_good();
}

}  // namespace
}  // namespace cardea::autocert::acme
