#include "proxy/files/coding_choice.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy::files {
namespace {

using config::content_coding;

std::string choose(std::string_view field,
                   const std::vector<content_coding>& offered = {content_coding::br, content_coding::zstd,
                                                                 content_coding::gzip}) {
  std::string out;
  for (const content_coding each : choose_codings(field, offered)) out.append(name_of(each)).append(" ");
  return out;
}

TEST(coding_choice, goes_by_weight_and_then_by_the_order_offered) {
  EXPECT_EQ(choose("gzip, deflate, br, zstd"), "br zstd gzip ");
  EXPECT_EQ(choose("gzip;q=1, br;q=0.9"), "gzip br ");
  EXPECT_EQ(choose("br, gzip", {content_coding::gzip, content_coding::br}), "gzip br ");
  EXPECT_EQ(choose("GZIP"), "gzip ");
  EXPECT_EQ(choose("x-gzip"), "gzip ");
  EXPECT_EQ(choose("gzip", {}), "");
}

TEST(coding_choice, takes_nothing_that_is_not_wanted) {
  EXPECT_EQ(choose(""), "");
  EXPECT_EQ(choose("identity"), "");
  EXPECT_EQ(choose("deflate"), "");
  EXPECT_EQ(choose("br;q=0, gzip;q=0.000"), "");
  EXPECT_EQ(choose("br;q=nonsense"), "");
}

TEST(coding_choice, a_star_is_all_that_is_not_named) {
  EXPECT_EQ(choose("*"), "br zstd gzip ");
  EXPECT_EQ(choose("*, br;q=0"), "zstd gzip ");
  EXPECT_EQ(choose("*;q=0"), "");
  EXPECT_EQ(choose("gzip;q=0.5, *;q=0.1"), "gzip br zstd ");
}

TEST(coding_choice, the_file_as_it_is_may_be_liked_better) {
  EXPECT_EQ(choose("identity;q=1, gzip;q=0.5"), "");
  EXPECT_EQ(choose("identity;q=0.5, gzip;q=0.5, br;q=0.4"), "gzip ");
  EXPECT_EQ(choose("identity;q=0, gzip;q=0.1"), "gzip ");
}

}  // namespace
}  // namespace cardea::proxy::files
