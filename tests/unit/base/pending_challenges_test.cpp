#include "base/pending_challenges.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

const pending_challenges pending({{"a.test", "token-1", "one"},
                                  {"b.test", "token-1", "one of b"},
                                  {"a.test", "token-2", "two"},
                                  {"2001:db8::1", "token-6", "six"},
                                  {"192.0.2.1", "token-4", "four"}},
                                 {});

std::string find(std::string_view host, std::string_view token) {
  const std::string* const found = pending.find_http01(host, token);
  return found != nullptr ? *found : "nothing";
}

TEST(pending_challenges, b60_the_token_is_exact_and_the_host_has_no_case) {
  EXPECT_EQ(find("a.test", "token-1"), "one");
  EXPECT_EQ(find("A.Test.", "token-2"), "two");
  EXPECT_EQ(find("b.test", "token-1"), "one of b");
  for (const char* token : {"", "token", "token-11", "TOKEN-1", "token-1/", "token-1?x"})
    EXPECT_EQ(find("a.test", token), "nothing") << token;
  EXPECT_EQ(find("c.test", "token-1"), "nothing");
  EXPECT_EQ(find("b.test", "token-2"), "nothing");
  EXPECT_EQ(find("", "token-1"), "nothing");
}

TEST(pending_challenges, b61_an_address_is_the_same_in_every_spelling) {
  for (const char* host : {"[2001:db8::1]", "[2001:DB8:0::0:1]"})
    EXPECT_EQ(find(host, "token-6"), "six") << host;
  EXPECT_EQ(find("192.0.2.1", "token-4"), "four");
  for (const char* host : {"[2001:db8::2]", "[]", "[", "[x]", "2001:db8::1]"})
    EXPECT_EQ(find(host, "token-6"), "nothing") << host;
}

TEST(pending_challenges, are_none_at_first) {
  const pending_challenges none;
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.find_http01("a.test", "token-1"), nullptr);
  EXPECT_EQ(none.find_tls_alpn01("a.test"), nullptr);
  EXPECT_EQ(none.find_tls_alpn01(std::string(300, 'a')), nullptr);
}

}  // namespace
}  // namespace cardea::base
