#include "config/scalars.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

using namespace std::chrono_literals;

TEST(scalars, durations_follow_go_with_days_weeks_and_months) {
  const std::pair<const char*, std::chrono::nanoseconds> good[] = {
      {"0", 0ns},       {"0s", 0ns},      {"1h30m5s", 5405s},  {"500ms", 500ms},
      {"1.5s", 1500ms}, {"2us", 2us},     {"2\xc2\xb5s", 2us}, {"7ns", 7ns},
      {"1d", 24h},      {"2w", 336h},     {"1M", 720h},        {"1m", 60s},
      {"-3s", -3s},     {"0.25h", 15min}, {"1d12h", 36h},      {"1.0000000001s", 1s}};
  for (const auto& [text, expected] : good) EXPECT_EQ(parse_duration(text), expected) << text;
  for (const char* bad : {"", "5", "-", "s", "5 s", "1.s", ".5s", "5x", "1h5", "5S", "1e3s", "300y",
                          "99999999999h", "9223372036854775808ns", "+5s", "5s "})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  EXPECT_EQ(parse_duration("9223372036854775807ns"), std::chrono::nanoseconds::max());
}

TEST(scalars, durations_do_not_overflow_in_the_sum) {
  EXPECT_EQ(parse_duration("9223372036s9223372036s"), std::nullopt);
  EXPECT_EQ(parse_duration("9223372036.999999999s"), std::nullopt);
}

TEST(scalars, sizes_have_binary_and_decimal_units) {
  const std::pair<const char*, std::size_t> good[] = {{"0", 0},
                                                      {"4096", 4096},
                                                      {"16k", 16384},
                                                      {"64KiB", 65536},
                                                      {"10MB", 10'000'000},
                                                      {"1 GiB", 1UL << 30U},
                                                      {"2 kb", 2000},
                                                      {"3b", 3}};
  for (const auto& [text, expected] : good) EXPECT_EQ(parse_size(text), expected) << text;
  for (const char* bad : {"", "k", "-1", "1.5k", "1T", "1 k b", "18446744073709551615k"})
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
}

TEST(scalars, integers_and_booleans_are_whole_words) {
  EXPECT_EQ(parse_integer("+12"), 12);
  EXPECT_EQ(parse_integer("-12"), -12);
  for (const char* bad : {"", "+", "1.0", "0x10", "1 ", " 1", "99999999999999999999"})
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
  EXPECT_EQ(parse_boolean("Yes"), true);
  EXPECT_EQ(parse_boolean("OFF"), false);
  EXPECT_EQ(parse_boolean("enabled"), std::nullopt);
}

TEST(scalars, addresses_keep_their_meaning_through_text) {
  const std::pair<const char*, const char*> good[] = {{":80", ":80"},
                                                      {"127.0.0.1:0", "127.0.0.1:0"},
                                                      {"Host.Example:443", "host.example:443"},
                                                      {"[::1]:8443", "[::1]:8443"},
                                                      {"0.0.0.0:65535", "0.0.0.0:65535"}};
  for (const auto& [text, expected] : good) {
    const auto parsed = parse_address(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(*parsed), expected);
  }
  for (const char* bad : {"", "80", "a", "a:", ":x", "a:65536", "::1:80", "[::1]", "[a]:80", "a b:80",
                          "a:80 ", "a:+80", "*.a.b:80", ":-1", "[]:80"})
    EXPECT_FALSE(parse_address(bad)) << bad;
}

TEST(scalars, name_servers_may_omit_the_port) {
  for (const char* good :
       {"1.1.1.1", "1.1.1.1:53", "ns.example", "ns.example:5353", "::1", "[::1]", "[::1]:53"})
    EXPECT_TRUE(is_host_with_optional_port(good)) << good;
  for (const char* bad : {"", ":53", "1.1.1.1:", "1.1.1.1:0", "a b", "[::1]:", "https://1.1.1.1"})
    EXPECT_FALSE(is_host_with_optional_port(bad)) << bad;
}

TEST(scalars, keys_are_one_in_any_spelling) {
  for (const char* key : {"set_headers", "setHeaders", "SETHEADERS", "_Set_Headers_"})
    EXPECT_EQ(folded(key), "setheaders");
}

TEST(scalars, secrets_are_known_by_their_names) {
  for (const char* key :
       {"auth_token", "API_KEY", "secretKey", "password", "eab_hmac", "tsig_secret", "license_key"})
    EXPECT_TRUE(may_be_secret(key)) << key;
  for (const char* key :
       {"key_path", "acme_key_path", "certificate_key_type", "http_addr", "domains", "token_url"})
    EXPECT_FALSE(may_be_secret(key)) << key;
}

}  // namespace
}  // namespace cardea::config
