#include "proxy/http/quality_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy::http {
namespace {

std::string read(std::string_view list) {
  std::string out;
  for_each_weighted(list, [&](std::string_view name, int weight) {
    out.append(name).append("=").append(std::to_string(weight)).append(" ");
  });
  return out;
}

TEST(quality_list, weights_are_thousandths) {
  EXPECT_EQ(parse_weight("1"), 1'000);
  EXPECT_EQ(parse_weight("1.000"), 1'000);
  EXPECT_EQ(parse_weight("0"), 0);
  EXPECT_EQ(parse_weight("0."), 0);
  EXPECT_EQ(parse_weight("0.5"), 500);
  EXPECT_EQ(parse_weight("0.123"), 123);
  for (const char* text : {"", "2", "1.1", "1.001", "0.1234", "-0.5", "0,5", ".5", "0.x", "00", "1e0"})
    EXPECT_EQ(parse_weight(text), -1) << text;
}

TEST(quality_list, elements_come_without_their_parameters) {
  EXPECT_EQ(read("gzip, br;q=0.5,\t* ; q=0"), "gzip=1000 br=500 *=0 ");
  EXPECT_EQ(read("text/html;level=1;Q=0.7, application/json"), "text/html=700 application/json=1000 ");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read(" , ;q=1,,"), "");
}

TEST(quality_list, what_is_not_understood_is_not_wanted) { EXPECT_EQ(read("br;q=high, gzip;q=, x;q"), "br=0 gzip=0 x=1000 "); }

}  // namespace
}  // namespace cardea::proxy::http
