// Goal: the table answers as the plainest model does, through whatever changes. Method: random changes of many
// claimants and names, of every length and with long common beginnings, beside a map.
#include "autocert/name_table.hpp"

#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"
#include "base/certificate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>

namespace cardea::autocert {
namespace {

base::certificate_ptr a_certificate(config::key_type type) {
  static const auto rsa = make_key(config::key_type::rsa2048).value();
  static const auto ec = make_key(config::key_type::ec256).value();
  EVP_PKEY* const key = type == config::key_type::ec256 ? ec.get() : rsa.get();
  x509_draft draft;
  draft.dns_names = {"any.test"};
  draft.not_before = std::chrono::system_clock::from_time_t(1'800'000'000);
  draft.not_after = draft.not_before + std::chrono::hours(24);
  const auto leaf = sign(draft, key, nullptr, key).value();
  return base::certificate::from_pem(to_pem(leaf.get()), key_to_pem(key)).value();
}

// Who claims a name with what, and in which order they answer.
class model {
 public:
  void leave(const std::string& name, const claimant* by) {
    auto& at = names_[name];
    std::erase_if(at, [by](const auto& each) { return each.first.get() == by; });
    if (at.empty()) names_.erase(name);
  }
  void come(const std::string& name, const claimant_ptr& by, const base::certificate_ptr& certificate) {
    auto& at = names_[name];
    at.emplace_back(by, certificate);
    std::stable_sort(at.begin(), at.end(), [](const auto& a, const auto& b) {
      if (a.first->rank != b.first->rank) return a.first->rank < b.first->rank;
      const bool a_is_ec = base::is_ecdsa(a.second->kind());
      const bool b_is_ec = base::is_ecdsa(b.second->kind());
      if (a_is_ec != b_is_ec) return a_is_ec;
      return a.first->label < b.first->label;
    });
  }
  [[nodiscard]] const auto& names() const { return names_; }

 private:
  std::map<std::string, std::vector<std::pair<claimant_ptr, base::certificate_ptr>>> names_;
};

std::string random_name(std::mt19937& random, std::size_t names) {
  const auto number = random() % names;
  if (number % 3 == 0) return "host" + std::to_string(number) + ".test";
  if (number % 3 == 1) return std::string(number % 250, 'a') + std::to_string(number % 10);
  return "." + std::to_string(number) + std::string(number % 40, '-') + ".a-zone-with-a-long-name.example.test";
}

void expect_same(const name_table& table, const model& of) {
  ASSERT_EQ(table.size(), of.names().size());
  std::size_t wrong = 0;
  for (const auto& [name, claims] : of.names()) {
    const auto certificates = table.find(name);
    const auto claimants = table.claimants(name);
    bool same = certificates.size() == claims.size() && claimants.size() == claims.size();
    for (std::size_t i = 0; same && i < claims.size(); ++i)
      same = certificates[i] == claims[i].second && claimants[i] == claims[i].first;
    // Neighbours that nobody claims.
    for (const std::string& other : {name + "x", name.substr(1), "x" + name, name.substr(0, name.size() - 1)})
      same = same && (of.names().contains(other) || table.find(other).empty());
    wrong += same ? 0 : 1;
  }
  EXPECT_EQ(wrong, 0U);
}

void play(std::size_t names, std::size_t changes, std::size_t claims_per_change) {
  std::mt19937 random(static_cast<unsigned>(names));
  const base::certificate_ptr certificates[] = {a_certificate(config::key_type::ec256),
                                                a_certificate(config::key_type::rsa2048),
                                                a_certificate(config::key_type::ec256)};
  std::vector<claimant_ptr> claimants;
  for (unsigned i = 0; i < 5; ++i)
    claimants.push_back(std::make_shared<const claimant>(claimant{i / 2, "claimant" + std::to_string(i)}));
  name_table table;
  model beside;
  for (std::size_t n = 0; n < changes; ++n) {
    std::map<std::pair<std::string, const claimant*>, name_claim> gone;
    std::map<std::pair<std::string, const claimant*>, name_claim> fresh;
    for (std::size_t i = 0; i < random() % claims_per_change + 1; ++i) {
      const claimant_ptr& by = claimants[random() % claimants.size()];
      const std::pair<std::string, const claimant*> key{random_name(random, names), by.get()};
      gone[key] = {{}, by, nullptr};
      if (random() % 4 != 0) fresh[key] = {{}, by, certificates[random() % 3]};
    }
    const auto listed = [](const auto& from) {
      std::vector<name_claim> out;
      for (const auto& [key, claim] : from) out.push_back({key.first, claim.by, claim.certificate});
      return out;
    };
    table = table.with(listed(gone), listed(fresh));
    for (const auto& [key, claim] : gone) beside.leave(key.first, key.second);
    for (const auto& [key, claim] : fresh) beside.come(key.first, claim.by, claim.certificate);
    if (n % 10 == 0 || changes < 50) expect_same(table, beside);
  }
  expect_same(table, beside);
}

TEST(name_table, answers_as_a_map_does_through_changes_of_few_names) { play(40, 400, 8); }
TEST(name_table, answers_as_a_map_does_through_changes_of_many_names) { play(6'000, 60, 1'000); }
TEST(name_table, answers_as_a_map_does_while_it_grows_from_nothing) { play(20'000, 8, 9'000); }

TEST(name_table, is_empty_again_when_all_have_left) {
  const auto by = std::make_shared<const claimant>();
  const base::certificate_ptr one = a_certificate(config::key_type::ec256);
  const std::vector<name_claim> claims{{"a.test", by, one}, {".a.test", by, one}};
  const name_table table = name_table().with({}, claims);
  EXPECT_EQ(table.size(), 2U);
  const name_table after = table.with(claims, {});
  EXPECT_EQ(after.size(), 0U);
  EXPECT_TRUE(after.find("a.test").empty());
  EXPECT_EQ(table.find("a.test").size(), 1U) << "whoever holds the old one sees no change";
}

}  // namespace
}  // namespace cardea::autocert
