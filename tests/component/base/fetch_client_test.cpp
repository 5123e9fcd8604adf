// Goal: every way in which a server can answer, or fail to, becomes the right
// value. Method: the real client against a Python server on raw sockets.
#include "base/fetch_client.hpp"

#include "tests/support/python_child.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <memory>
#include <optional>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

class fetch_client : public testing::Test {
 protected:
  fetch_client() : peer_({CARDEA_SOURCE_DIR "/tests/component/base/fetch_peer.py", "127.0.0.1"}) {
    origin_ = "http://127.0.0.1:" + peer_.read_line();
  }

  static awaitable<void> keep(fetch call, fetch_request request, std::optional<result<fetch_response>>* out) {
    auto answer = co_await call(std::move(request));
    out->emplace(std::move(answer));
  }

  result<fetch_response> run(fetch_request request) {
    if (!fetch_) fetch_ = make_fetch(options_).value();
    std::optional<result<fetch_response>> out;
    asio::co_spawn(context_, keep(fetch_, std::move(request), &out),
                   [](std::exception_ptr failure) { EXPECT_EQ(failure, nullptr) << "failures are values"; });
    context_.restart();
    context_.run();
    return out ? std::move(*out) : error(errc::cancelled, "never completed");
  }

  result<fetch_response> get(const std::string& path) { return run({.url = origin_ + path}); }

  asio::io_context context_{1};
  tests::python_child peer_;
  fetch_client_options options_;
  std::string origin_;
  fetch fetch_;
};

TEST_F(fetch_client, sends_method_fields_and_body_and_returns_any_status) {
  fetch_request request{.method = "POST", .url = origin_ + "/echo?a=b%20c"};
  request.headers = {{"Content-Type", "application/jose+json"}, {"X-Two", "1"}, {"X-Two", "2"}};
  request.body = "{\"a\": 1}";
  const auto answer = run(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("x-seen"), "yes");
  const auto seen = boost::json::parse(answer->body);
  EXPECT_EQ(seen.at("line"), "POST /echo?a=b%20c HTTP/1.1");
  EXPECT_EQ(seen.at("body"), "{\"a\": 1}");
  const auto fields = boost::json::value_to<std::vector<std::vector<std::string>>>(seen.at("fields"));
  const std::vector<std::vector<std::string>> expected{{"Host", origin_.substr(7)},
                                                       {"Content-Type", "application/jose+json"},
                                                       {"X-Two", "1"},
                                                       {"X-Two", "2"},
                                                       {"User-Agent", "cardea"},
                                                       {"Content-Length", "8"}};
  EXPECT_EQ(fields, expected);

  for (const int status : {301, 404, 503, 599}) {
    const auto other = get("/status?" + std::to_string(status));
    ASSERT_TRUE(other) << other.error().message();
    EXPECT_EQ(other->status, status) << "redirects are not followed, failures of the server are answers";
    EXPECT_EQ(other->body, "problem");
  }
}

TEST_F(fetch_client, b33_sends_an_empty_post_with_its_length_and_the_callers_own_agent) {
  const auto answer = run({.method = "POST", .url = origin_ + "/echo", .headers = {{"user-agent", "mine"}}});
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->body.find(R"(["Content-Length", "0"])"), std::string::npos) << answer->body;
  EXPECT_NE(answer->body.find(R"(["user-agent", "mine"])"), std::string::npos) << answer->body;
  EXPECT_EQ(answer->body.find("cardea"), std::string::npos) << answer->body;
}

TEST_F(fetch_client, reads_every_kind_of_body) {
  const struct {
    const char* method;
    const char* path;
    int status;
    const char* body;
  } rows[] = {{"GET", "/chunked", 200, "hello world"},
              {"GET", "/until-close", 200, "until the end"},
              {"GET", "/interim", 200, "final"},
              {"HEAD", "/head", 200, ""},
              {"DELETE", "/empty", 204, ""}};
  for (const auto& row : rows) {
    const auto answer = run({.method = row.method, .url = origin_ + row.path, .timeout = 5s});
    ASSERT_TRUE(answer) << row.path << ": " << answer.error().message();
    EXPECT_EQ(answer->status, row.status) << row.path;
    EXPECT_EQ(answer->body, row.body) << row.path;
  }
}

TEST_F(fetch_client, tells_apart_how_an_answer_fails) {
  const struct {
    const char* path;
    errc code;
    const char* says;
  } rows[] = {{"/short", errc::protocol, "cut short"},
              {"/short-chunk", errc::protocol, "cut short"},
              {"/short-head", errc::protocol, "cut short"},
              {"/garbage", errc::protocol, "malformed"},
              {"/both-lengths", errc::protocol, "malformed"},
              {"/gzip-coding", errc::protocol, "malformed"},
              {"/switch", errc::protocol, "101"},
              {"/interim-forever", errc::limit_exceeded, "interim"},
              {"/big-head", errc::limit_exceeded, "head"},
              {"/close", errc::closed, "closed"}};
  for (const auto& row : rows) {
    const auto answer = run({.url = origin_ + row.path + "?token=s3cret", .timeout = 5s});
    ASSERT_FALSE(answer) << row.path;
    EXPECT_EQ(answer.error().code, row.code) << row.path << ": " << answer.error().message();
    EXPECT_NE(answer.error().message().find(origin_.substr(7) + ": read: "), std::string::npos)
        << answer.error().message();
    EXPECT_NE(answer.error().message().find(row.says), std::string::npos) << answer.error().message();
    EXPECT_EQ(answer.error().message().find("s3cret"), std::string::npos) << answer.error().message();
  }
}

