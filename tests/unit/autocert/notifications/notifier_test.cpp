// Goal: every service receives what it understands, in time, again when it
// failed, and nobody waits for it (B92). Method: a scripted receiver on
// simulated time, which checks method, address, fields and body.
#include "autocert/notifications/notifier.hpp"

#include "autocert/notifications/message.hpp"
#include "tests/support/simulated_time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <optional>

namespace cardea::autocert::notifications {
namespace {

using namespace std::chrono_literals;
using config::notification_section;
using config::notification_service;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const notice renewed{severity::info, "SSL certificate renewed for main", {}, {"a.test", "*.a.test"}};
const notice failed{severity::error, "SSL certificate renewal failed for main", "order: \"no\"\nwhy", {}};

notification_section service(notification_service which) {
  notification_section out;
  out.name = "it";
  out.service = which;
  out.url = base::secret("https://notify.test/base");
  return out;
}

std::string field(const base::fetch_request& of, std::string_view name) {
  std::string out;
  for (const auto& each : of.headers)
    if (each.name == name) out += each.value;
  return out;
}

TEST(notification_message, b92_gotify_gets_json_with_a_priority) {
  notification_section to = service(notification_service::gotify);
  to.token = base::secret("t0ken");
  const auto request = message_for(to, failed);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://notify.test/base/message");
  EXPECT_EQ(field(request, "Authorization"), "Bearer t0ken");
  EXPECT_EQ(field(request, "Content-Type"), "application/json");
  EXPECT_EQ(request.timeout, 2s);
  EXPECT_EQ(boost::json::parse(request.body), boost::json::parse(R"({
    "title": "SSL certificate renewal failed for main", "message": "order: \"no\"\nwhy", "priority": 5,
    "extras": {"client::display": {"contentType": "text/markdown"}}})"));
  to.format = config::notification_format::plain;
  EXPECT_EQ(boost::json::parse(message_for(to, renewed).body), boost::json::parse(R"({
    "title": "SSL certificate renewed for main", "message": "a.test\n*.a.test", "priority": 0})"));
}

TEST(notification_message, b92_ntfy_gets_fields_and_the_text) {
  notification_section to = service(notification_service::ntfy);
  to.topic = "certs";
  const auto request = message_for(to, renewed);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://notify.test/base/certs");
  EXPECT_EQ(field(request, "Title"), renewed.title);
  EXPECT_EQ(field(request, "Priority"), "low");
  EXPECT_EQ(field(request, "Markdown"), "yes");
  EXPECT_EQ(field(request, "Authorization"), "");
  EXPECT_EQ(request.body, "* a.test\n* *.a.test");
  to.url = base::secret("https://ntfy.sh/");
  to.format = config::notification_format::plain;
  const auto other = message_for(to, {severity::error, "a\r\nInjected: b", "text", {}});
  EXPECT_EQ(other.url, "https://ntfy.sh/certs");
  EXPECT_EQ(field(other, "Title"), "a  Injected: b");
  EXPECT_EQ(field(other, "Priority"), "high");
  EXPECT_EQ(field(other, "Markdown"), "");
  EXPECT_EQ(field(message_for(to, {severity::warn, "t", "x", {}}), "Priority"), "");
}

TEST(notification_message, b92_a_webhook_gets_its_payload_as_its_type_wants_it) {
  notification_section to = service(notification_service::webhook);
  to.method = "PUT";
  to.headers = {{"X-Key", base::secret("k")}};
  to.payload = base::secret(R"({"t": $title, "m": $message, "f": $fields, "c": "$color"})");
  const auto json = message_for(to, failed);
  EXPECT_EQ(json.method, "PUT");
  EXPECT_EQ(json.url, "https://notify.test/base");
  EXPECT_EQ(field(json, "X-Key"), "k");
  EXPECT_EQ(boost::json::parse(json.body), boost::json::parse(R"({
    "t": "SSL certificate renewal failed for main", "m": "order: \"no\"\nwhy", "f": "order: \"no\"\nwhy",
    "c": "#ff0000"})"));
  EXPECT_EQ(boost::json::parse(message_for(to, renewed).body), boost::json::parse(R"({
    "t": "SSL certificate renewed for main", "m": "* a.test\n* *.a.test", "f": ["a.test", "*.a.test"],
    "c": "#00ff00"})"));
  to.mime_type = config::payload_type::form;
  to.payload = base::secret("title=$title&text=$message");
  const auto form = message_for(to, failed);
  EXPECT_EQ(field(form, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(form.body,
            "title=SSL%20certificate%20renewal%20failed%20for%20main&text=order%3A%20%22no%22%0Awhy");
  to.mime_type = config::payload_type::text;
  to.decimal_color = true;
  to.payload = base::secret("$title|$message|$color");
  EXPECT_EQ(message_for(to, failed).body, failed.title + "|" + failed.text + "|16711680");
  to.headers = {{"content-type", base::secret("text/x-own")}};
  EXPECT_EQ(message_for(to, failed).headers.size(), 1U) << "one's own type replaces ours";
}

TEST(notification_message, b92_bytes_that_are_no_text_break_no_json) {
  notification_section to = service(notification_service::gotify);
  const auto request = message_for(to, {severity::error, "t\xff", "a\xc3 b\x01", {}});
  EXPECT_TRUE(boost::json::parse(request.body).is_object());
}

TEST(notification_retries, b92_grow_with_what_is_at_stake) {
  EXPECT_EQ(retries_max(severity::info), 1);
  EXPECT_EQ(retries_max(severity::warn), 3);
  EXPECT_EQ(retries_max(severity::error), 5);
  EXPECT_EQ(pause_before_retry(1), 1s);
  EXPECT_EQ(pause_before_retry(2), 2s);
  EXPECT_EQ(pause_before_retry(9), 256s);
  EXPECT_EQ(pause_before_retry(10), 5min);
  EXPECT_EQ(pause_before_retry(1'000), 5min);
}

class receiver : public testing::Test {
 protected:
  receiver() {
    listening_ = base::subscribe_to_log([this](const base::log_line& line) { log_ += line.text + "\n"; });
    notification_section one = service(notification_service::webhook);
    one.payload = base::secret("$title");
    one.mime_type = config::payload_type::text;
    one.url = base::secret("https://notify.test/s3cr3t-in-the-address");
    one.token = base::secret("s3cr3t-token");
    sections_ = {one};
    notifier_.use(sections_);
  }
  ~receiver() override {
    notifier_.stop();
    base::asio::co_spawn(io_, notifier_.join(), [this](std::exception_ptr) { joined_ = true; });
    time_.settle();
    EXPECT_TRUE(joined_);
    EXPECT_THAT(log_, Not(HasSubstr("s3cr3t")));
  }

  base::awaitable<base::result<base::fetch_response>> answer(base::fetch_request request) {
    const std::size_t nth = bodies_.size();
    bodies_.push_back(request.body);
    at_.push_back(time_.now());
    if (takes_ > 0s) co_await time_.sleep(takes_);
    const int status = nth < statuses_.size() ? statuses_[nth] : 200;
    if (status == 0) co_return base::error(base::errc::timed_out, "notify.test: no answer in 2 s");
    base::fetch_response out;
    out.status = status;
    if (!retry_after_.empty()) out.headers.push_back({"Retry-After", retry_after_});
    co_return out;
  }
  void tell(const std::string& title, severity level = severity::error) {
    notifier_.send({level, title, "x", {}});
  }

  base::asio::io_context io_;
  test_support::simulated_time time_{io_, std::chrono::system_clock::from_time_t(1'800'000'000)};
  std::vector<notification_section> sections_;
  std::vector<std::string> bodies_;
  std::vector<base::wall_time> at_;
  std::vector<int> statuses_;
  std::string retry_after_;
  std::chrono::seconds takes_{0};
  std::string log_;
  base::log_subscription listening_;
  bool joined_ = false;
  notifier notifier_{io_.get_executor(), [this](base::fetch_request request) { return answer(std::move(request)); },
                     [this](std::chrono::steady_clock::duration d) { return time_.sleep(d); }};
};

TEST_F(receiver, b92_is_told_after_the_sender_went_on_and_in_order) {
  tell("first");
  tell("second", severity::info);
  EXPECT_THAT(bodies_, SizeIs(0));
  time_.settle();
  EXPECT_THAT(bodies_, ElementsAre("first", "second"));
}

TEST_F(receiver, b92_that_fails_is_tried_again_with_growing_pauses_and_then_logged) {
  statuses_ = {500, 0, 503, 500, 0, 500, 200};
  tell("bad news");
  tell("next");
  time_.run_for(2min);
  EXPECT_THAT(bodies_, SizeIs(7)) << "five retries, then the next one";
  for (std::size_t i = 1; i < 6; ++i) {
    const auto pause = at_[i] - at_[i - 1];
    EXPECT_GE(pause, pause_before_retry(static_cast<int>(i)) * 9 / 10);
    EXPECT_LE(pause, pause_before_retry(static_cast<int>(i)) * 11 / 10 + 1ms);
  }
  EXPECT_EQ(bodies_.back(), "next");
  EXPECT_THAT(log_, HasSubstr("a notification could not be delivered"));
  EXPECT_THAT(log_, HasSubstr("it answered 500"));
}

TEST_F(receiver, b92_that_refuses_the_request_itself_is_not_asked_again) {
  for (const int status : {400, 401, 403, 404, 413}) {
    statuses_.push_back(status);
    tell("no");
    time_.run_for(1h);
  }
  EXPECT_THAT(bodies_, SizeIs(5));
}

TEST_F(receiver, b92_that_is_busy_is_given_the_time_it_asks_for_up_to_five_minutes) {
  statuses_ = {429};
  retry_after_ = "30";
  tell("a");
  time_.run_for(29s);
  EXPECT_THAT(bodies_, SizeIs(1));
  time_.run_for(2s);
  EXPECT_THAT(bodies_, SizeIs(2));
  statuses_ = {200, 200, 429};
  retry_after_ = "86400";
  tell("b");
  time_.run_for(299s);
  EXPECT_THAT(bodies_, SizeIs(3));
  time_.run_for(2s);
  EXPECT_THAT(bodies_, SizeIs(4));
}

TEST_F(receiver, b92_that_hangs_costs_no_more_memory_than_the_maximum) {
  takes_ = 1h;
  for (std::size_t i = 0; i < notifier::queue_max + 2; ++i) {
    tell(std::to_string(i));
    time_.settle();
  }
  EXPECT_THAT(log_, HasSubstr("too many wait for the service"));
  takes_ = 0s;
  time_.run_for(2h);
  ASSERT_THAT(bodies_, SizeIs(notifier::queue_max + 1));
  EXPECT_EQ(bodies_[0], "0");
  EXPECT_EQ(bodies_[1], "2") << "the oldest of those that waited went";
}

TEST_F(receiver, b92_others_are_told_while_one_hangs_and_a_reload_loses_nothing) {
  notification_section two = sections_[0];
  two.name = "two";
  two.payload = base::secret("two: $title");
  notifier_.use({sections_[0], two});
  statuses_ = {500};
  tell("a");
  time_.settle();
  EXPECT_THAT(bodies_, ElementsAre("a", "two: a"));
  notifier_.use({});
  tell("b");
  time_.run_for(5s);
  EXPECT_THAT(bodies_, ElementsAre("a", "two: a", "a")) << "the retry goes on, and nobody hears of b";
}

TEST_F(receiver, b92_nothing_is_sent_after_the_end_and_the_log_says_what_was_lost) {
  takes_ = 1h;
  tell("a");
  tell("b");
  time_.settle();
  notifier_.stop();
  time_.settle();
  tell("c");
  time_.settle();
  EXPECT_THAT(bodies_, ElementsAre("a"));
  EXPECT_THAT(log_, HasSubstr("not delivered before the end"));
}

}  // namespace
}  // namespace cardea::autocert::notifications
