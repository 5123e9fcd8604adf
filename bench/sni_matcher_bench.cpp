#include "autocert/key.hpp"
#include "autocert/sni_matcher.hpp"
#include "autocert/x509_draft.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace cardea::autocert {
namespace {

base::certificate_ptr certificate_for(std::vector<std::string> names) {
  static const auto key = make_key(config::key_type::ec256).value();
  x509_draft draft;
  draft.dns_names = std::move(names);
  draft.not_before = std::chrono::system_clock::now();
  draft.not_after = draft.not_before + std::chrono::hours(24);
  const auto leaf = sign(draft, key.get(), nullptr, key.get()).value();
  return base::certificate::from_pem_lazily(to_pem(leaf.get()), key_to_pem(key.get())).value();
}

// Half of the names are exact, half wildcards, as an operator of many sites has them.
std::vector<sni_matcher::change> changes_of(std::size_t name_count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < name_count; ++i) {
    const std::string site = "site" + std::to_string(i / 2) + ".example.com";
    names.push_back(i % 2 == 0 ? site : "*." + site);
  }
  return {{std::make_shared<const claimant>(), nullptr, certificate_for(std::move(names))}};
}

std::shared_ptr<const sni_matcher> matcher_of(std::size_t name_count) {
  return sni_matcher().with(changes_of(name_count), {certificate_for({"default.test"})});
}

void look_up(benchmark::State& state, const std::string& prefix, const std::string& zone) {
  const auto name_count = static_cast<std::size_t>(state.range(0));
  const auto matcher = matcher_of(name_count);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 1024; ++i)
    names.push_back(prefix + "Site" + std::to_string(i * 7919 % std::max<std::size_t>(name_count / 2, 1)) +
                    zone);
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(matcher->find(names[next++ % names.size()]));
}

void exact(benchmark::State& state) { look_up(state, "", ".example.com"); }
void wildcard(benchmark::State& state) { look_up(state, "www.", ".example.com"); }
void miss(benchmark::State& state) { look_up(state, "www.", ".elsewhere.test"); }

void build(benchmark::State& state) {
  const auto changes = changes_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(sni_matcher().with(changes, {})->size());
}

// One certificate of two names among many is renewed.
void replace(benchmark::State& state) {
  auto matcher = matcher_of(static_cast<std::size_t>(state.range(0)));
  const auto by = std::make_shared<const claimant>(claimant{1, "renewed"});
  base::certificate_ptr held[2] = {certificate_for({"one.test", "*.one.test"}),
                                   certificate_for({"one.test", "*.one.test"})};
  std::vector<sni_matcher::change> change{{by, nullptr, held[0]}};
  matcher = matcher->with(change, {});
  for (auto _ : state) {
    change[0] = {by, held[0], held[1]};
    matcher = matcher->with(change, {});
    std::swap(held[0], held[1]);
  }
}

BENCHMARK(exact)->RangeMultiplier(10)->Range(1, 100'000);
BENCHMARK(wildcard)->RangeMultiplier(10)->Range(1, 100'000);
BENCHMARK(miss)->RangeMultiplier(10)->Range(1, 100'000);
BENCHMARK(replace)->RangeMultiplier(10)->Range(1, 100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(build)->RangeMultiplier(10)->Range(1, 100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cardea::autocert
