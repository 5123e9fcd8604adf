#include "proxy/error_pages/pages.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::error_pages {
namespace {

const config::error_page_files files{{"404.html", "exact"}, {"4xx.html", "client"}, {"5xx.html", "server"}, {"a b.css", "style"}};

std::string page(std::uint16_t status) {
  const std::string* const found = find_page(files, status);
  return found == nullptr ? "none" : *found;
}

TEST(pages, of_a_status_come_before_those_of_its_class) {
  EXPECT_EQ(page(404), "exact");
  EXPECT_EQ(page(403), "client");
  EXPECT_EQ(page(502), "server");
  EXPECT_EQ(find_page({{"404.html", "x"}}, 500), nullptr);
}

TEST(pages, are_for_errors_only) {
  const config::error_page_files odd{{"200.html", "x"}, {"3xx.html", "x"}, {"600.html", "x"}, {"6xx.html", "x"}};
  for (const std::uint16_t status : {0, 101, 200, 302, 399, 600, 999}) EXPECT_EQ(find_page(odd, status), nullptr) << status;
}

TEST(pages, find_what_they_refer_to_by_its_plain_name) {
  EXPECT_FALSE(find_asset(files, "/404.html"));
  EXPECT_FALSE(find_asset(files, "/$gperrorpage"));
  EXPECT_EQ(*find_asset(files, "/$gperrorpage/404.html")->content, "exact");
  for (const char* path : {"/$gperrorpage/", "/$gperrorpage/missing.css", "/$gperrorpage/../404.html", "/$gperrorpage//404.html",
                           "/$gperrorpage/%34%30%34.html"})
    EXPECT_EQ(find_asset(files, path)->content, nullptr) << path;
}

}  // namespace
}  // namespace cardea::proxy::error_pages
