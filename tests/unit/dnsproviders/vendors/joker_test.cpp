#include "tests/support/vendor_script.hpp"

#include "base/text.hpp"
#include "dnsproviders/registry.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

constexpr const char* done = "Status-Code: 0\nStatus-Text: OK\nResult: ACK\n";
const exchange login{"POST", "/login", "username=me&password=joker-password", 200,
                     "Auth-Sid: s3ss1on\nUID: 1\nStatus-Code: 0\nStatus-Text: OK\n\ncom\nnet\n"};

exchange zone_get(const std::string& zone) {
  return {"POST", "/dns-zone-get", "domain=example.com&auth-sid=s3ss1on", 200,
          std::string(done) + "\n" + zone + "\n"};
}
exchange zone_put(const std::string& zone) {
  return {"POST", "/dns-zone-put",
          "domain=example.com&zone=" + base::percent_encode(zone) + "&auth-sid=s3ss1on", 200, done};
}

const std::string foreign =
    "$dyndns=yes:user:secret\n"
    "@ A 0 192.0.2.1 86400\n"
    "@ MX 10 mail.example.com 86400\n"
    "@ TXT 0 \"v=spf1 include:other.test ~all\" 86400\n"
    "www MAILFW 0 a@other.test 86400 1 0\n"
    "_acme-challenge.www TXT 0 \"foreign\" 300";

std::string own(std::string_view value) {
  return "\n_acme-challenge.www TXT 0 \"" + std::string(value) + "\" 120";
}

vendor_script dmapi() {
  return {
      .provider = "joker",
      .options = {{"username", "me"}, {"password", "joker-password"}},
      .present = {login, zone_get(foreign), zone_put(foreign + own(first_value))},
      .clean_up = {zone_get(foreign + own(first_value)), zone_put(foreign)},
  };
}

TEST(joker, writes_the_zone_back_with_its_value_and_without) { check_vendor(dmapi()); }

TEST(joker, keeps_two_values_at_one_name) {
  vendor_play play(dmapi());
  EXPECT_TRUE(play.present(
      {login, zone_get(foreign + own(first_value)), zone_put(foreign + own(first_value) + own(second_value))},
      make_record(second_value)));
}

TEST(joker, repairs_a_quote_that_stands_alone_and_writes_no_empty_lines) {
  vendor_play play(dmapi());
  const std::string broken = "a TXT 0 \"one \" 300\n\nb A 0 192.0.2.1 300\r\n_acme-challenge.www TXT 0 \"" +
                             std::string(first_value) + " \" 120";
  EXPECT_TRUE(play.clean_up({login, zone_get(broken), zone_put("a TXT 0 \"one\" 300\nb A 0 192.0.2.1 300")}));
}

TEST(joker, writes_nothing_when_nothing_changes) {
  vendor_play play(dmapi());
  EXPECT_TRUE(play.present({login, zone_get(foreign + own(first_value))}));
  EXPECT_TRUE(play.clean_up({zone_get(foreign)}));
}

TEST(joker, never_writes_over_a_zone_that_it_could_not_read) {
  for (const std::string& strange :
       {std::string(done), std::string("Status-Code: 2303\nStatus-Text: Object does not exist\n\n"),
        std::string("<html></html>"), std::string()}) {
    vendor_play play(dmapi());
    exchange read = zone_get(foreign);
    read.answer = strange;
    EXPECT_FALSE(play.present({login, read})) << strange;
  }
}

TEST(joker, logs_in_again_when_the_session_has_run_out) {
  vendor_play play(dmapi());
  EXPECT_TRUE(play.present(dmapi().present));
  exchange gone = zone_get(foreign);
  gone.answer = "Status-Code: 401\nStatus-Text: Authorization error\n\n";
  EXPECT_TRUE(play.clean_up({gone, login, zone_get(foreign)}));
}

TEST(joker, logs_in_with_an_api_key) {
  vendor_script with_key = dmapi();
  with_key.options = {{"api_key", "joker-api-key"}, {"api_mode", "dmapi"}};
  vendor_play play(with_key);
  exchange key_login = login;
  key_login.body = "api-key=joker-api-key";
  EXPECT_TRUE(play.present({key_login, dmapi().present[1], dmapi().present[2]}));
}

TEST(joker, says_what_the_vendor_said) {
  vendor_play play(dmapi());
  exchange refused = login;
  refused.answer =
      "Status-Code: 2200\nStatus-Text: Authentication error\nResult: NACK\n"
      "Error: joker-password is wrong\n\n";
  const auto outcome = play.present({refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "joker: login: the vendor answered 200: Authentication error; *** is wrong");
}

exchange replace(const std::string& value, const std::string& answer) {
  return {"POST", "",
          "username=me&password=joker-password&zone=example.com&label=_acme-challenge.www&type=TXT&value=" +
              value,
          200, answer};
}
vendor_script svc() {
  return {
      .provider = "joker",
      .options = {{"api_mode", "SVC"}, {"username", "me"}, {"password", "joker-password"}},
      .present = {replace(std::string(first_value), "OK: 1 inserted, 0 deleted")},
      .clean_up = {replace("", "OK: 0 inserted, 1 deleted")},
      .api_url = "https://svc.vendor.test/nic/replace",
  };
}

TEST(joker, replaces_the_one_value_of_dynamic_dns) {
  check_vendor(svc());
  vendor_play play(svc());
  const auto outcome = play.present({replace(std::string(first_value), "Your domain has no dynamic DNS")});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "joker: the vendor answered 200: Your domain has no dynamic DNS");
}

TEST(joker, knows_the_address_of_both_its_services) {
  vendor_script real = svc();
  real.options.insert({"api_url", ""});
  real.api_url = "https://svc.joker.com/nic/replace";
  vendor_play play(real);
  EXPECT_TRUE(play.present(svc().present));
  real = dmapi();
  real.options.insert({"api_url", ""});
  real.api_url = "https://dmapi.joker.com/request";
  vendor_play reseller(real);
  EXPECT_TRUE(reseller.present(dmapi().present));
}

std::unique_ptr<dnsproviders::provider> make(const std::map<std::string, base::secret>& options,
                                             std::string& sentence) {
  const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
  dnsproviders::services with{{}, base::dns_resolver::create({"127.0.0.1:1"}).value()};
  auto made = dnsproviders::make_provider("joker", options, nothing, std::move(with));
  sentence = made ? "" : made.error().message();
  return made ? std::move(*made) : nullptr;
}

TEST(joker, writes_one_after_the_other_only_with_dynamic_dns) {
  std::string sentence;
  const base::secret word("word");
  const auto one =
      make({{"api_mode", base::secret("svc")}, {"username", word}, {"password", word}}, sentence);
  ASSERT_TRUE(one) << sentence;
  EXPECT_TRUE(one->one_at_a_time());
  const auto whole = make({{"api_key", word}}, sentence);
  ASSERT_TRUE(whole) << sentence;
  EXPECT_FALSE(whole->one_at_a_time());
}

TEST(joker, names_what_is_missing_or_wrong) {
  std::string sentence;
  const base::secret word("word");
  make({{"username", word}}, sentence);
  EXPECT_EQ(sentence, "joker: option 'api_key' is missing (or username and password)");
  make({{"api_mode", base::secret("SVC")}, {"api_key", word}}, sentence);
  EXPECT_EQ(sentence, "joker: option 'username' is missing for SVC");
  make({{"api_mode", word}}, sentence);
  EXPECT_EQ(sentence, "joker: option 'api_mode' is neither DMAPI nor SVC");
}

}  // namespace
}  // namespace cardea::test_support
