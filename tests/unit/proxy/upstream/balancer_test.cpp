// Goal: each way of choosing spreads as its name says, and what leaves moves only what was its own.
#include "proxy/upstream/balancer.hpp"

#include "proxy/upstream/hash.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace cardea::proxy::upstream {
namespace {

using config::balance_mode;

std::vector<std::uint64_t> names(std::size_t count) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(hash_of("10.0.0." + std::to_string(i) + ":80"));
  return out;
}

std::vector<candidate> weights(std::initializer_list<std::uint32_t> all) {
  std::vector<candidate> out;
  for (const std::uint32_t each : all) out.push_back({each, 0});
  return out;
}

std::string sequence(balancer& of, const std::vector<candidate>& among, int length) {
  std::string out;
  for (int i = 0; i < length; ++i) out += static_cast<char>('a' + of.choose(among, 0));
  return out;
}

TEST(balancer, round_robin_takes_turns) {
  balancer of(balance_mode::round_robin, names(3), 0);
  EXPECT_EQ(sequence(of, weights({1, 1, 1}), 7), "abcabca");
}

TEST(balancer, another_seed_begins_with_another_backend) {
  balancer of(balance_mode::round_robin, names(3), 4);
  EXPECT_EQ(sequence(of, weights({1, 1, 1}), 6), "bacbac");
}

TEST(balancer, round_robin_gives_each_its_weight_without_asking_one_many_times_in_a_row) {
  balancer of(balance_mode::round_robin, names(3), 0);
  const std::string seen = sequence(of, weights({5, 1, 1}), 700);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'a'), 500);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'b'), 100);
  EXPECT_EQ(seen.find("aaaaa"), std::string::npos);
}

TEST(balancer, what_has_no_weight_is_not_chosen_by_any_mode) {
  for (const balance_mode mode : {balance_mode::round_robin, balance_mode::least_conn, balance_mode::ip_hash,
                                  balance_mode::power_of_two, balance_mode::hash}) {
    balancer of(mode, names(3), 7);
    for (std::uint64_t key = 0; key < 200; ++key)
      EXPECT_EQ(of.choose(weights({0, 3, 0}), mixed(key)), 1U) << static_cast<int>(mode);
    EXPECT_EQ(of.choose(weights({0, 0, 0}), 1), balancer::none) << static_cast<int>(mode);
  }
}

TEST(balancer, least_conn_looks_at_what_is_under_way_for_the_weight) {
  balancer of(balance_mode::least_conn, names(3), 0);
  EXPECT_EQ(of.choose(std::vector<candidate>{{1, 3}, {1, 1}, {1, 2}}, 0), 1U);
  EXPECT_EQ(of.choose(std::vector<candidate>{{4, 3}, {1, 1}, {1, 2}}, 0), 0U) << "3 of 4 is less than 1 of 1";
}

TEST(balancer, least_conn_takes_turns_by_weight_among_those_that_are_equal) {
  balancer of(balance_mode::least_conn, names(3), 0);
  const std::string seen = sequence(of, weights({2, 1, 1}), 400);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'a'), 200);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'c'), 100);
}

TEST(balancer, power_of_two_prefers_the_less_busy_and_never_takes_the_busiest) {
  balancer of(balance_mode::power_of_two, names(4), 1);
  std::map<std::size_t, int> seen;
  const std::vector<candidate> among{{1, 0}, {1, 5}, {1, 9}, {1, 20}};
  for (int i = 0; i < 6000; ++i) ++seen[of.choose(among, 0)];
  EXPECT_EQ(seen[3], 0) << "whatever else is drawn is less busy";
  EXPECT_NEAR(seen[0], 3000, 300) << "drawn in half of all pairs";
  EXPECT_NEAR(seen[1], 2000, 300);
}

TEST(balancer, power_of_two_draws_by_weight) {
  balancer of(balance_mode::power_of_two, names(3), 5);
  std::map<std::size_t, int> seen;
  for (int i = 0; i < 9000; ++i) ++seen[of.choose(weights({8, 1, 1}), 0)];
  EXPECT_GT(seen[0], 6 * seen[1]);
  EXPECT_GT(seen[1], 300);
}

std::map<std::size_t, int> spread(balancer& of, const std::vector<candidate>& among, int keys) {
  std::map<std::size_t, int> out;
  for (int i = 0; i < keys; ++i) ++out[of.choose(among, hash_of("client " + std::to_string(i)))];
  return out;
}

TEST(balancer, hash_spreads_keys_by_weight) {
  balancer of(balance_mode::hash, names(4), 0);
  auto seen = spread(of, weights({1, 1, 1, 1}), 20'000);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(seen[i], 5000, 300) << i;
  seen = spread(of, weights({3, 1, 1, 1}), 18'000);
  EXPECT_NEAR(seen[0], 9000, 400);
  EXPECT_NEAR(seen[3], 3000, 250);
}

TEST(balancer, hash_moves_only_the_keys_of_the_one_that_leaves_and_they_come_back_with_it) {
  balancer of(balance_mode::ip_hash, names(5), 0);
  const auto all = weights({1, 1, 1, 1, 1});
  const auto without = weights({1, 1, 0, 1, 1});
  std::map<std::size_t, int> heirs;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t key = hash_of("192.0.2." + std::to_string(i));
    const std::size_t before = of.choose(all, key);
    const std::size_t meanwhile = of.choose(without, key);
    if (before == 2)
      ++heirs[meanwhile];
    else
      EXPECT_EQ(meanwhile, before);
    EXPECT_EQ(of.choose(all, key), before);
  }
  EXPECT_EQ(heirs.size(), 4U) << "no single one inherits all";
}

TEST(balancer, two_workers_send_one_key_to_one_backend) {
  balancer one(balance_mode::hash, names(7), 1);
  balancer other(balance_mode::hash, names(7), 2);
  const auto all = weights({1, 1, 1, 1, 1, 1, 1});
  for (std::uint64_t key = 1; key < 500; ++key)
    EXPECT_EQ(one.choose(all, mixed(key)), other.choose(all, mixed(key)));
}

}  // namespace
}  // namespace cardea::proxy::upstream
