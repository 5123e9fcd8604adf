#include "bench/heads.hpp"
#include "proxy/http1/request_parser.hpp"
#include "proxy/http1/response_parser.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>

namespace cardea::proxy::http1 {
namespace {

constexpr head_limits limits;

/// In pieces of `piece` bytes, as a slow network brings them.
void read_request(benchmark::State& state, const std::string& bytes, std::size_t piece) {
  request_parser parser(limits);
  const auto head = std::make_unique<http::request_head>();
  for (auto _ : state) {
    parser.reset();
    parse_status status = parse_status::need_more;
    for (std::size_t end = 0; status == parse_status::need_more && end < bytes.size();) {
      end = std::min(end + piece, bytes.size());
      status = parser.parse({bytes.data(), end}, *head);
    }
    if (status != parse_status::done) {
      state.SkipWithError("the head was refused");
      return;
    }
    benchmark::DoNotOptimize(head.get());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void small_request(benchmark::State& state) { read_request(state, bench::small_request, 64 * 1024); }
void browser_request(benchmark::State& state) { read_request(state, bench::browser_request, 64 * 1024); }
void browser_request_in_pieces(benchmark::State& state) {
  read_request(state, bench::browser_request, static_cast<std::size_t>(state.range(0)));
}

void response(benchmark::State& state) {
  response_parser parser(limits);
  const auto head = std::make_unique<http::response_head>();
  for (auto _ : state) {
    parser.reset();
    if (parser.parse(bench::response, false, *head) != parse_status::done) {
      state.SkipWithError("the head was refused");
      return;
    }
    benchmark::DoNotOptimize(head.get());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bench::response.size()));
}

BENCHMARK(small_request);
BENCHMARK(browser_request);
BENCHMARK(browser_request_in_pieces)->Arg(1)->Arg(100);
BENCHMARK(response);

}  // namespace
}  // namespace cardea::proxy::http1
