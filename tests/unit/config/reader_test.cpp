#include "config/reader.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

class reader : public testing::Test {
 protected:
  mapping read(std::string_view text) {
    std::vector<issue> issues;
    tree_ = parse_document("f.yml", text, issues);
    EXPECT_TRUE(issues.empty()) << format_issues(issues);
    return mapping(value(found_, tree_.root, {tree_.file, {}, {}}, false));
  }
  std::string errors() { return format_issues(found_.take_errors()); }

  findings found_;
  document tree_;
};

std::vector<std::string> texts(const value& list) {
  std::vector<std::string> out;
  for (const value& item : list.items()) out.push_back(item.text().value_or("?"));
  return out;
}

TEST_F(reader, finds_keys_in_any_spelling) {
  auto keys = read("setHeaders: 1\n");
  EXPECT_TRUE(keys.take("set_headers"));
  EXPECT_FALSE(keys.take("headers"));
  keys.finish();
  EXPECT_EQ(errors(), "");
}

TEST_F(reader, keeps_the_default_of_what_is_null_or_empty_but_not_of_a_string) {
  auto keys = read("a: ''\nb:\nc: ''\nd: ''\n");
  bool flag = true;
  std::size_t number = 7;
  std::string text = "x";
  std::string other = "y";
  keys.read("a", flag);
  keys.read_integer("b", number, 1, 9);
  keys.read("c", text);
  keys.read_non_empty("d", other);
  EXPECT_TRUE(flag);
  EXPECT_EQ(number, 7U);
  EXPECT_EQ(text, "");
  EXPECT_EQ(other, "y");
  EXPECT_EQ(errors(), "");
}

TEST_F(reader, takes_a_list_in_all_of_its_notations) {
  auto keys = read("a: [x, y]\nb: 'x, y'\nc: '[x, y]'\nd: |\n  - x\n  - y\ne: ''\nf: x\n");
  const std::vector<std::string> both{"x", "y"};
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(texts(*keys.take(key)), both) << key;
  EXPECT_TRUE(texts(*keys.take("e")).empty());
  EXPECT_EQ(texts(*keys.take("f")), std::vector<std::string>{"x"});
  EXPECT_EQ(errors(), "");
}

TEST_F(reader, takes_a_mapping_from_a_string_of_yaml_and_reports_at_the_string) {
  auto keys = read("\na: |\n  b: 1\n  c: x\n");
  auto inner = mapping(*keys.take("a")->as_mapping());
  std::size_t number = 0;
  inner.read_integer("b", number, 0, 9);
  EXPECT_EQ(number, 1U);
  inner.read_integer("c", number, 0, 9);
  EXPECT_EQ(errors(), "f.yml:2:4: a.c: expected a whole number from 0 to 9, found \"x\"\n");
}

TEST_F(reader, refuses_a_list_that_is_too_long_in_any_notation) {
  const std::string commas(value::list_items_max, ',');
  std::string items = "x";
  for (std::size_t i = 0; i < value::list_items_max; ++i) items += ",x";
  auto keys = read("a: '" + commas + "'\nb: [" + items + "]\nc: '" + commas.substr(1) + "'\n");
  EXPECT_TRUE(keys.take("a")->items().empty());
  EXPECT_TRUE(keys.take("b")->items().empty());
  EXPECT_EQ(keys.take("c")->items().size(), value::list_items_max);
  EXPECT_EQ(errors(), "f.yml:1:4: a: more than 10000 elements\nf.yml:2:1: b: more than 10000 elements\n");
}

TEST_F(reader, reports_two_spellings_of_one_key) {
  EXPECT_TRUE(read("a_b: 1\naB: 2\n").take("ab"));
  EXPECT_EQ(errors(), "f.yml:2:1: aB: duplicate key, the same as \"a_b\" at line 1, column 1\n");
}

TEST_F(reader, goes_on_after_an_error) {
  auto keys = read("a: x\nb: x\nc: 1\n");
  bool flag = false;
  keys.read("a", flag);
  std::chrono::milliseconds time{};
  keys.read("b", time, std::chrono::milliseconds(0), std::chrono::milliseconds(1500));
  keys.finish();
  EXPECT_EQ(errors(),
            "f.yml:1:4: a: expected true or false, found \"x\"\n"
            "f.yml:2:4: b: expected a duration from 0s to 1500ms, found \"x\"\n"
            "f.yml:3:1: c: unknown key\n");
}

TEST_F(reader, refuses_keys_that_switch_something_on_only) {
  constexpr std::array<std::string_view, 8> keys{"a", "b", "c", "d", "e", "f", "g", "h"};
  auto all = read("a: false\nb: 0\nc: ''\nd:\ne: []\nf: {}\ng: true\nh: [x]\n");
  all.refuse(keys);
  all.finish();
  EXPECT_EQ(errors(),
            "f.yml:7:4: g: known from GoDoxy but not supported by this version of Cardea; remove it\n"
            "f.yml:8:1: h: known from GoDoxy but not supported by this version of Cardea; remove it\n");
}

TEST_F(reader, shows_the_name_of_a_variable_instead_of_its_value) {
  auto keys = read("a: x\n");
  tree_.root.members[0].value.written = "${A}";
  bool flag = false;
  keys.read("a", flag);
  EXPECT_EQ(errors(), "f.yml:1:4: a: expected true or false, found \"${A}\"\n");
}

TEST_F(reader, says_nothing_more_about_a_value_without_its_variable) {
  auto keys = read("a: ${A}\n");
  tree_.root.members[0].value.unresolved = true;
  std::size_t number = 3;
  keys.read_integer("a", number, 0, 9);
  EXPECT_EQ(number, 3U);
  EXPECT_EQ(errors(), "");
}

TEST_F(reader, refuses_control_characters_in_a_string) {
  auto keys = read("a: \"x\\ny\"\n");
  std::string text = "kept";
  keys.read("a", text);
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(errors(),
            "f.yml:1:4: a: expected a string of one line without control characters, found \"x\\ny\"\n");
}

}  // namespace
}  // namespace cardea::config
