#include "proxy/net/buffer_pool.hpp"
#include "proxy/net/frame_pool.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace cardea::proxy::net {
namespace {

/// A request takes one buffer for each direction and gives them back.
void buffers_of_a_request(benchmark::State& state) {
  buffer_pool pool;
  for (auto _ : state) {
    const buffer up = pool.take();
    const buffer down = pool.take();
    benchmark::DoNotOptimize(up.data());
    benchmark::DoNotOptimize(down.data());
  }
}

/// So many requests at once.
void buffers_in_a_row(benchmark::State& state) {
  buffer_pool pool;
  std::vector<buffer> held(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (buffer& each : held) each = pool.take();
    for (buffer& each : held) each.release();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// Frames nest, as coroutines that call each other do.
void frames(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* const outer = frame_pool::allocate(size);
    void* const inner = frame_pool::allocate(size / 2);
    benchmark::DoNotOptimize(outer);
    benchmark::DoNotOptimize(inner);
    frame_pool::release(inner, size / 2);
    frame_pool::release(outer, size);
  }
}

/// The same from the heap, to compare.
void frames_from_the_heap(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    const std::unique_ptr<char[]> outer(new char[size]);
    const std::unique_ptr<char[]> inner(new char[size / 2]);
    benchmark::DoNotOptimize(outer.get());
    benchmark::DoNotOptimize(inner.get());
  }
}

BENCHMARK(buffers_of_a_request);
BENCHMARK(buffers_in_a_row)->Arg(64)->Arg(1'000);
BENCHMARK(frames)->RangeMultiplier(4)->Range(256, 16 * 1024);
BENCHMARK(frames_from_the_heap)->RangeMultiplier(4)->Range(256, 16 * 1024);

}  // namespace
}  // namespace cardea::proxy::net
