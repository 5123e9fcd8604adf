#include "autocert/sni_matcher.hpp"

#include "base/text.hpp"
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
// Standard algorithms allocate by this one, and free by the others.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocation_count;
  return std::malloc(size);
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
    EXPECT_EQ(matcher->first(row.name), row.expected.get()) << '"' << row.name << '"';
}

TEST(sni_matcher, has_no_case_for_any_letter_at_any_place_and_changes_no_other_byte) {
  const certificate_ptr one = certificate_for({"abcdefghijklmnopqrstuvwxyz0123456789-_.a.test"});
  const auto matcher = sni_matcher::of({one}, nullptr);
  EXPECT_EQ(matcher->first("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.A.TEST"), one.get());
  const std::string name = "abcdefghijklmnopqrstuvwxyz0123456789-_.a.test";
  for (std::size_t i = 0; i < name.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = name;
      other[i] = static_cast<char>(byte);
      const bool is_same = base::to_lower(other[i]) == name[i];
      ASSERT_EQ(matcher->first(other) == one.get(), is_same) << i << ' ' << byte;
    }
  }
}

TEST(sni_matcher, lets_the_first_to_claim_a_name_keep_it) {
  const certificate_ptr first = certificate_for({"a.test", "*.b.test"});
  const certificate_ptr second = certificate_for({"a.test", "*.b.test", "c.test"});
  const auto matcher = sni_matcher::of({first, second}, nullptr);
  EXPECT_EQ(matcher->first("a.test"), first.get());
  EXPECT_EQ(matcher->first("x.b.test"), first.get());
  EXPECT_EQ(matcher->first("c.test"), second.get());
  EXPECT_EQ(matcher->first("d.test"), nullptr);
  EXPECT_EQ(matcher->size(), 3U);
}

TEST(sni_matcher, prefers_an_exact_name_of_a_later_certificate_to_an_earlier_wildcard) {
  const certificate_ptr wildcard = certificate_for({"*.a.test"});
  const certificate_ptr exact = certificate_for({"x.a.test"});
  const auto matcher = sni_matcher::of({wildcard, exact}, wildcard);
  EXPECT_EQ(matcher->first("x.a.test"), exact.get());
  EXPECT_EQ(matcher->first("y.a.test"), wildcard.get());
}

TEST(sni_matcher, takes_the_common_name_of_a_certificate_without_alternative_names) {
  const auto pair =
      test_support::make_pair({}, std::chrono::system_clock::now(), std::chrono::hours(24), "cn.test");
  const auto named = base::certificate::from_pem(pair.chain, pair.key).value();
  EXPECT_EQ(sni_matcher::of({named}, nullptr)->first("cn.test"), named.get());
}

TEST(sni_matcher, without_certificates_finds_nothing) {
  const auto matcher = sni_matcher::of({nullptr}, nullptr);
  EXPECT_EQ(matcher->first("a.test"), nullptr);
  EXPECT_EQ(matcher->first(""), nullptr);
}