TEST_F(fetch_client, b33_caps_bodies_of_every_framing_at_the_named_maximum) {
  for (const char* path : {"/big", "/big-chunked", "/big-until-close"}) {
    const auto fits = run({.url = origin_ + path, .body_bytes_max = 100'000});
    ASSERT_TRUE(fits) << path << ": " << fits.error().message();
    EXPECT_EQ(fits->body.size(), 100'000U) << path;
    const auto over = run({.url = origin_ + path, .body_bytes_max = 99'999});
    ASSERT_FALSE(over) << path;
    EXPECT_EQ(over.error().code, errc::limit_exceeded) << path << ": " << over.error().message();
  }
}

TEST_F(fetch_client, b33_bounds_the_whole_exchange_by_its_deadline) {
  for (const char* path : {"/silent", "/drip"}) {
    const auto begin = clock::now();
    const auto answer = run({.url = origin_ + path, .timeout = 300ms});
    const auto took = clock::now() - begin;
    ASSERT_FALSE(answer) << path;
    EXPECT_EQ(answer.error().code, errc::timed_out) << path << ": " << answer.error().message();
    EXPECT_GE(took, 290ms) << path;
    EXPECT_LT(took, 3s) << path;
  }
}

TEST_F(fetch_client, reports_a_reset_with_the_sockets_own_code) {
  const auto answer = get("/reset");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, boost::system::errc::connection_reset) << answer.error().message();
}

TEST_F(fetch_client, refuses_to_send_what_would_inject_a_field) {
  const auto answer = run({.url = origin_ + "/echo", .headers = {{"X", "a\r\nY: b"}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, errc::invalid_argument);
}

TEST_F(fetch_client, reuses_a_connection_for_the_same_host) {
  EXPECT_EQ(boost::json::parse(get("/echo")->body).at("connection"), 1);
  EXPECT_EQ(get("/chunked")->body, "hello world");
  EXPECT_EQ(boost::json::parse(get("/echo")->body).at("connection"), 1);
}

TEST_F(fetch_client, keeps_no_idle_connection_when_told_so) {
  options_.idle_connections_max = 0;
  EXPECT_EQ(boost::json::parse(get("/echo")->body).at("connection"), 1);
  EXPECT_EQ(boost::json::parse(get("/echo")->body).at("connection"), 2);
}

TEST_F(fetch_client, does_not_reuse_a_connection_that_is_old_closed_or_out_of_step) {
  EXPECT_EQ(get("/says-close")->body, "1");
  EXPECT_EQ(get("/extra-bytes")->body, "2");
  EXPECT_EQ(get("/leaves")->body, "3");
  EXPECT_EQ(boost::json::parse(get("/echo")->body).at("connection"), 4);
  fetch_ = nullptr;
  options_.idle_timeout = 0ms;
  EXPECT_EQ(boost::json::parse(get("/echo")->body).at("connection"), 5);
  EXPECT_EQ(boost::json::parse(get("/echo")->body).at("connection"), 6);
}

TEST_F(fetch_client, repeats_a_request_once_when_a_reused_connection_dies_unanswered) {
  EXPECT_EQ(get("/second-dies")->body, "1");
  const auto again = run({.method = "POST", .url = origin_ + "/second-dies", .body = "x"});
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->body, "2") << "on a fresh connection";
  const auto fresh = get("/close");
  ASSERT_FALSE(fresh) << "a fresh connection that dies is a failure";
  EXPECT_EQ(fresh.error().code, errc::closed);
}

TEST_F(fetch_client, names_the_step_and_the_address_when_nobody_listens) {
  asio::ip::tcp::acceptor holder(context_, {asio::ip::make_address("127.0.0.1"), 0}, false);
  const std::string port = std::to_string(holder.local_endpoint().port());
  holder.close();
  const auto answer = run({.url = "http://127.0.0.1:" + port + "/?token=s3cret"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, boost::system::errc::connection_refused);
  const std::string where = "127.0.0.1:" + port;
  EXPECT_EQ(answer.error().message(), where + ": connect: " + where + " Connection refused");
}

TEST_F(fetch_client, names_the_step_when_a_name_does_not_resolve) {
  const std::string name(70, 'a');  // longer than a label can be: fails without a query
  const auto answer = run({.url = "http://" + name + "/", .timeout = 5s});
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message().starts_with(name + ":80: resolve: ")) << answer.error().message();
}

TEST_F(fetch_client, resolves_names) {
  const std::string url = "http://localhost" + origin_.substr(origin_.rfind(':')) + "/echo";
  const auto answer = run({.url = url});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_NE(answer->body.find("[\"Host\", \"localhost:"), std::string::npos) << answer->body;
}

TEST_F(fetch_client, serves_several_calls_at_once) {
  fetch_ = make_fetch(options_).value();
  std::array<std::optional<result<fetch_response>>, 8> answers;
  for (auto& answer : answers) {
    fetch_request request{.url = origin_ + "/chunked"};
    asio::co_spawn(context_, keep(fetch_, std::move(request), &answer),
                   [](std::exception_ptr failure) { EXPECT_EQ(failure, nullptr); });
  }
  fetch_ = nullptr;  // running calls keep what they need
  context_.run();
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ((*answer)->body, "hello world");
  }
}

}  // namespace
}  // namespace cardea::base
