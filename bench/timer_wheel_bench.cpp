#include "base/timer_wheel.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>

namespace cardea::base {
namespace {

/// What every request does to its connection's deadline, among so many connections.
void push_out(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  tick_ms now = 0;
  timer_wheel wheel(now);
  const auto timers = std::make_unique<timer_wheel::node[]>(count);
  for (std::size_t i = 0; i < count; ++i) wheel.arm(timers[i], 75'000);
  std::size_t next = 0;
  for (auto _ : state) {
    wheel.arm(timers[next], now + 75'000);
    if (++next == count) {
      next = 0;
      ++now;
    }
  }
}

/// A loop's turn in which nothing is due.
void idle_turn(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  timer_wheel wheel(0);
  const auto timers = std::make_unique<timer_wheel::node[]>(count);
  for (std::size_t i = 0; i < count; ++i) wheel.arm(timers[i], 75'000);
  for (auto _ : state) {
    benchmark::DoNotOptimize(wheel.expired(1));
    benchmark::DoNotOptimize(wheel.next_visit());
  }
}

/// Arming anew and firing: what a deadline costs that comes true.
void fire(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  tick_ms now = 0;
  timer_wheel wheel(now);
  const auto timers = std::make_unique<timer_wheel::node[]>(count);
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) wheel.arm(timers[i], now + 1'000 + static_cast<tick_ms>(i % 1'000));
    now += 3'000;
    std::size_t fired = 0;
    while (wheel.expired(now) != nullptr) ++fired;
    if (fired != count) {
      state.SkipWithError("a timer did not fire");
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

/// A deadline that lives as long as one wait, between others.
void arm_and_forget(benchmark::State& state) {
  timer_wheel wheel(0);
  tick_ms deadline = 1'000;
  for (auto _ : state) {
    timer_wheel::node timer;
    wheel.arm(timer, deadline++ % 60'000 + 100);
    benchmark::DoNotOptimize(timer.armed());
  }
}

BENCHMARK(push_out)->RangeMultiplier(100)->Range(1, 10'000);
BENCHMARK(idle_turn)->RangeMultiplier(100)->Range(1, 10'000);
BENCHMARK(fire)->RangeMultiplier(100)->Range(1, 10'000);
BENCHMARK(arm_and_forget);

}  // namespace
}  // namespace cardea::base
