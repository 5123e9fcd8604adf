#include "bench/heads.hpp"
#include "proxy/http/header_table.hpp"
#include "proxy/http/hop_by_hop.hpp"
#include "proxy/http1/request_parser.hpp"
#include "proxy/http1/response_parser.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string_view>

namespace cardea::proxy::http {
namespace {

void identify(benchmark::State& state, const std::array<std::string_view, 6>& names) {
  for (auto _ : state)
    for (const std::string_view name : names) benchmark::DoNotOptimize(identify_field(name));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(names.size()));
}

void identify_known(benchmark::State& state) {
  identify(state, {"Host", "Connection", "Content-Length", "Accept-Encoding", "Cookie", "x-forwarded-for"});
}
void identify_others(benchmark::State& state) {
  identify(state, {"Accept", "User-Agent", "Sec-Fetch-Site", "sec-ch-ua-platform", "Cache-Control", "X-Request-Id"});
}

/// Which of a browser's fields go on to the backend.
void sort_out_request(benchmark::State& state) {
  const http1::head_limits limits;
  http1::request_parser parser(limits);
  const auto head = std::make_unique<request_head>();
  if (parser.parse(bench::browser_request, *head) != http1::parse_status::done) {
    state.SkipWithError("the head was refused");
    return;
  }
  const char* const bytes = bench::browser_request.data();
  for (auto _ : state) {
    const connection_options options(head->fields, bytes);
    for (const field& line : head->fields) benchmark::DoNotOptimize(forwards_to_backend(line, bytes, options));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(head->fields.size()));
}

void sort_out_response(benchmark::State& state) {
  const http1::head_limits limits;
  http1::response_parser parser(limits);
  const auto head = std::make_unique<response_head>();
  if (parser.parse(bench::response, false, *head) != http1::parse_status::done) {
    state.SkipWithError("the head was refused");
    return;
  }
  const char* const bytes = bench::response.data();
  for (auto _ : state) {
    const connection_options options(head->fields, bytes);
    for (const field& line : head->fields) benchmark::DoNotOptimize(forwards_to_client(line, bytes, options));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(head->fields.size()));
}

BENCHMARK(identify_known);
BENCHMARK(identify_others);
BENCHMARK(sort_out_request);
BENCHMARK(sort_out_response);

}  // namespace
}  // namespace cardea::proxy::http
