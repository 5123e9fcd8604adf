#include "dnsproviders/description.hpp"

#include "base/atomic_file.hpp"
#include "dnsproviders/registry.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace cardea::dnsproviders {
namespace {

TEST(description, is_the_page_of_the_documentation) {
  const auto page = base::read_file(CARDEA_SOURCE_DIR "/docs/dns-providers.md", 1U << 20U);
  ASSERT_TRUE(page) << page.error().message();
  EXPECT_EQ(*page, markdown_page()) << "renew it: cardea dns-providers --markdown > docs/dns-providers.md";
}

TEST(description, lists_every_name_that_a_configuration_may_use) {
  const std::string list = describe("").value();
  for (const std::string_view name : provider_names()) {
    EXPECT_THAT(list, testing::HasSubstr(std::string(name)));
    EXPECT_TRUE(describe(std::string(name))) << name;
  }
}

TEST(description, suggests_the_name_that_was_meant) {
  const auto outcome = describe("clouflare");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "unknown DNS provider 'clouflare'; did you mean 'cloudflare'?");
}

// One shape for all: what a person needs to fill in an option is there.
TEST(description, is_complete_for_every_provider) {
  std::set<std::string_view> seen;
  std::string_view last;
  for (const provider_metadata* of : all_providers()) {
    EXPECT_TRUE(seen.insert(of->name).second) << of->name << " is there twice";
    EXPECT_LT(last, of->name) << "not in the order of names";
    last = of->name;
    EXPECT_FALSE(of->title.empty()) << of->name;
    EXPECT_TRUE(of->link.starts_with("https://")) << of->name;
    std::set<std::string_view> keys;
    for (const option_spec& each : of->options) {
      EXPECT_TRUE(keys.insert(each.key).second) << of->name << " " << each.key;
      EXPECT_FALSE(each.help.empty()) << of->name << " " << each.key;
      const auto is_snake = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
      EXPECT_TRUE(std::all_of(each.key.begin(), each.key.end(), is_snake)) << of->name << " " << each.key;
      for (const option_spec& common : common_options())
        EXPECT_NE(each.key, common.key) << of->name << ": every provider has this option";
    }
  }
}

}  // namespace
}  // namespace cardea::dnsproviders
