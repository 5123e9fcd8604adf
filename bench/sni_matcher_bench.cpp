#include "autocert/self_signed.hpp"
#include "autocert/sni_matcher.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

namespace cardea::autocert {
namespace {

std::shared_ptr<const base::certificate> any_certificate() {
  static const auto made = make_self_signed({"any.test"}, std::chrono::system_clock::now()).value();
  return made;
}

// Half of the names are exact, half wildcards, as an operator of many sites has them.
std::vector<sni_matcher::claim> claims_of(std::size_t name_count) {
  std::vector<sni_matcher::claim> out{{any_certificate(), {}}};
  for (std::size_t i = 0; i < name_count; ++i) {
    const std::string site = "site" + std::to_string(i / 2) + ".example.com";
    out.front().names.push_back(i % 2 == 0 ? site : "*." + site);
  }
  return out;
}

void look_up(benchmark::State& state, const std::string& prefix, const std::string& zone) {
  const auto name_count = static_cast<std::size_t>(state.range(0));
  const sni_matcher matcher(claims_of(name_count), any_certificate());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 1024; ++i)
    names.push_back(prefix + "Site" + std::to_string(i * 7919 % std::max<std::size_t>(name_count / 2, 1)) +
                    zone);
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(matcher.find(names[next++ % names.size()]));
}

void exact(benchmark::State& state) { look_up(state, "", ".example.com"); }
void wildcard(benchmark::State& state) { look_up(state, "www.", ".example.com"); }
void miss(benchmark::State& state) { look_up(state, "www.", ".elsewhere.test"); }

void build(benchmark::State& state) {
  const auto claims = claims_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(sni_matcher(claims, any_certificate()).size());
}

BENCHMARK(exact)->RangeMultiplier(10)->Range(1, 100'000);
BENCHMARK(wildcard)->RangeMultiplier(10)->Range(1, 100'000);
BENCHMARK(miss)->RangeMultiplier(10)->Range(1, 100'000);
BENCHMARK(build)->RangeMultiplier(10)->Range(1, 100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cardea::autocert
