#include "proxy/http/token_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy::http {
namespace {

std::string tokens_of(std::string_view list) {
  std::string text;
  const bool well_formed =
      for_each_token(list, [&text](std::string_view token) { text.append(token) += '|'; });
  return well_formed ? text : "malformed";
}

TEST(token_list, skips_blanks_and_empty_elements) {
  EXPECT_EQ(tokens_of(""), "");
  EXPECT_EQ(tokens_of(" ,\t, "), "");
  EXPECT_EQ(tokens_of("a"), "a|");
  EXPECT_EQ(tokens_of(" a ,\tb-c,,d "), "a|b-c|d|");
}

TEST(token_list, is_malformed_by_anything_that_is_no_token) {
  for (const char* list : {"a b", "\"a\"", "a;b", "a, (b)", "a=b", "a/b", "\xe9", "a,\x01"})
    EXPECT_EQ(tokens_of(list), "malformed") << list;
}

}  // namespace
}  // namespace cardea::proxy::http
