// Goal: `upgrade` and `pid_file` are read, with their defaults and bounds.
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config::test {
namespace {

using namespace std::chrono_literals;

load_result load(const std::string& text) { return load_main("autocert: {provider: local}\n" + text); }

TEST(upgrade_section, has_defaults) {
  const auto got = load("");
  ASSERT_TRUE(got.loaded) << format_issues(got.errors);
  EXPECT_EQ(got.loaded->upgrade, upgrade_section{});
  EXPECT_EQ(got.loaded->pid_file, "");
}

TEST(upgrade_section, is_read) {
  const auto got = load("upgrade: {ready_timeout: 2m, idle_grace: 0s}\npid_file: /run/cardea.pid\n");
  ASSERT_TRUE(got.loaded) << format_issues(got.errors);
  EXPECT_EQ(got.loaded->upgrade.ready_timeout, 2min);
  EXPECT_EQ(got.loaded->upgrade.idle_grace, 0s);
  EXPECT_EQ(got.loaded->pid_file, "/run/cardea.pid");
}

TEST(upgrade_section, what_is_out_of_bounds_or_unknown_is_named_with_its_place) {
  for (const auto& [text, wanted] : std::map<std::string, std::string>{
           {"upgrade: {ready_timeout: 999ms}\n", "config.yml:2:26: upgrade.ready_timeout"},
           {"upgrade: {ready_timeout: 61m}\n", "config.yml:2:26: upgrade.ready_timeout"},
           {"upgrade: {idle_grace: 61m}\n", "config.yml:2:23: upgrade.idle_grace"},
           {"upgrade: {ready: 5s}\n", "config.yml:2:11: upgrade.ready: unknown key"},
           {"upgrade: soon\n", "config.yml:2:10: upgrade: expected"}}) {
    const auto got = load(text);
    EXPECT_FALSE(got.loaded) << text;
    EXPECT_NE(format_issues(got.errors).find(wanted), std::string::npos) << format_issues(got.errors);
  }
}

}  // namespace
}  // namespace cardea::config::test
