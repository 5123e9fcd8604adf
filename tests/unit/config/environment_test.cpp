#include "config/environment.hpp"

#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

TEST(environment, takes_the_first_name_that_is_not_empty) {
  test::world here;
  here.variables = {{"A", "bare"}, {"GOPROXY_A", "old"}, {"GODOXY_A", "theirs"}, {"CARDEA_A", "ours"}};
  EXPECT_EQ(variable(here.lookup(), "A"), "ours");
  here.variables["CARDEA_A"] = "";
  EXPECT_EQ(variable(here.lookup(), "A"), "theirs");
  here.variables.erase("GODOXY_A");
  EXPECT_EQ(variable(here.lookup(), "A"), "old");
  here.variables.erase("GOPROXY_A");
  EXPECT_EQ(variable(here.lookup(), "A"), "bare");
}

TEST(environment, tells_empty_from_unset) {
  test::world here;
  here.variables = {{"GODOXY_A", ""}};
  EXPECT_EQ(variable(here.lookup(), "A"), "");
  EXPECT_EQ(variable(here.lookup(), "B"), std::nullopt);
}

class substitution : public testing::Test {
 protected:
  const node& substituted(std::string_view text, const document_limits& limits = {}) {
    tree_ = parse_document("f.yml", text, issues_);
    substitute_variables(tree_, here_.lookup(), issues_, limits);
    return tree_.root;
  }

  test::world here_;
  document tree_;
  std::vector<issue> issues_;
};

TEST_F(substitution, works_anywhere_in_keys_and_scalars) {
  here_.variables = {{"X", "a.example"}, {"Y", "\"quotes\": {and} #more\n"}, {"K", "key"}};
  const node& root = substituted("url: \"https://${X}/${X}\"\nplain: ${Y}\n${K}: v\n");
  EXPECT_TRUE(issues_.empty()) << format_issues(issues_);
  EXPECT_EQ(root.members[0].value.text, "https://a.example/a.example");
  EXPECT_EQ(root.members[0].value.written, "https://${X}/${X}");
  EXPECT_EQ(root.members[1].value.text, here_.variables["Y"]);
  EXPECT_EQ(root.members[2].key, "key");
}

TEST_F(substitution, leaves_comments_and_other_dollars_alone) {
  const node& root = substituted("# ${UNSET}\na: $HOME\nb: ${\nc: a$b\n");
  EXPECT_TRUE(issues_.empty()) << format_issues(issues_);
  EXPECT_EQ(root.members[0].value.text, "$HOME");
  EXPECT_EQ(root.members[1].value.text, "${");
}

TEST_F(substitution, does_not_look_into_values) {
  here_.variables = {{"X", "${Y}"}};
  EXPECT_EQ(substituted("a: ${X}").members[0].value.text, "${Y}");
  EXPECT_TRUE(issues_.empty());
}

TEST_F(substitution, reports_all_unset_variables_with_their_places) {
  here_.variables = {{"SET", "x"}};
  const node& root = substituted("a: ${ONE}\nb:\n  - c: \"${SET}-${TWO}-${THREE}-${TWO}\"\n");
  EXPECT_EQ(format_issues(issues_),
            "f.yml:1:4: a: ${ONE}: the environment variable ONE is not set\n"
            "f.yml:3:8: b[0].c: ${TWO}: the environment variable TWO is not set\n"
            "f.yml:3:8: b[0].c: ${THREE}: the environment variable THREE is not set\n");
  EXPECT_TRUE(root.members[0].value.unresolved);
}

TEST_F(substitution, does_not_print_what_is_no_name_of_a_variable) {
  substituted("a: p4ss${w0rd!}\n");
  EXPECT_EQ(format_issues(issues_), "f.yml:1:4: a: expected the name of a variable between ${ and }\n");
}

TEST_F(substitution, refuses_values_that_are_too_large_together) {
  here_.variables = {{"X", std::string(60, 'x')}};
  substituted("a: ${X}\nb: ${X}\n", {.scalar_bytes_max = 100});
  ASSERT_EQ(issues_.size(), 1U);
  EXPECT_EQ(issues_[0].code, errc::limit_exceeded);
}

}  // namespace
}  // namespace cardea::config
