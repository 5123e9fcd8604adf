#include "config/issue.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cardea::config {
namespace {

TEST(issue, is_one_line_with_place_path_and_text) {
  EXPECT_EQ(format_issue({errc::syntax, "a.yml", {3, 7}, "x.y[0]", "wrong"}), "a.yml:3:7: x.y[0]: wrong");
  EXPECT_EQ(format_issue({errc::syntax, "a.yml", {}, "", "wrong"}), "a.yml: wrong");
  EXPECT_EQ(format_issue({errc::syntax, "", {}, "", "wrong"}), "wrong");
}

TEST(issue, keeps_a_long_file_name_whole_and_on_one_line) {
  const std::string folder(200, 'd');
  EXPECT_EQ(format_issue({errc::syntax, folder + "/a\nb.yml", {1, 1}, "", "wrong"}),
            folder + "/a\\nb.yml:1:1: wrong");
}

TEST(issue, prints_text_from_files_safely) {
  EXPECT_EQ(printable("a\x1b[31m\tb\n"), "a\\x1b[31m\\tb\\n");
  EXPECT_EQ(printable(std::string(100, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(printable("https://user:pass@host/a@b"), "https://***@host/a@b");
  EXPECT_EQ(printable("https://host/a@b"), "https://host/a@b");
}

TEST(issue, paths_quote_names_that_could_be_taken_for_a_path) {
  EXPECT_EQ(child_path("", "a"), "a");
  EXPECT_EQ(child_path("a", "b_c-d"), "a.b_c-d");
  EXPECT_EQ(child_path("a", "app.example.com"), "a.\"app.example.com\"");
  EXPECT_EQ(child_path("a", ""), "a.\"\"");
}

TEST(issue, suggests_near_words_only) {
  constexpr std::array<std::string_view, 2> words{"threads", "limits"};
  EXPECT_EQ(did_you_mean("thraeds", words), "; did you mean \"threads\"?");
  EXPECT_EQ(did_you_mean("addr", words), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), words), "");
}

TEST(issue, codes_have_a_text_of_their_own) {
  for (int code = 1; code <= static_cast<int>(errc::unknown_provider); ++code)
    EXPECT_NE(config_category().message(code), "unknown") << code;
}

}  // namespace
}  // namespace cardea::config
