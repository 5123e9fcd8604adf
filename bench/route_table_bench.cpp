#include "proxy/routing/route_table.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cardea::proxy::routing {
namespace {

/// A third each of aliases, whole names and wildcards.
route_table table_of(std::size_t count) {
  std::vector<route> routes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string site = "site" + std::to_string(i / 3);
    routes[i].name = i % 3 == 0 ? site : i % 3 == 1 ? site + ".example.org" : "*." + site + ".example.org";
  }
  return {std::move(routes), {"example.com"}};
}

void look_up(benchmark::State& state, const std::string& prefix, const std::string& zone, bool is_there) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const route_table table = table_of(count);
  std::vector<std::string> hosts;
  for (std::size_t i = 0; i < 1024; ++i)
    hosts.push_back(prefix + "Site" + std::to_string(i * 7919 % std::max<std::size_t>(count / 3, 1)) + zone);
  if ((table.find(hosts[0]) != route_table::none) != is_there) {
    state.SkipWithError("found the wrong thing");
    return;
  }
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(table.find(hosts[next++ % hosts.size()]));
}

void alias(benchmark::State& state) { look_up(state, "", ".example.com:8443", true); }
void whole_name(benchmark::State& state) { look_up(state, "", ".example.org", true); }
void wildcard(benchmark::State& state) { look_up(state, "www.", ".example.org", true); }
void miss(benchmark::State& state) { look_up(state, "www.", ".elsewhere.test", false); }

BENCHMARK(alias)->RangeMultiplier(10)->Range(10, 10'000);
BENCHMARK(whole_name)->RangeMultiplier(10)->Range(10, 10'000);
BENCHMARK(wildcard)->RangeMultiplier(10)->Range(10, 10'000);
BENCHMARK(miss)->RangeMultiplier(10)->Range(10, 10'000);

}  // namespace
}  // namespace cardea::proxy::routing
