#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

/// Goal: no message shows a secret, whatever is wrong with the file around it.
/// Method: the same canary in every place where a secret may stand.
namespace cardea::config {
namespace {

constexpr std::string_view canary = "c4n4ry";

TEST(secrecy, no_message_shows_a_secret) {
  const char* texts[] = {
      "autocert: {options: c4n4ry}",
      "autocert: {options: [c4n4ry]}",
      "autocert: {options: {token: [[c4n4ry]]}}",
      "autocert: {options: {token: {a: [{b: c4n4ry}]}}}",
      "autocert: {options: {token: c4n4ry, TOKEN: c4n4ry}}",
      "autocert: {eab_kid: k, eab_hmac: 'c4n4ry!'}",
      "autocert: {eab_kid: k, eab_hmac: [c4n4ry]}",
      "autocert: {eab_kid: k, eab_hmac: YWJj, eab_hmac_key: 'c4n4ry'}",
      "autocert: {provider: custom, email: a@b.c, domains: [a.b], ca_dir_url: 'ftp://u:c4n4ry@host/'}",
      "autocert: {options: {token: *c4n4ry}}",
      "autocert: {options: {token: !c4n4ry x}}",
      "autocert: {options: {token: \"c4n4ry\\q\"}}",
      "autocert: {options: {token: 'c4n4ry}}",
      "autocert: {options: {token: \"a${c4n4ry!}b\"}}",
      "autocert: {api_token: c4n4ry}",
      "entrypoint: {password: c4n4ry}",
      "providers: {notification: [{token: c4n4ry}]}",
  };
  for (const char* text : texts) {
    const auto result = test::load_main(text);
    const std::string printed =
        format_issues(result.errors) + format_issues(result.warnings) + format_issues(result.notes);
    EXPECT_FALSE(printed.empty()) << text;
    EXPECT_EQ(printed.find(canary), std::string::npos) << text << '\n' << printed;
  }
}

TEST(secrecy, no_message_shows_the_value_of_a_variable) {
  const char* texts[] = {
      "entrypoint: {threads: '${S}'}",
      "entrypoint: {http_addr: '${S} '}",
      "entrypoint: '${S}'",
      "timeout_shutdown: ${S}",
      "match_domains: '${S} x'",
      "match_domains: ['${S}!']",
      "routes: {a: {port: '${S}'}}",
      "routes: {a: {host: '${S}:80'}}",
      "routes: {a: {scheme: '${S}'}}",
      "autocert: {provider: '${S}'}",
      "autocert: {resolvers: '${S} x'}",
      "autocert: {email: '${S}'}",
      "autocert: {certificate_key_type: '${S}'}",
      "autocert: {domains: ['${S}!']}",
  };
  for (const char* text : texts) {
    test::world here;
    here.variables["S"] = canary;
    here.files["config.yml"] = text;
    const std::string printed = format_issues(here.load().errors);
    EXPECT_FALSE(printed.empty()) << text;
    EXPECT_EQ(printed.find(canary), std::string::npos) << text << '\n' << printed;
    EXPECT_NE(printed.find("${S}"), std::string::npos) << text << '\n' << printed;
  }
}

}  // namespace
}  // namespace cardea::config
