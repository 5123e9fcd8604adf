#include "proxy/files/listing.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::files {
namespace {

TEST(listing, shows_folders_first_and_each_group_by_name) {
  const std::string page = listing_page("/x/", {{"b", false, 12, 0}, {"a", false, 0, 0}, {"z", true, 4096, 784'111'777}}, false);
  const auto z = page.find(">z/<"), a = page.find(">a<"), b = page.find(">b<");
  EXPECT_LT(z, a);
  EXPECT_LT(a, b);
  EXPECT_NE(b, std::string::npos);
  EXPECT_NE(page.find(">12<"), std::string::npos);
  EXPECT_EQ(page.find("4096"), std::string::npos) << "a folder's own size says nothing";
  EXPECT_NE(page.find("Sun, 06 Nov 1994 08:49:37 GMT"), std::string::npos);
  EXPECT_NE(page.find("href=\"../\""), std::string::npos);
}

TEST(listing, escapes_names_for_text_and_for_links) {
  const std::string name = "<img src=x onerror='a'>\"&%41?#:.html";
  const std::string page = listing_page("/<b>/", {{name, false, 1, 0}}, false);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find(">&lt;img src=x onerror=&#39;a&#39;&gt;&quot;&amp;%41?#:.html</a>"), std::string::npos);
  EXPECT_NE(page.find("href=\"./%3Cimg%20src%3Dx%20onerror%3D%27a%27%3E%22%26%2541%3F%23%3A.html\""), std::string::npos);
}

TEST(listing, of_the_root_leads_no_higher_and_says_when_it_is_cut) {
  EXPECT_EQ(listing_page("/", {}, false).find("../"), std::string::npos);
  EXPECT_EQ(listing_page("/", {}, false).find("more names"), std::string::npos);
  EXPECT_NE(listing_page("/", {}, true).find("more names"), std::string::npos);
}

}  // namespace
}  // namespace cardea::proxy::files
