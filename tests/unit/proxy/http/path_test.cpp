#include "proxy/http/path.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

// T07 of the security list: one form of a path for all who look at it.
namespace cardea::proxy::http {
namespace {

/// The normalised path and the query, or the error's number.
std::string normalised(std::string_view raw, const path_options& options = {}) {
  std::vector<char> out(std::max<std::size_t>(raw.size(), 1));
  const normalised_path made = normalise_path(raw, options, out);
  if (made.error != path_error::none) return "error " + std::to_string(static_cast<int>(made.error));
  return std::string(made.path).append(made.query);
}

std::string refused(path_error error) { return "error " + std::to_string(static_cast<int>(error)); }

TEST(path, t07_is_brought_into_one_form) {
  for (const auto& [raw, expected] :
       std::vector<std::array<const char*, 2>>{{"/a/../admin", "/admin"},
                                               {"/a/%2e%2e/admin", "/admin"},
                                               {"/a/.%2E/admin", "/admin"},
                                               {"/%61dmin", "/admin"},
                                               {"//admin", "/admin"},
                                               {"///a////b//", "/a/b/"},
                                               {"/admin%2f", "/admin%2F"},
                                               {"/admin%2F", "/admin%2F"},
                                               {"/a%5cb", "/a%5Cb"},
                                               {"/a%252e%252e/", "/a%252e%252e/"},
                                               {"/%252e%252e/a", "/%252e%252e/a"},
                                               {"/a/.", "/a/"},
                                               {"/a/./b", "/a/b"},
                                               {"/a/..", "/"},
                                               {"/a/b/..", "/a/"},
                                               {"/a/b/../..", "/"},
                                               {"/a/b/../../c", "/c"},
                                               {"/..", "/"},
                                               {"/../../a", "/a"},
                                               {"/.", "/"},
                                               {"/", "/"},
                                               {"", "/"},
                                               {"?a=b", "/?a=b"},
                                               {"/a//../b", "/b"},
                                               {"/...", "/..."},
                                               {"/a/.../b", "/a/.../b"},
                                               {"/..a/.b/c../d.", "/..a/.b/c../d."},
                                               {"/a;b=c/d", "/a;b=c/d"},
                                               {"/%7Ea%2Db%2E%5f", "/~a-b._"},
                                               {"/%c3%a9%20x", "/%C3%A9%20x"},
                                               {"/a?b=/../%2e%zz//\\#", "/a?b=/../%2e%zz//\\#"},
                                               {"/a?", "/a?"},
                                               {"/a%3fb?c", "/a%3Fb?c"},
                                               {"/a%23b", "/a%23b"},
                                               {"/!$&'()*+,=:@\"<>|{}^`[]", "/!$&'()*+,=:@\"<>|{}^`[]"}})
    EXPECT_EQ(normalised(raw), expected) << raw;
}

TEST(path, t07_what_servers_read_differently_is_refused) {
  for (const auto& [raw, error] :
       std::vector<std::pair<std::string, path_error>>{{"/a/..;/admin", path_error::dot_parameter},
                                                       {"/a/..;x=y/admin", path_error::dot_parameter},
                                                       {"/a/.;/admin", path_error::dot_parameter},
                                                       {"/a/%2e%2e;", path_error::dot_parameter},
                                                       {"/a/..%3b/admin", path_error::dot_parameter},
                                                       {"/admin\\..", path_error::backslash},
                                                       {"/\\admin", path_error::backslash},
                                                       {"/x%00", path_error::nul},
                                                       {"/x%00.html?y", path_error::nul},
                                                       {"/x%", path_error::malformed_escape},
                                                       {"/x%2", path_error::malformed_escape},
                                                       {"/x%2?a", path_error::malformed_escape},
                                                       {"/x%zz", path_error::malformed_escape},
                                                       {"/x%2g", path_error::malformed_escape},
                                                       {"/x%g2", path_error::malformed_escape},
                                                       {"/%%41", path_error::malformed_escape},
                                                       {"/a b", path_error::forbidden_byte},
                                                       {"/a\x01", path_error::forbidden_byte},
                                                       {"/a\x7f", path_error::forbidden_byte},
                                                       {"/a\xc3\xa9", path_error::forbidden_byte},
                                                       {"/a#b", path_error::forbidden_byte},
                                                       {"a/b", path_error::not_absolute},
                                                       {"*", path_error::not_absolute},
                                                       {"../a", path_error::not_absolute}})
    EXPECT_EQ(normalised(raw), refused(error)) << raw;
}

TEST(path, slashes_are_kept_on_request) {
  const path_options keeps{.merges_slashes = false};
  EXPECT_EQ(normalised("//admin", keeps), "//admin");
  EXPECT_EQ(normalised("/a//../b", keeps), "/a/b");
  EXPECT_EQ(normalised("/a//..", keeps), "/a/");
  EXPECT_EQ(normalised("//..", keeps), "/");
  EXPECT_EQ(normalised("/a//", keeps), "/a//");
}

TEST(path, a_normalised_path_stays_as_it_is) {
  for (const char* raw :
       {"/a/../b", "/%2e%2e/%61%2f", "//a//b/.", "/%c3%a9/..x/../%7e?q", "/a/b/../../.."}) {
    const std::string once = normalised(raw);
    EXPECT_EQ(normalised(once), once) << raw;
  }
}

TEST(path, does_not_write_beyond_what_it_was_given) {
  std::array<char, 4> out{};
  EXPECT_EQ(normalise_path("/abc?query", {}, out).path, "/abc");
  EXPECT_EQ(normalise_path("/abcd", {}, out).error, path_error::too_long);
  EXPECT_EQ(normalise_path("", {}, std::span<char>{}).error, path_error::too_long);
}

TEST(path, is_decoded_for_files_unless_that_brings_in_a_separator) {
  std::array<char, 64> out{};
  EXPECT_EQ(decode_path("/a%20b/%C3%A9%25", out), "/a b/\xc3\xa9%");
  for (const char* bad : {"/a%2Fb", "/a%5Cb", "/a%00", "/a%0A", "/a%7F", "/a%09", "/a%", "/a%2"})
    EXPECT_EQ(decode_path(bad, out), std::nullopt) << bad;
  EXPECT_EQ(decode_path("/abcd", std::span<char>(out).first(4)), std::nullopt);
}

}  // namespace
}  // namespace cardea::proxy::http
