#include "bench/heads.hpp"
#include "proxy/http1/response_parser.hpp"
#include "proxy/http2/hpack_decoder.hpp"
#include "proxy/http2/huffman.hpp"
#include "proxy/http2/request_decoder.hpp"
#include "proxy/http2/response_encoder.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy::http2 {
namespace {

const std::vector<field_view> browser_fields{
    {":method", "GET"},
    {":scheme", "https"},
    {":authority", "www.example.com"},
    {":path", "/static/js/main.4c1f0a.js?v=20240611"},
    {"sec-ch-ua", "\"Chromium\";v=\"124\", \"Google Chrome\";v=\"124\", \"Not-A.Brand\";v=\"99\""},
    {"sec-ch-ua-mobile", "?0"},
    {"user-agent",
     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"},
    {"accept", "*/*"},
    {"referer", "https://www.example.com/shop/category/shoes?page=2"},
    {"accept-encoding", "gzip, deflate, br, zstd"},
    {"accept-language", "en-GB,en;q=0.9,de;q=0.8"},
    {"cookie", "session=8f14e45fceea167a5a36dedd4bea2543; theme=dark"},
};

void put_text(std::string& block, std::string_view text) {
  const std::size_t size = huffman_size(text);
  // RFC 7541 section 5.1 with a prefix of 7 bits; none of these texts is longer than 254 bytes.
  if (size < 127) {
    block.push_back(static_cast<char>(0x80 | size));
  } else {
    block.push_back('\xff');
    block.push_back(static_cast<char>(size - 127));
  }
  const std::size_t at = block.size();
  block.resize(at + size);
  huffman_encode(text, block.data() + at);
}

/// What a client sends at first: every field a literal that enters the table.
std::string first_block() {
  std::string block;
  for (const field_view& each : browser_fields) {
    block.push_back('\x40');
    put_text(block, each.name);
    put_text(block, each.value);
  }
  return block;
}

/// And from then on: every field an index.
std::string later_block() {
  std::string block;
  for (std::size_t i = 0; i < browser_fields.size(); ++i)
    block.push_back(static_cast<char>(0x80 | (static_field_count + browser_fields.size() - i)));
  return block;
}

class decoding {
 public:
  decoding() : decoder_(hpack_table::bytes_possible, limits_), memory_(decoder_.memory_bytes_min()) {}

  [[nodiscard]] bool accepts(std::string_view block) {
    return decoder_.head(block, true, memory_, *head_).is == request_decoder::verdict::accepted;
  }

 private:
  request_limits limits_;
  request_decoder decoder_;
  std::vector<char> memory_;
  std::unique_ptr<http::request_head> head_ = std::make_unique<http::request_head>();
};

/// From a header block to a head that a backend may see.
void decode(benchmark::State& state, const std::string& block) {
  decoding request;
  bool good = request.accepts(first_block());
  for (auto _ : state) good &= request.accepts(block);
  if (!good) state.SkipWithError("the block was refused");
}

void request_of_literals(benchmark::State& state) { decode(state, first_block()); }
void request_of_indices(benchmark::State& state) { decode(state, later_block()); }

void relayed_response(benchmark::State& state) {
  const http1::head_limits limits;
  http1::response_parser parser(limits);
  const auto head = std::make_unique<http::response_head>();
  if (parser.parse(bench::response, false, *head) != http1::parse_status::done) {
    state.SkipWithError("the head was refused");
    return;
  }
  std::vector<char> out(block_bound(*head));
  for (auto _ : state) {
    block_writer block(out.data());
    block.status(head->status);
    block.relayed(*head, bench::response.data());
    benchmark::DoNotOptimize(block.size());
  }
}

void huffman(benchmark::State& state) {
  const std::string_view text = browser_fields[6].value;
  std::string coded(huffman_size(text), '\0');
  huffman_encode(text, coded.data());
  std::vector<char> out(text.size());
  for (auto _ : state)
    if (huffman_decode(coded, out.data(), out.size()).size != text.size()) {
      state.SkipWithError("decoded to something else");
      return;
    }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK(request_of_literals);
BENCHMARK(request_of_indices);
BENCHMARK(relayed_response);
BENCHMARK(huffman);

}  // namespace
}  // namespace cardea::proxy::http2
