#include "proxy/http2/response_decoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

// Header blocks of backends: whatever they hold, what is accepted can be written as a head of
// HTTP/1, and the table is where it would be had the block only been skipped. The first byte cuts
// the input into two blocks, so that the second meets a table that the first has filled.
namespace {

namespace http = cardea::proxy::http;
namespace http2 = cardea::proxy::http2;
using decoder = http2::response_decoder;

constexpr http2::response_limits limits{1'024, 16, 256};
constexpr std::size_t room = 16 * 1024;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_plain(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

void check_head(const decoder::outcome& got, const http::response_head& head, const char* bytes) {
  require(got.bytes <= limits.head_bytes_max);
  require(head.status >= 100 && head.status < 600 && head.status != 101);
  require(head.fields.size() <= limits.field_count_max);
  for (const http::field& each : head.fields) {
    const std::string_view name = http::name_of(each, bytes);
    require(!name.empty() && is_plain(name) && name.find_first_of(": ") == name.npos);
    require(is_plain(http::value_of(each, bytes)));
    require(each.id != http::field_id::transfer_encoding && each.id != http::field_id::connection);
  }
  if (head.framing == http::body_framing::length) require(head.has_content_length);
}

void check_lines(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    require(end != lines.npos && end > 0);
    const std::string_view line = lines.substr(0, end);
    require(is_plain(line) && line.find(": ") != line.npos && line.front() != ':');
    lines.remove_prefix(end + 2);
  }
}

void check(std::string_view first, std::string_view second, bool to_head, bool ends) {
  std::vector<char> memory(room);
  std::vector<char> other(room);
  decoder reading(4'096, limits);
  decoder skipping(4'096, limits);
  http::response_head head;
  const auto got = reading.head(first, to_head, ends, memory, head);
  require((got.is == decoder::verdict::broken) == !skipping.skip(first, other));
  if (got.is == decoder::verdict::broken) return;
  if (got.is == decoder::verdict::accepted) check_head(got, head, memory.data());
  const auto behind = reading.trailers(second, memory);
  const auto same = skipping.trailers(second, other);
  require(behind.is == same.is && behind.bytes == same.bytes);
  if (behind.is != decoder::verdict::accepted) return;
  require(std::string_view(memory.data(), behind.bytes) == std::string_view(other.data(), same.bytes));
  check_lines({memory.data(), behind.bytes});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
  const std::size_t cut = bytes.size() * data[0] / 256;
  check(bytes.substr(0, cut), bytes.substr(cut), (data[1] & 1U) != 0, (data[1] & 2U) != 0);
  return 0;
}
