#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cardea::base {
namespace {

TEST(text, base64_follows_the_vectors_of_rfc_4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url(std::string_view("\xff\xfe\xfd", 3)), "__79");
  EXPECT_EQ(base64url(std::string_view("fo")), "Zm8");
}

TEST(text, base64_is_read_in_both_alphabets_with_and_without_padding) {
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm8"), "fo");
  EXPECT_EQ(from_base64("__79"), from_base64("//79"));
  EXPECT_EQ(from_base64("Zm8!"), std::nullopt);
  EXPECT_EQ(from_base64("Z"), std::nullopt);
}

TEST(text, nearest_suggests_only_what_is_near) {
  constexpr std::array<std::string_view, 3> words{"cloudflare", "duckdns", "exec"};
  EXPECT_EQ(nearest("cloudfare", words), "cloudflare");
  EXPECT_EQ(nearest("DuckDNS", words), "duckdns");
  EXPECT_EQ(nearest("route53", words), std::nullopt);
}

TEST(dns_name, is_normalised_as_certificates_are_compared) {
  EXPECT_EQ(normalise_dns_name("  WWW.Example.COM. "), "www.example.com");
  EXPECT_EQ(normalise_dns_name("."), "");
}

TEST(dns_name, accepts_host_names_and_one_leading_wildcard_only) {
  for (const char* good : {"a", "a.b", "*.a.b", "_acme-challenge.a.b", "xn--bcher-kva.example", "1.2"})
    EXPECT_TRUE(is_dns_name(good)) << good;
  for (const char* bad : {"", ".", "a..b", "*.b", "*", "a.*.b", "-a.b", "a-.b", "a b", "a.b.", "**.a.b"})
    EXPECT_FALSE(is_dns_name(bad)) << bad;
  EXPECT_FALSE(is_dns_name(std::string(64, 'a') + ".b"));
}

TEST(dns_name, lies_in_a_zone_by_whole_labels) {
  EXPECT_TRUE(is_in_zone("a.example.com", "example.com"));
  EXPECT_TRUE(is_in_zone("example.com", "example.com"));
  EXPECT_FALSE(is_in_zone("badexample.com", "example.com"));
}

}  // namespace
}  // namespace cardea::base
