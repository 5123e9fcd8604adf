#include "proxy/tls/opened_certificates.hpp"

#include "tests/support/test_ca.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::tls {
namespace {

base::certificate_ptr some(const std::string& name) {
  static const tests::test_ca authority("opened certificates CA");
  const tests::pem_pair pair = authority.issue("DNS:" + name);
  return base::certificate::from_pem(pair.certificate, pair.key).value();
}

TEST(opened_certificates, opens_each_once_while_there_is_room) {
  opened_certificates open(2);
  const auto a = some("a.test");
  const auto b = some("b.test");
  const base::opened_certificate* const first = open.open(a);
  ASSERT_NE(first, nullptr);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(open.open(a), first);
    EXPECT_NE(open.open(b), nullptr);
  }
  EXPECT_EQ(open.opened_total(), 2U);
}

TEST(opened_certificates, closes_the_one_that_was_not_used_for_longest) {
  opened_certificates open(2);
  const auto a = some("a.test");
  const auto b = some("b.test");
  const auto c = some("c.test");
  static_cast<void>(open.open(a));
  static_cast<void>(open.open(b));
  static_cast<void>(open.open(a));
  static_cast<void>(open.open(c));
  EXPECT_EQ(open.size(), 2U);
  static_cast<void>(open.open(a));
  EXPECT_EQ(open.opened_total(), 3U) << "a was used after b";
  static_cast<void>(open.open(b));
  EXPECT_EQ(open.opened_total(), 4U);
}

TEST(opened_certificates, lets_go_of_what_was_replaced) {
  opened_certificates open(10);
  auto a = some("a.test");
  const auto b = some("b.test");
  const std::weak_ptr<const base::certificate> watched = a;
  static_cast<void>(open.open(a));
  static_cast<void>(open.open(b));
  a.reset();
  EXPECT_TRUE(watched.expired()) << "to have opened it keeps nothing alive";
  open.close_replaced();
  EXPECT_EQ(open.size(), 1U);
  EXPECT_NE(open.open(b), nullptr);
  EXPECT_EQ(open.opened_total(), 2U);
}

}  // namespace
}  // namespace cardea::proxy::tls
