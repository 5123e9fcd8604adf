#include "autocert/sni_matcher.hpp"

#include "tests/support/scripted_ca.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {
std::size_t allocation_count = 0;
}

void* operator new(std::size_t size) {
  ++allocation_count;
  if (void* const block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace cardea::autocert {
namespace {

using certificate_ptr = std::shared_ptr<const base::certificate>;

certificate_ptr certificate_for(const std::vector<std::string>& names) {
  return test_support::make_certificate(names, std::chrono::system_clock::now(), std::chrono::hours(24));
}

TEST(sni_matcher, chooses_as_the_table_says) {
  const certificate_ptr main = certificate_for({"example.com", "*.example.com"});
  const certificate_ptr deep = certificate_for({"*.internal.example.com", "exact.example.com"});
  const certificate_ptr mixed = certificate_for({"foo.other.test", "bar.other.test", "*.wild.other.test"});
  const certificate_ptr deeper = certificate_for({"*.a.example.com"});
  const auto matcher = sni_matcher::of({main, deep, mixed, deeper}, main);
  const struct {
    std::string name;
    certificate_ptr expected;
  } rows[] = {
      {"example.com", main},
      {"www.example.com", main},
      {"app.internal.example.com", deep},
      {"internal.example.com", main},
      {"exact.example.com", deep},
      {"b.a.example.com", deeper},
      {"a.example.com", main},
      {"x.y.a.example.com", main},
      {"unknown.test", main},
      {"", main},
      {".", main},
      {"  ", main},
      {"EXACT.Example.COM", deep},
      {"  exact.example.com.  ", deep},
      {"exact.example.com..", main},
      {"foo.other.test", mixed},
      {"bar.other.test", mixed},
      {"any.wild.other.test", mixed},
      {"baz.other.test", main},
      {".wild.other.test", main},
      {std::string(255, 'a'), main},
      {std::string(300, 'a') + ".wild.other.test", main},
      {std::string("exact.example.com\0", 18), main},
  };
  for (const auto& row : rows)
    EXPECT_EQ(matcher->find(row.name), row.expected.get()) << '"' << row.name << '"';
}

TEST(sni_matcher, lets_the_first_to_claim_a_name_keep_it) {
  const certificate_ptr first = certificate_for({"a.test", "*.b.test"});
  const certificate_ptr second = certificate_for({"a.test", "*.b.test", "c.test"});
  const auto matcher = sni_matcher::of({first, second}, nullptr);
  EXPECT_EQ(matcher->find("a.test"), first.get());
  EXPECT_EQ(matcher->find("x.b.test"), first.get());
  EXPECT_EQ(matcher->find("c.test"), second.get());
  EXPECT_EQ(matcher->find("d.test"), nullptr);
  EXPECT_EQ(matcher->size(), 3U);
}

TEST(sni_matcher, prefers_an_exact_name_of_a_later_certificate_to_an_earlier_wildcard) {
  const certificate_ptr wildcard = certificate_for({"*.a.test"});
  const certificate_ptr exact = certificate_for({"x.a.test"});
  const auto matcher = sni_matcher::of({wildcard, exact}, wildcard);
  EXPECT_EQ(matcher->find("x.a.test"), exact.get());
  EXPECT_EQ(matcher->find("y.a.test"), wildcard.get());
}

TEST(sni_matcher, takes_the_common_name_of_a_certificate_without_alternative_names) {
  const auto pair =
      test_support::make_pair({}, std::chrono::system_clock::now(), std::chrono::hours(24), "cn.test");
  const auto named = base::certificate::from_pem(pair.chain, pair.key).value();
  EXPECT_EQ(sni_matcher::of({named}, nullptr)->find("cn.test"), named.get());
}

TEST(sni_matcher, without_certificates_finds_nothing) {
  const auto matcher = sni_matcher::of({nullptr}, nullptr);
  EXPECT_EQ(matcher->find("a.test"), nullptr);
  EXPECT_EQ(matcher->find(""), nullptr);
}

TEST(sni_matcher, keeps_its_certificates_alive) {
  std::shared_ptr<const sni_matcher> matcher;
  std::weak_ptr<const base::certificate> watched;
  {
    const certificate_ptr only = certificate_for({"a.test"});
    watched = only;
    matcher = sni_matcher::of({only}, nullptr);
  }
  EXPECT_EQ(matcher->find("a.test"), watched.lock().get());
  matcher.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(sni_matcher, holds_a_hundred_thousand_names_and_looks_them_up_without_allocating) {
  constexpr std::size_t count = 100'000;
  const certificate_ptr even = certificate_for({"even.test"});
  const certificate_ptr odd = certificate_for({"odd.test"});
  std::vector<sni_matcher::claim> claims{{even, {}}, {odd, {}}};
  for (std::size_t i = 0; i < count; ++i)
    claims[i % 2].names.push_back("host" + std::to_string(i) + ".zone.test");
  claims[1].names.emplace_back("*.zone.test");
  const sni_matcher matcher(claims, nullptr);
  EXPECT_EQ(matcher.size(), count + 1);
  std::size_t wrong = 0;
  const std::size_t allocated = allocation_count;
  for (std::size_t i = 0; i < count; ++i)
    wrong += matcher.find(claims[i % 2].names[i / 2]) == (i % 2 ? odd : even).get() ? 0 : 1;
  wrong += matcher.find("a-long-label-that-no-short-string-holds.zone.test") == odd.get() ? 0 : 1;
  wrong += matcher.find("nobody.elsewhere.test") == nullptr ? 0 : 1;
  EXPECT_EQ(allocation_count, allocated);
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace cardea::autocert
