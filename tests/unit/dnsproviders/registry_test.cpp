#include "dnsproviders/registry.hpp"

#include "dnsproviders/description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace cardea::dnsproviders {
namespace {

using testing::HasSubstr;

std::optional<std::string> nothing(const std::string&) { return std::nullopt; }

services no_services() {
  return {[](base::fetch_request) -> base::awaitable<base::result<base::fetch_response>> {
            ADD_FAILURE() << "building a provider causes traffic";
            co_return base::error(base::errc::cancelled);
          },
          base::dns_resolver::create({"127.0.0.1:1"}).value()};
}

base::result<std::unique_ptr<provider>> make(const std::string& name,
                                             const std::map<std::string, std::string>& options) {
  std::map<std::string, base::secret> given;
  for (const auto& [key, value] : options) given.emplace(key, base::secret(value));
  return make_provider(name, given, nothing, no_services());
}

TEST(registry, lists_every_provider_with_its_alias) {
  const auto names = provider_names();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size()) << "a name twice";
  const auto table = describe("");
  ASSERT_TRUE(table);
  for (const std::string_view name : names) {
    EXPECT_THAT(*table, HasSubstr(std::string(name)));
    EXPECT_TRUE(describe(std::string(name))) << name;
  }
  EXPECT_THAT(*table, HasSubstr("\nrfc2136      "));
  EXPECT_THAT(*table, HasSubstr(" (also: dnsupdate)\n"));
}

TEST(registry, describes_the_options_of_every_provider_and_their_environment) {
  for (const std::string_view name : provider_names()) {
    const auto text = describe(std::string(name));
    ASSERT_TRUE(text) << name;
    for (const option_spec& common : common_options())
      EXPECT_THAT(*text, HasSubstr("\n  " + std::string(common.key) + " ")) << name;
  }
  const std::string cloudflare = *describe("cloudflare");
  EXPECT_THAT(cloudflare, HasSubstr("\n  auth_token "));
  EXPECT_THAT(cloudflare, HasSubstr("environment: CLOUDFLARE_DNS_API_TOKEN, CF_DNS_API_TOKEN"));
  EXPECT_THAT(cloudflare, HasSubstr("environment: CLOUDFLARE_TTL, CF_TTL\n"));
  EXPECT_THAT(cloudflare, HasSubstr("(default https://api.cloudflare.com/client/v4)"));
  EXPECT_THAT(*describe("rfc2136"), HasSubstr("(required)"));
}

TEST(registry, knows_an_alias_as_the_provider_itself) {
  EXPECT_EQ(*describe("dnsupdate"), *describe("rfc2136"));
  for (const char* name : {"dnsupdate", "rfc2136"})
    EXPECT_TRUE(make(name, {{"nameserver", "192.0.2.1"}})) << name;
}

TEST(registry, suggests_the_nearest_name_for_an_unknown_one) {
  const struct {
    const char* name;
    const char* says;
  } rows[] = {{"cloudfare", "unknown DNS provider 'cloudfare'; did you mean 'cloudflare'?"},
              {"Cloudflare", "unknown DNS provider 'Cloudflare'; did you mean 'cloudflare'?"},
              {"dnsupdates", "unknown DNS provider 'dnsupdates'; did you mean 'dnsupdate'?"},
              {"zzzzzzzzzzzz", "unknown DNS provider 'zzzzzzzzzzzz'"}};
  for (const auto& row : rows) {
    const auto made = make(row.name, {});
    ASSERT_FALSE(made) << row.name;
    EXPECT_EQ(made.error().code, base::errc::not_found);
    EXPECT_EQ(made.error().message(), row.says);
    EXPECT_EQ(describe(row.name).error().message(), row.says);
  }
}

struct bad_options {
  const char* provider;
  std::map<std::string, std::string> options;
  const char* says;
};

std::vector<bad_options> contradictions() {
  return {
      {"cloudflare", {}, "cloudflare: option 'auth_token' is missing (or auth_email with auth_key)"},
      {"cloudflare", {{"auth_email", "a@b"}}, "cloudflare: option 'auth_key' is missing beside auth_email"},
      {"cloudflare", {{"auth_key", "s3cret"}}, "cloudflare: option 'auth_email' is missing beside auth_key"},
      {"cloudflare",
       {{"auth_token", "s3cret"}, {"ttl", "59"}},
       "cloudflare: option 'ttl' is not a number from 60 to 604800"},
      {"cloudflare",
       {{"auth_token", "s3cret"}, {"base_url", "api.cloudflare.com"}},
       "cloudflare: option 'base_url' is not an http or https address"},
      {"exec",
       {},
       "exec: option 'program' is missing (the program; without a slash it is searched in PATH); "
       "environment: EXEC_PATH"},
      {"exec", {{"program", "x"}, {"timeout", "0"}}, "exec: option 'timeout' must be more than nothing"},
      {"httpreq", {}, "httpreq: option 'endpoint' is missing or not an http or https URL"},
      {"httpreq",
       {{"endpoint", "dns.lan"}},
       "httpreq: option 'endpoint' is missing or not an http or https URL"},
      {"httpreq",
       {{"endpoint", "https://user:s3cret@dns.lan/"}},
       "httpreq: option 'endpoint' holds credentials: give them as username and password"},
      {"rfc2136",
       {},
       "rfc2136: option 'nameserver' is missing (the primary server, IP or IP:port); "
       "environment: RFC2136_NAMESERVER DNSUPDATE_NAMESERVER"},
      {"rfc2136",
       {{"nameserver", "ns.example.com"}},
       "rfc2136: option 'nameserver' 'ns.example.com' is not a name server: expected IP, IP:PORT or "
       "[IPv6]:PORT"},
      {"rfc2136",
       {{"nameserver", "192.0.2.1"}, {"tsig_key", "k"}},
       "rfc2136: option 'tsig_secret' is missing beside tsig_key"},
      {"rfc2136",
       {{"nameserver", "192.0.2.1"}, {"tsig_secret", "czNjcmV0"}},
       "rfc2136: option 'tsig_key' is missing beside tsig_secret"},
      {"rfc2136",
       {{"nameserver", "192.0.2.1"}, {"tsig_key", "k"}, {"tsig_secret", "s3cret!"}},
       "rfc2136: option 'tsig_secret' is not base64"},
      {"rfc2136",
       {{"nameserver", "192.0.2.1"},
        {"tsig_key", "k"},
        {"tsig_secret", "czNjcmV0"},
        {"tsig_algorithm", "hmac-md5"}},
       "rfc2136: option 'tsig_algorithm' is not one of hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384, "
       "hmac-sha512"},
      {"rfc2136",
       {{"nameserver", "192.0.2.1"}, {"tsig_gss_realm", "LAN"}},
       "rfc2136: option 'tsiggss_realm' cannot be used: GSS-TSIG is not supported, use a TSIG key"},
      {"rfc2136",
       {{"nameserver", "192.0.2.1"}, {"dns_timeout", "0"}},
       "rfc2136: option 'dns_timeout' must be more than nothing"},
  };
}

TEST(registry, says_which_option_is_missing_or_contradicts_another_before_any_traffic) {
  for (const bad_options& row : contradictions()) {
    const auto made = make(row.provider, row.options);
    ASSERT_FALSE(made) << row.says;
    EXPECT_EQ(made.error().message(), row.says);
  }
}

}  // namespace
}  // namespace cardea::dnsproviders
