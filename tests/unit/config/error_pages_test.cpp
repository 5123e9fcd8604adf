#include "config/sections/read_error_pages.hpp"

#include "tests/support/scratch_folder.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cardea::config {
namespace {

/// A configuration whose folders are kept in memory too.
struct site {
  test::world here;
  std::map<std::string, std::vector<std::string>> folders;

  [[nodiscard]] load_result load(const std::string& entrypoint) {
    here.files["config.yml"] = "entrypoint: {" + entrypoint + "}\n";
    load_options options = here.options();
    options.list = [this](const std::string& path) -> base::result<std::vector<std::string>> {
      const auto found = folders.find(path);
      if (found == folders.end()) return base::error(base::errc::not_found, "no such folder");
      return found->second;
    };
    return config::load("config.yml", options);
  }
};

TEST(error_pages, of_the_usual_folder_are_read_and_watched) {
  site one;
  one.folders["error_pages"] = {"404.html", "gone.css"};
  one.here.files["error_pages/404.html"] = "not here";
  const load_result result = one.load("");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_EQ(*result.loaded->entrypoint.error_pages.files, (error_page_files{{"404.html", "not here"}}));
  EXPECT_EQ(result.folders, std::vector<std::string>{"error_pages"});
}

TEST(error_pages, need_no_folder_unless_it_is_named) {
  site one;
  const load_result usual = one.load("");
  ASSERT_TRUE(usual.loaded);
  EXPECT_EQ(usual.loaded->entrypoint.error_pages.files, nullptr);
  EXPECT_EQ(usual.folders, std::vector<std::string>{"error_pages"}) << "it may come";
  const std::string said = format_issues(one.load("error_pages: pages").errors);
  EXPECT_NE(said.find("entrypoint.error_pages: pages: no such folder"), std::string::npos) << said;
}

TEST(error_pages, may_be_switched_off_or_lie_elsewhere) {
  site one;
  one.folders["error_pages"] = one.folders["pages"] = {"404.html"};
  one.here.files["error_pages/404.html"] = "usual";
  one.here.files["pages/404.html"] = "other";
  EXPECT_EQ(one.load("error_pages: off").loaded->entrypoint.error_pages.files, nullptr);
  for (const char* keys : {"error_pages: pages", "error_pages: {folder: pages}"})
    EXPECT_EQ(one.load(keys).loaded->entrypoint.error_pages.files->at("404.html"), "other") << keys;
  EXPECT_EQ(one.load("error_pages: on").loaded->entrypoint.error_pages.files->at("404.html"), "usual");
}

TEST(error_pages, have_a_maximum_of_bytes_together) {
  site one;
  one.folders["error_pages"] = {"a.html", "b.html"};
  one.here.files["error_pages/a.html"] = one.here.files["error_pages/b.html"] = std::string(512, 'x');
  EXPECT_TRUE(one.load("error_pages: {bytes_max: 1024}").loaded);
  one.here.files["error_pages/b.html"] += "x";
  const std::string said = format_issues(one.load("error_pages: {bytes_max: 1024}").errors);
  EXPECT_NE(said.find("more than 1024 bytes; raise error_pages.bytes_max"), std::string::npos) << said;
}

TEST(error_pages, of_a_real_folder_are_its_regular_files_up_to_a_maximum) {
  const test_support::scratch_folder real;
  const folder_source list = disk_folders();
  EXPECT_EQ(list(real / "missing").error(), base::make_error_code(base::errc::not_found));
  for (const char* name : {"b.css", "404.html", ".hidden"}) std::ofstream(real / name) << "x";
  std::filesystem::create_directory(real / "folder.html");
  EXPECT_EQ(list(real.path()).value(), (std::vector<std::string>{"404.html", "b.css"}));
  for (std::size_t i = 2; i < error_page_count_max; ++i) std::ofstream(real / ("x" + std::to_string(i))) << "x";
  EXPECT_EQ(list(real.path()).value().size(), error_page_count_max);
  std::ofstream(real / "more") << "x";
  EXPECT_EQ(list(real.path()).error(), base::make_error_code(base::errc::limit_exceeded));
}

TEST(error_pages, replace_what_backends_say_where_the_middleware_is) {
  site one;
  const load_result result = one.load("middlewares: [{use: error_page}]");
  ASSERT_TRUE(result.loaded) << format_issues(result.errors);
  EXPECT_TRUE(replaces_errors(result.loaded->entrypoint.middlewares));
  one.here.files["config.yml"] = "routes: {a: {port: 81, middlewares: {customErrorPage: }}, b: {port: 81}}\n";
  const load_result routes = one.here.load();
  ASSERT_TRUE(routes.loaded) << format_issues(routes.errors);
  for (const route_section& each : routes.loaded->routes) EXPECT_EQ(replaces_errors(each.middlewares), each.alias == "a");
}

}  // namespace
}  // namespace cardea::config
