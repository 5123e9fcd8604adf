#include "tests/support/vendor_script.hpp"

#include "dnsproviders/totp.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

const std::vector<base::http_field> session{{"Set-Cookie", "domrobot=s3ssion; path=/; HttpOnly"}};

exchange log_in(const std::string& factor) {
  return {"POST",
          "/",
          R"({"method":"account.login","params":{"user":"me","pass":"inwx-password","lang":"en"}})",
          200,
          R"({"code":1000,"resData":{"customerId":1,"tfa":")" + factor + "\"}}",
          session};
}
exchange unlock(const std::string& code) {
  return {"POST", "/", R"({"method":"account.unlock","params":{"tan":")" + code + R"(","lang":"en"}})", 200,
          R"({"code":1000,"msg":"Command completed successfully"})"};
}
exchange info(const std::string& answer) {
  return {"POST", "/",
          R"({"method":"nameserver.info","params":{"domain":"example.com",
              "name":"_acme-challenge.www.example.com","type":"TXT","lang":"en"}})",
          200, answer};
}
const exchange no_records = info(R"({"code":1000,"resData":{"domain":"example.com","count":0}})");
const exchange create{"POST", "/",
                      R"({"method":"nameserver.createRecord","params":{"domain":"example.com",
                          "name":"_acme-challenge.www.example.com","type":"TXT",
                          "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo","ttl":300,"lang":"en"}})",
                      200, R"({"code":1000,"resData":{"id":"77"}})"};

vendor_script script() {
  return {
      .provider = "inwx",
      .options = {{"username", "me"}, {"password", "inwx-password"}},
      .present = {log_in("0"), no_records, create},
      .clean_up = {info(R"({"code":1000,"resData":{"record":[
                {"id":"76","name":"_acme-challenge.www.example.com","type":"TXT","content":"foreign"},
                {"id":"77","name":"_acme-challenge.www.example.com","type":"TXT",
                 "content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                {"id":"78","name":"_acme-challenge.www.example.com","type":"TXT",
                 "content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"}]}})"),
                   {"POST", "/", R"({"method":"nameserver.deleteRecord","params":{"id":77,"lang":"en"}})",
                    200, R"({"code":1000})"}},
  };
}

TEST(inwx, logs_in_once_adds_a_record_and_removes_just_that) {
  check_vendor(script());
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  for (const base::fetch_request& each : play.requests()) {
    const bool is_login = &each == &play.requests().front();
    const bool has_cookie =
        each.headers.back().name == "Cookie" && each.headers.back().value == "domrobot=s3ssion";
    EXPECT_NE(has_cookie, is_login) << each.body;
  }
}

TEST(inwx, adds_nothing_that_is_there_and_removes_nothing_that_is_not) {
  vendor_play play(script());
  EXPECT_TRUE(play.present({log_in("0"), script().clean_up.front()}));
  EXPECT_TRUE(play.clean_up({info(R"({"code":2303,"msg":"Object does not exist"})")}));
  exchange exists = create;
  exists.answer = R"({"code":2302,"msg":"Object exists"})";
  EXPECT_TRUE(play.present({no_records, exists}));
}

TEST(inwx, gives_a_code_when_the_account_has_a_second_factor) {
  vendor_script locked = script();
  locked.options.insert({"shared_secret", "GEZDGNBVGY3TQOJQ"});
  const std::string code =
      dnsproviders::totp("GEZDGNBVGY3TQOJQ", base::wall_time(std::chrono::seconds(script_time))).value();
  vendor_play play(locked);
  EXPECT_TRUE(play.present({log_in("GOOGLE-AUTH"), unlock(code), no_records, create}));
  EXPECT_TRUE(play.clean_up(script().clean_up)) << "the session goes on";
  EXPECT_TRUE(play.sleeps().empty());

  // Another object of the same account: the code of this half minute is used.
  vendor_play second(locked);
  EXPECT_TRUE(second.present({log_in("GOOGLE-AUTH"), unlock(code), no_records, create}));
  ASSERT_EQ(second.sleeps().size(), 1U);
  EXPECT_EQ(second.sleeps().front(), 30 - script_time % 30);
}

TEST(inwx, asks_for_the_shared_secret_when_it_is_missing) {
  vendor_play play(script());
  const auto outcome = play.present({log_in("GOOGLE-AUTH")});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "inwx: login: the account has a second factor: give its shared_secret");
}

TEST(inwx, logs_in_again_when_the_session_has_run_out) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  const exchange gone = info(R"({"code":2200,"msg":"Authentication error"})");
  EXPECT_TRUE(play.clean_up({gone, log_in("0"), no_records}));
}

TEST(inwx, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = create;
  refused.answer = R"({"code":2003,"msg":"Parameter value range error","reason":"ttl too low"})";
  const auto outcome = play.present({log_in("0"), no_records, refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "inwx: the vendor answered 200: 2003; Parameter value range error; ttl too low");
}

TEST(inwx, writes_into_the_zone_that_the_dns_names) {
  vendor_script below = script();
  below.zone = "www.example.com";
  vendor_play play(below);
  std::vector<exchange> expected = script().present;
  for (exchange& each : expected)
    if (const auto at = each.body.find(R"("domain":"example.com")"); at != std::string::npos)
      each.body.insert(at + 10, "www.");
  EXPECT_TRUE(play.present(expected));
}

}  // namespace
}  // namespace cardea::test_support
