#include "config/sections/files.hpp"

#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

load_result load_route(const std::string& keys) {
  test::world here;
  here.files["config.yml"] = "routes: {www: {" + keys + "}}\n";
  return here.load();
}

files_section read(const std::string& keys) {
  const auto result = load_route("scheme: fileserver, root: /srv, " + keys);
  EXPECT_TRUE(result.loaded) << format_issues(result.errors);
  return result.loaded ? result.loaded->routes.front().files : files_section{};
}

TEST(files, serve_nothing_hidden_and_list_nothing_unless_told) {
  const files_section made = read("");
  EXPECT_EQ(made.root, "/srv");
  EXPECT_EQ(made.index, "/index.html");
  EXPECT_FALSE(made.spa || made.dot_files || made.directory_listing);
  EXPECT_EQ(made.ranges_max, 16U);
  EXPECT_TRUE(made.precompressed.empty());
}

TEST(files, have_all_their_keys) {
  const files_section made =
      read("index: home.html, dot_files: true, directory_listing: true, directory_listing_max: 7, ranges_max: 0, "
           "precompressed: [gzip, br], content_types: {md: text/plain, .Foo: 'application/x-foo; v=1'}");
  EXPECT_EQ(made.index, "/home.html");
  EXPECT_TRUE(made.dot_files && made.directory_listing);
  EXPECT_EQ(made.directory_listing_max, 7U);
  EXPECT_EQ(made.ranges_max, 0U);
  EXPECT_EQ(made.precompressed, (std::vector{content_coding::gzip, content_coding::br}));
  EXPECT_EQ(made.content_types.at("md"), "text/plain");
  EXPECT_EQ(made.content_types.at("foo"), "application/x-foo; v=1");
}

TEST(files, precompressed_may_be_a_switch) {
  EXPECT_EQ(read("precompressed: true").precompressed,
            (std::vector{content_coding::br, content_coding::zstd, content_coding::gzip}));
  EXPECT_TRUE(read("precompressed: false").precompressed.empty());
  EXPECT_EQ(read("precompressed: zstd").precompressed, std::vector{content_coding::zstd});
}

TEST(files, say_what_is_wrong_and_where) {
  const std::string common = "scheme: fileserver, root: /srv, ";
  const struct {
    std::string keys;
    const char* error;
  } all[] = {
      {common + "precompressed: [lz4]", "precompressed[0]: expected br, zstd or gzip, found \"lz4\"\n"},
      {common + "precompressed: [br, BR]", "precompressed[1]: br is named twice\n"},
      {common + "content_types: {a.b: text/plain}",
       "content_types.a.b: expected an extension like md, without a dot or a slash in it\n"},
      {common + "content_types: {md: markdown}",
       "content_types.md: expected a media type like text/plain; charset=utf-8, found \"markdown\"\n"},
      {common + "content_types: {md: \"text/x\\r\\nX: y\"}", "content_types.md: expected a string of one line without control characters"},
      {common + "content_types: {md: text/a, .MD: text/b}", "content_types..MD: the extension MD is named twice\n"},
      {common + "ranges_max: 1001", "ranges_max: expected"},
      {common + "directory_listing_max: 0", "directory_listing_max: expected"},
      {common + "index: /", "index: expected the name of a file below the folder, found \"/\"\n"},
      {common + "index: ../x", "index: expected the name of a file below the folder, found \"../x\"\n"},
      {"port: 81, dot_files: true", "dot_files: only routes with scheme fileserver have it; remove it\n"},
  };
  for (const auto& one : all) {
    const std::string said = format_issues(load_route(one.keys).errors);
    EXPECT_NE(said.find(std::string("routes.www.") + one.error), std::string::npos) << one.keys << "\n" << said;
  }
}

}  // namespace
}  // namespace cardea::config