TEST(sni_matcher, keeps_its_certificates_alive) {
  std::shared_ptr<const sni_matcher> matcher;
  std::weak_ptr<const base::certificate> watched;
  {
    const certificate_ptr only = certificate_for({"a.test"});
    watched = only;
    matcher = sni_matcher::of({only}, nullptr);
  }
  EXPECT_EQ(matcher->first("a.test"), watched.lock().get());
  matcher.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(sni_matcher, holds_a_hundred_thousand_names_and_looks_them_up_without_allocating) {
  constexpr std::size_t count = 100'000;
  std::vector<std::string> names[2];
  for (std::size_t i = 0; i < count; ++i) names[i % 2].push_back("host" + std::to_string(i) + ".zone.test");
  names[1].emplace_back("*.zone.test");
  const certificate_ptr even = certificate_for(names[0]);
  const certificate_ptr odd = certificate_for(names[1]);
  const auto matcher = sni_matcher::of({even, odd}, nullptr);
  EXPECT_EQ(matcher->size(), count + 1);
  std::size_t wrong = 0;
  const std::size_t allocated = allocation_count;
  for (std::size_t i = 0; i < count; ++i)
    wrong += matcher->first(names[i % 2][i / 2]) == (i % 2 ? odd : even).get() ? 0 : 1;
  wrong += matcher->first("a-long-label-that-no-short-string-holds.zone.test") == odd.get() ? 0 : 1;
  wrong += matcher->first("nobody.elsewhere.test") == nullptr ? 0 : 1;
  EXPECT_EQ(allocation_count, allocated);
  EXPECT_EQ(wrong, 0U);
}

claimant_ptr somebody(std::uint32_t rank, const std::string& label) {
  return std::make_shared<const claimant>(claimant{rank, label});
}

TEST(sni_matcher, replaces_one_certificate_of_many_and_shares_the_rest) {
  constexpr std::size_t count = 2'000;
  std::vector<sni_matcher::change> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({somebody(0, std::to_string(i)), nullptr, certificate_for({"host" + std::to_string(i) + ".test"})});
  const auto before = sni_matcher().with(all, {});
  const certificate_ptr fresh = certificate_for({"host7.test", "new7.test"});
  const std::size_t allocated = allocation_count;
  const std::vector<sni_matcher::change> one{{all[7].by, all[7].fresh, fresh}};
  const auto after = before->with(one, {});
  EXPECT_LT(allocation_count - allocated, 1'000U) << "the work must not grow with the number of certificates";
  EXPECT_EQ(after->first("host7.test"), fresh.get());
  EXPECT_EQ(after->first("new7.test"), fresh.get());
  EXPECT_EQ(before->first("host7.test"), all[7].fresh.get()) << "whoever holds the old one sees no change";
  EXPECT_EQ(before->first("new7.test"), nullptr);
  EXPECT_EQ(after->size(), count + 1);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i)
    wrong += i == 7 || after->first("host" + std::to_string(i) + ".test") == all[i].fresh.get() ? 0 : 1;
  EXPECT_EQ(wrong, 0U);
}

TEST(sni_matcher, gives_a_name_to_the_next_claimant_when_the_first_leaves) {
  const auto one = somebody(1, "one");
  const auto two = somebody(2, "two");
  const certificate_ptr first = certificate_for({"a.test", "*.b.test"});
  const certificate_ptr second = certificate_for({"a.test"});
  const std::vector<sni_matcher::change> both{{two, nullptr, second}, {one, nullptr, first}};
  const auto full = sni_matcher().with(both, {});
  EXPECT_EQ(full->first("a.test"), first.get()) << "the rank decides, not the order of arrival";
  const std::vector<sni_matcher::change> leaving{{one, first, nullptr}};
  const auto half = full->with(leaving, {});
  EXPECT_EQ(half->first("a.test"), second.get());
  EXPECT_EQ(half->first("x.b.test"), nullptr);
  EXPECT_EQ(half->size(), 1U);
  const std::vector<sni_matcher::change> last{{two, second, nullptr}};
  EXPECT_EQ(half->with(last, {})->size(), 0U);
}

TEST(sni_matcher, t18_names_both_claimants_of_a_name_and_the_first_keeps_it) {
  const std::vector<sni_matcher::change> both{{somebody(3, "b.pem"), nullptr, certificate_for({"x.test", "b.test"})},
                                              {somebody(3, "a.pem"), nullptr, certificate_for({"*.w.test", "x.test"})}};
  const auto matcher = sni_matcher().with(both, {});
  EXPECT_EQ(matcher->first("x.test"), both[1].fresh.get());
  const auto told = matcher->conflicts_of(both);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].name, "x.test");
  EXPECT_EQ(told[0].kept_by, "a.pem");
  EXPECT_EQ(told[0].refused, "b.pem");
}

TEST(sni_matcher, t18_names_at_most_so_many_conflicts) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= sni_matcher::conflicts_max; ++i) names.push_back("x" + std::to_string(i) + ".test");
  const std::vector<sni_matcher::change> both{{somebody(0, "a"), nullptr, certificate_for(names)},
                                              {somebody(1, "b"), nullptr, certificate_for(names)}};
  EXPECT_EQ(sni_matcher().with(both, {})->conflicts_of(both).size(), sni_matcher::conflicts_max);
}

TEST(sni_matcher, b90_offers_an_rsa_certificate_after_the_ecdsa_one_of_the_same_name_without_an_alarm) {
  const auto pair = [](config::key_type type) {
    const auto key = make_key(type).value();
    x509_draft draft;
    draft.dns_names = {"a.test", "*.a.test"};
    draft.not_before = std::chrono::system_clock::now();
    draft.not_after = draft.not_before + std::chrono::hours(24);
    return base::certificate::from_pem(to_pem(sign(draft, key.get(), nullptr, key.get()).value().get()),
                                       key_to_pem(key.get()))
        .value();
  };
  const certificate_ptr rsa = pair(config::key_type::rsa2048);
  const certificate_ptr ecdsa = pair(config::key_type::ec256);
  const std::vector<sni_matcher::change> both{{somebody(0, "main"), nullptr, rsa},
                                              {somebody(0, "main/EC256"), nullptr, ecdsa}};
  const auto matcher = sni_matcher().with(both, {rsa});
  for (const char* name : {"a.test", "www.a.test"}) {
    const auto found = matcher->find(name);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0], ecdsa);
    EXPECT_EQ(found[1], rsa);
  }
  EXPECT_EQ(matcher->find("other.test").size(), 1U);
  EXPECT_TRUE(matcher->conflicts_of(both).empty());
}

}  // namespace
}  // namespace cardea::autocert
