// Goal: a client sees each line once, in order, from the line after it was
// attached. Method: the real log, from this and other threads; the control
// thread is this test running the context by hand.
#include "api/live_log.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace cardea::api {
namespace {

class live_log_to : public testing::Test {
 protected:
  [[nodiscard]] std::shared_ptr<outbox> make_box(std::size_t lines_max = 100'000) {
    return std::make_shared<outbox>(context_.get_executor(), lines_max, 1U << 30U);
  }

  static std::vector<std::string> sentences(outbox& box) {
    std::vector<std::string> out;
    for (auto text = box.take(); text; text = box.take()) {
      const auto begin = text->find('<');
      out.push_back(begin == std::string::npos ? *text : text->substr(begin, text->find('>') - begin + 1));
    }
    return out;
  }

  void run() {
    context_.restart();
    context_.poll();
  }

  base::asio::io_context context_{1};
  live_log live_{context_.get_executor()};
  base::logger log_{"autocert"};
};

using lines = std::vector<std::string>;

TEST_F(live_log_to, carries_lines_from_the_moment_of_attaching) {
  const auto first = make_box();
  const auto second = make_box();
  log_.info("<0>");
  live_.attach(first);
  log_.info("<1>");
  live_.attach(second);
  log_.info("<2>");
  run();
  EXPECT_EQ(sentences(*first), (lines{"<1>", "<2>"}));
  EXPECT_EQ(sentences(*second), (lines{"<2>"}));
  live_.detach(first);
  log_.info("<3>");
  run();
  EXPECT_EQ(sentences(*first), lines{});
  EXPECT_EQ(sentences(*second), lines{"<3>"});
}

TEST_F(live_log_to, drains_at_once_when_asked) {
  const auto box = make_box();
  live_.attach(box);
  log_.info("<1>");
  live_.drain();
  EXPECT_EQ(sentences(*box), lines{"<1>"});
  run();
  EXPECT_EQ(sentences(*box), lines{});
}

TEST_F(live_log_to, takes_lines_of_other_threads_in_their_order) {
  const auto box = make_box();
  live_.attach(box);
  std::thread other([this] {
    for (int i = 0; i < 1000; ++i) log_.info("<x>", {{"i", i}});
  });
  other.join();
  run();
  int expected = 0;
  for (auto text = box->take(); text; text = box->take())
    EXPECT_TRUE(text->ends_with(" i=" + std::to_string(expected++))) << *text;
  EXPECT_EQ(expected, 1000);
}

TEST_F(live_log_to, says_how_many_lines_are_missing_when_the_control_thread_is_late) {
  const auto box = make_box();
  live_.attach(box);
  for (std::size_t i = 0; i < live_log::staged_lines_max + 7; ++i) log_.info("<x>");
  run();
  const auto seen = sentences(*box);
  ASSERT_EQ(seen.size(), live_log::staged_lines_max + 1);
  EXPECT_EQ(seen.back(), "(7 lines are missing here)");
}

TEST_F(live_log_to, goes_before_its_lines_are_taken) {
  const auto box = make_box();
  auto other = std::make_unique<live_log>(context_.get_executor());
  other->attach(box);
  log_.info("<1>");
  other.reset();
  run();
  EXPECT_EQ(sentences(*box), lines{});
}

TEST_F(live_log_to, never_carries_the_apis_own_chatter) {
  const auto box = make_box();
  live_.attach(box);
  base::set_log_level(base::log_level::trace);
  const base::logger own("api");
  own.debug("<chatter>");
  own.with({"client", 1}).trace("<chatter>");
  own.info("<own news>");
  log_.debug("<not own>", {{"x", "component=api"}, {"y", " component=api "}});
  base::logger("apis").debug("<not own either>");
  base::set_log_level(base::log_level::info);
  run();
  EXPECT_EQ(sentences(*box), (lines{"<own news>", "<not own>", "<not own either>"}));
}

TEST_F(live_log_to, carries_text_only) {
  const auto box = make_box();
  live_.attach(box);
  log_.info("<\xff>");
  run();
  EXPECT_EQ(sentences(*box), lines{"<\xEF\xBF\xBD>"});
}

}  // namespace
}  // namespace cardea::api
