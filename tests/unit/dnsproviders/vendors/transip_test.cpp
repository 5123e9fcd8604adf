#include "tests/support/published_rsa_key.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace cardea::test_support {
namespace {

constexpr const char* login =
    R"({"login":"our-account","nonce":"1886caf21c963200","read_only":false,"expiration_time":"30 minutes","label":"cardea 2026-01-02T03:04:05Z 1c963200","global_key":true})";
// printf BODY | openssl dgst -sha512 -sign KEY | base64
constexpr const char* signature =
    "Q1RQPaJN6ZU81GBff/JNPPzaPDsl/8YHLHaR5IUArbe8BhrsHt/m4FjJjUTuuF+vNspgbvYvThVwEBzP"
    "NzmnM/wETvm1fj+hkMMtcaBY3D0JI1LLqP+KAgqGQyDD222kHe6FB3kER3VW3wgiid2rigwZLL23wlAE"
    "uRB+v186Ytg=";

void check_credentials(const base::fetch_request& got) {
  const bool is_login = got.url.ends_with("/auth");
  std::string signed_by;
  std::string authorization;
  for (const base::http_field& each : got.headers) {
    if (each.name == "Signature") signed_by = each.value;
    if (each.name == "Authorization") authorization = each.value;
  }
  EXPECT_EQ(signed_by, is_login ? signature : "");
  EXPECT_EQ(authorization, is_login ? "" : "Bearer transip-token");
}

class transip : public testing::Test {
 protected:
  transip() { std::ofstream(folder_ / "key.pem") << published_rsa_key; }

  [[nodiscard]] vendor_script script() const {
    return {
        .provider = "transip",
        .options = {{"account_name", "our-account"}, {"private_key_path", folder_ / "key.pem"}},
        .present =
            {{"POST", "/auth", login, 201, R"({"token":"transip-token"})"},
             {"GET", "/domains/example.com/dns", "", 200,
              R"({"dnsEntries":[{"name":"@","expire":86400,"type":"A","content":"192.0.2.1"}]})"},
             {"POST", "/domains/example.com/dns",
              R"({"dnsEntry":{"name":"_acme-challenge.www","expire":60,"type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}})",
              201, ""}},
        .clean_up =
            {{"GET", "/domains/example.com/dns", "", 200,
              R"({"dnsEntries":[{"name":"_acme-challenge.www","expire":60,"type":"TXT","content":"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"},
                          {"name":"_acme-challenge.www","expire":60,"type":"CNAME","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"},
                          {"name":"_acme-challenge.www","expire":300,"type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}]})"},
             {"DELETE", "/domains/example.com/dns",
              R"({"dnsEntry":{"name":"_acme-challenge.www","expire":300,"type":"TXT","content":"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"}})",
              204, ""}},
        .verify = check_credentials,
    };
  }

  scratch_folder folder_;
};

TEST_F(transip, signs_its_login_and_removes_just_its_entry) { check_vendor(script()); }

TEST_F(transip, logs_in_again_when_its_token_is_refused) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  exchange refused = script().clean_up[0];
  refused.status = 401;
  refused.answer = R"({"error":"Your access token has expired."})";
  EXPECT_TRUE(play.clean_up({refused, script().present[0], script().clean_up[0], script().clean_up[1]}));
}

TEST_F(transip, says_what_the_vendor_said) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().status = 406;
  expected.back().answer = R"({"error":"This is not a valid DNS entry"})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "transip: the vendor answered 406: This is not a valid DNS entry");
}

TEST_F(transip, wants_a_file_with_an_rsa_key) {
  std::ofstream(folder_ / "odd.pem") << "no key";
  EXPECT_EQ(refusal_of_options("transip", {{"account_name", "a"}, {"private_key_path", folder_ / "odd.pem"}}),
            "transip: option 'private_key_path' holds no RSA private key in PEM");
  EXPECT_NE(refusal_of_options("transip", {{"account_name", "a"}, {"private_key_path", folder_ / "none"}}),
            "");
}

}  // namespace
}  // namespace cardea::test_support
