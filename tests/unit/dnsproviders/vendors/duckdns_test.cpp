#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

dnsproviders::challenge_record record_below(std::string fqdn) {
  dnsproviders::challenge_record out = make_record();
  out.fqdn = std::move(fqdn);
  return out;
}

const vendor_script script{.provider = "duckdns", .options = {{"token", "duck-secret-token"}}};

exchange update(std::string_view sub, std::string_view clear, std::string_view txt, std::string_view answer) {
  return {"GET",
          "/update?domains=" + std::string(sub) +
              ".duckdns.org&token=duck-secret-token&clear=" + std::string(clear) + "&txt=" + std::string(txt),
          "", 200, std::string(answer)};
}

TEST(duckdns, sets_and_clears_the_value_of_the_sub_domain) {
  vendor_play play(script);
  const auto record = record_below("_acme-challenge.home.duckdns.org");
  EXPECT_TRUE(play.present({update("home", "false", first_value, "OK")}, record));
  EXPECT_TRUE(play.clean_up({update("home", "true", "", "OK")}, record));
}

TEST(duckdns, writes_a_deeper_name_to_its_sub_domain) {
  vendor_play play(script);
  EXPECT_TRUE(play.present({update("home", "false", first_value, "OK")},
                           record_below("_acme-challenge.nas.home.duckdns.org")));
}

TEST(duckdns, tells_a_refusal_without_the_token) {
  vendor_play play(script);
  const auto outcome = play.present({update("home", "false", first_value, "KO")},
                                    record_below("_acme-challenge.home.duckdns.org"));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "duckdns: the vendor answered 200: the token or the name is not known there");
}

TEST(duckdns, refuses_a_name_elsewhere_before_any_request) {
  vendor_play play(script);
  for (const char* name : {"_acme-challenge.www.example.com", "_acme-challenge.homeduckdns.org"}) {
    const auto outcome = play.present({}, record_below(name));
    ASSERT_FALSE(outcome) << name;
    EXPECT_NE(outcome.error().message().find("CNAME"), std::string::npos) << outcome.error().message();
  }
}

}  // namespace
}  // namespace cardea::test_support
