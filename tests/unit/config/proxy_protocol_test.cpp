// Goal: who may name the client's address is said in full, or the configuration is refused.
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

using test::load_main;

std::string errors_of(const std::string& section) {
  return format_issues(load_main("entrypoint:\n" + section).errors);
}

proxy_protocol_section read(const std::string& section) {
  const load_result out = load_main("entrypoint:\n" + section);
  EXPECT_TRUE(out.loaded) << format_issues(out.errors);
  return out.loaded ? out.loaded->entrypoint.proxy_protocol : proxy_protocol_section{};
}

TEST(proxy_protocol_section, nobody_is_believed_by_default) {
  EXPECT_EQ(read("  threads: 1\n").mode, proxy_protocol_mode::disabled);
  EXPECT_EQ(read("  proxy_protocol:\n").mode, proxy_protocol_mode::disabled);
  EXPECT_EQ(read("  proxy_protocol: {mode: disabled, trusted_proxies: [10.0.0.0/8]}\n"), proxy_protocol_section{});
}

TEST(proxy_protocol_section, modes_and_proxies_are_read_as_godoxy_spells_them) {
  const auto mixed = read("  proxyProtocol: {mode: Mixed, trustedProxies: \"10.0.0.0/8, ::1\"}\n");
  EXPECT_EQ(mixed.mode, proxy_protocol_mode::mixed);
  ASSERT_EQ(mixed.trusted_proxies.size(), 2U);
  EXPECT_EQ(mixed.trusted_proxies[0].to_string(), "10.0.0.0/8");
  EXPECT_EQ(mixed.trusted_proxies[1].to_string(), "::1");
  EXPECT_EQ(read("  proxy_protocol: {mode: required, trusted_proxies: [192.0.2.1]}\n").mode,
            proxy_protocol_mode::required);
}

TEST(proxy_protocol_section, half_of_it_is_refused) {
  EXPECT_EQ(errors_of("  proxy_protocol: {trusted_proxies: [10.0.0.1]}\n"),
            "config.yml:2:3: entrypoint.proxy_protocol.mode: missing field mode: disabled, mixed or required\n");
  EXPECT_EQ(errors_of("  proxy_protocol: {mode: \"\"}\n"),
            "config.yml:2:3: entrypoint.proxy_protocol.mode: missing field mode: disabled, mixed or required\n");
  for (const char* mode : {"mixed", "required"})
    for (const char* list : {"", ", trusted_proxies: []"})
      EXPECT_EQ(errors_of(std::string("  proxy_protocol: {mode: ") + mode + list + "}\n"),
                "config.yml:2:3: entrypoint.proxy_protocol.trusted_proxies: missing field trusted_proxies: the IP "
                "addresses or networks of the proxies in front\n");
}

TEST(proxy_protocol_section, what_is_none_is_named_with_its_place) {
  EXPECT_EQ(errors_of("  proxy_protocol: {mode: require, trusted_proxies: [10.0.0.1]}\n"),
            "config.yml:2:26: entrypoint.proxy_protocol.mode: expected disabled, mixed or required, found \"require\"; "
            "did you mean \"required\"?\n");
  EXPECT_EQ(errors_of("  proxy_protocol: {mode: mixed, trusted_proxies: [10.0.0.0/33, lb.lan]}\n"),
            "config.yml:2:51: entrypoint.proxy_protocol.trusted_proxies[0]: expected a prefix length from 0 to 32\n"
            "config.yml:2:64: entrypoint.proxy_protocol.trusted_proxies[1]: expected an IP address or a network like "
            "10.0.0.0/8\n");
  EXPECT_EQ(errors_of("  proxy_protocol: {mode: disabled, trusted_proxy: []}\n"),
            "config.yml:2:36: entrypoint.proxy_protocol.trusted_proxy: unknown key; did you mean \"trusted_proxies\"?\n");
}

TEST(proxy_protocol_section, the_deprecated_switch_works_with_a_warning_and_gives_way) {
  const load_result alone = load_main("entrypoint: {support_proxy_protocol: true}\n");
  ASSERT_TRUE(alone.loaded);
  EXPECT_EQ(alone.loaded->entrypoint.proxy_protocol.mode, proxy_protocol_mode::anybody);
  ASSERT_EQ(alone.warnings.size(), 1U);
  EXPECT_NE(alone.warnings[0].text.find("deprecated"), std::string::npos);

  const load_result both = load_main(
      "entrypoint: {support_proxy_protocol: true, proxy_protocol: {mode: mixed, trusted_proxies: [10.0.0.1]}}\n");
  ASSERT_TRUE(both.loaded);
  EXPECT_EQ(both.loaded->entrypoint.proxy_protocol.mode, proxy_protocol_mode::mixed);
  ASSERT_EQ(both.warnings.size(), 1U);
  EXPECT_NE(both.warnings[0].text.find("has no effect"), std::string::npos);

  EXPECT_TRUE(load_main("entrypoint: {support_proxy_protocol: false}\n").warnings.empty());
}

}  // namespace
}  // namespace cardea::config
