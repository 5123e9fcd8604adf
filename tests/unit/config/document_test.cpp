#include "config/document.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

struct parsed {
  document tree;
  std::vector<issue> issues;
};

parsed parse(std::string_view text, const document_limits& limits = {}) {
  parsed out;
  out.tree = parse_document("f.yml", text, out.issues, limits);
  return out;
}

const node& child(const node& of, std::string_view key) {
  for (const member& one : of.members)
    if (one.key == key) return one.value;
  ADD_FAILURE() << "no key " << key;
  return of;
}

TEST(document, keeps_the_place_of_every_key_and_value) {
  const auto [tree, issues] = parse("# a comment\na:\n  b: [x,  'y z']\nc: |\n  two\n  lines\n");
  ASSERT_TRUE(issues.empty()) << format_issues(issues);
  const node& root = tree.root;
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.members[0].key_at, (position{2, 1}));
  const node& list = child(child(root, "a"), "b");
  EXPECT_EQ(list.at, (position{3, 6}));
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1].at, (position{3, 11}));
  EXPECT_EQ(list.items[1].text, "y z");
  EXPECT_EQ(child(root, "c").text, "two\nlines\n");
}

TEST(document, tells_null_from_the_word_in_quotes) {
  const auto [tree, issues] = parse("a:\nb: ~\nc: null\nd: 'null'\ne: ''\n");
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(child(tree.root, key).kind, node_kind::null) << key;
  for (const char* key : {"d", "e"}) EXPECT_EQ(child(tree.root, key).kind, node_kind::scalar) << key;
}

TEST(document, is_null_when_there_is_nothing_but_comments) {
  for (const char* text : {"", "\n\n", "# nothing\n", "---\n"}) {
    const auto [tree, issues] = parse(text);
    EXPECT_TRUE(issues.empty()) << text;
    EXPECT_EQ(tree.root.kind, node_kind::null) << text;
  }
}

TEST(document, copies_what_an_alias_names_and_merges_under_the_keys_that_are_there) {
  const auto [tree, issues] = parse(
      "x-base: &base {port: 80, host: a}\n"
      "x-more: &more {host: b, root: /r}\n"
      "one: *base\n"
      "two:\n  <<: [*base, *more]\n  port: 81\n"
      "three: {'<<': 1}\n");
  ASSERT_TRUE(issues.empty()) << format_issues(issues);
  EXPECT_EQ(child(child(tree.root, "one"), "port").text, "80");
  const node& two = child(tree.root, "two");
  EXPECT_EQ(two.members.size(), 3U);
  EXPECT_EQ(child(two, "port").text, "81");
  EXPECT_EQ(child(two, "host").text, "a");
  EXPECT_EQ(child(two, "root").text, "/r");
  EXPECT_EQ(child(child(tree.root, "three"), "<<").text, "1");
}

TEST(document, reports_every_duplicate_key_and_keeps_the_first) {
  const auto [tree, issues] = parse("a: {b: 1, b: 2}\na: 3\nc:\n  - {d: 1, d: 2}\n");
  EXPECT_EQ(format_issues(issues),
            "f.yml:1:11: a.b: duplicate key, first at line 1, column 5\n"
            "f.yml:2:1: a: duplicate key, first at line 1, column 1\n"
            "f.yml:4:12: c[0].d: duplicate key, first at line 4, column 6\n");
  EXPECT_EQ(child(child(tree.root, "a"), "b").text, "1");
}

TEST(document, does_not_quote_the_file_in_a_complaint) {
  const auto [tree, issues] = parse("token: *s3cret\n");
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(format_issue(issues[0]).find("s3cret"), std::string::npos);
}

struct crossing {
  const char* what;
  document_limits limits;
  std::string text;
};

TEST(document, refuses_what_crosses_a_limit_and_accepts_what_touches_it) {
  const std::string bomb = "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n";
  const std::vector<crossing> all{
      {"text", {.text_bytes_max = 4}, "a: bc"},
      {"depth", {.depth_max = 3}, "a: [[[x]]]"},
      {"depth of an alias", {.depth_max = 4}, "a: &a [[x]]\nb: [[[*a]]]"},
      {"count", {.node_count_max = 40}, bomb},
      {"bytes", {.scalar_bytes_max = 30}, "a: &a 0123456789\nb: [*a, *a, *a]"},
      {"key", {.key_bytes_max = 3}, "abcd: 1"},
  };
  for (const crossing& one : all) {
    const auto refused = parse(one.text, one.limits);
    ASSERT_EQ(refused.issues.size(), 1U) << one.what;
    EXPECT_EQ(refused.issues[0].code, errc::limit_exceeded) << one.what;
    EXPECT_TRUE(parse(one.text).issues.empty()) << one.what;
  }
}

TEST(document, survives_nesting_that_would_exhaust_the_stack) {
  for (const char* open : {"[", "{a: ", "- ", "? ", "&a ["}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += open;
    EXPECT_FALSE(parse(text).issues.empty()) << open;
  }
}

TEST(document, refuses_bytes_that_are_no_text) {
  const auto [tree, issues] = parse(std::string_view("a: b\0c", 6));
  EXPECT_EQ(format_issues(issues), "f.yml: invalid YAML: a NUL byte; is this a text file?\n");
}

}  // namespace
}  // namespace cardea::config
