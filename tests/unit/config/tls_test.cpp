#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

std::string errors(const std::string& tls) {
  return format_issues(test::load_main("entrypoint: {tls: " + tls + "}\n").errors);
}

TEST(tls, is_mozillas_intermediate_when_nothing_is_said) {
  const auto result = test::load_main("entrypoint: {tls: {}}\n");
  ASSERT_TRUE(result.loaded);
  EXPECT_EQ(result.loaded->entrypoint.tls, tls_section{});
  EXPECT_EQ(tls_section{}.ticket_rotation, std::chrono::hours(12));
  EXPECT_EQ(tls_section{}.min_version, tls_section::version::tls12);
}

TEST(tls, options_are_names_in_any_usual_notation) {
  const auto result = test::load_main(
      "entrypoint:\n"
      "  tls:\n"
      "    min_version: TLSv1.3\n"
      "    ciphers: ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256\n"
      "    ciphersuites: [TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]\n"
      "    curves: P-256, X25519\n"
      "    unknown_server_name: alert\n"
      "    ticket_rotation: 1h\n");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  const tls_section& read = result.loaded->entrypoint.tls;
  EXPECT_EQ(read.min_version, tls_section::version::tls13);
  EXPECT_EQ(read.ciphers,
            (std::vector<std::string>{"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"}));
  EXPECT_EQ(read.ciphersuites, (std::vector<std::string>{"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"}));
  EXPECT_EQ(read.curves, (std::vector<std::string>{"P-256", "X25519"}));
  EXPECT_EQ(read.unknown_server_name, tls_section::stranger::alert);
  EXPECT_EQ(read.ticket_rotation, std::chrono::hours(1));
}

TEST(tls, v09_what_is_weak_or_unknown_is_refused_by_name) {
  EXPECT_EQ(errors("{min_version: TLSv1.1}"),
            "config.yml:1:33: entrypoint.tls.min_version: expected TLSv1.2 or TLSv1.3, found \"TLSv1.1\"\n");
  EXPECT_EQ(errors("{ciphers: [AES128-SHA]}"),
            "config.yml:1:30: entrypoint.tls.ciphers[0]: AES128-SHA is weak: it lacks forward secrecy, proof of "
            "identity or 128 bits; remove it\n");
  EXPECT_EQ(errors("{ciphers: 'HIGH:!aNULL'}"),
            "config.yml:1:29: entrypoint.tls.ciphers[0]: expected the name of a TLS 1.2 cipher suite, found "
            "\"HIGH:!aNULL\"; HIGH is not known to the TLS library\n"
            "config.yml:1:29: entrypoint.tls.ciphers[0]: expected the name of a TLS 1.2 cipher suite, found "
            "\"HIGH:!aNULL\"; !aNULL is not known to the TLS library\n");
  EXPECT_EQ(errors("{ciphersuites: [RC4], curves: [X25520], unknown_server_name: drop, ticket_rotation: 25h}"),
            "config.yml:1:35: entrypoint.tls.ciphersuites[0]: expected the name of a TLS 1.3 cipher suite, found "
            "\"RC4\"; RC4 is not known to the TLS library\n"
            "config.yml:1:50: entrypoint.tls.curves[0]: expected the name of a curve or group, found \"X25520\"; X25520 "
            "is not known to the TLS library\n"
            "config.yml:1:80: entrypoint.tls.unknown_server_name: expected default, alert or close, found \"drop\"\n"
            "config.yml:1:103: entrypoint.tls.ticket_rotation: expected a duration from 1h to 24h, found \"25h\"\n");
  EXPECT_EQ(errors("{min_verson: TLSv1.2}"),
            "config.yml:1:20: entrypoint.tls.min_verson: unknown key; did you mean \"min_version\"?\n");
}

}  // namespace
}  // namespace cardea::config
