#include "proxy/http2/request_decoder.hpp"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Header blocks: our decoder and nghttp2's must read the same fields, or both refuse. What
// becomes a request must hold what its head promises. The first byte cuts the input into
// two blocks, so that the second meets a table that the first has filled.
namespace {

namespace http = cardea::proxy::http;
namespace http2 = cardea::proxy::http2;

void require(bool holds) {
  if (!holds) std::abort();
}

struct reading {
  std::string fields;
  bool broken = false;
};

reading read_ours(http2::hpack_decoder& decoder, std::string_view block) {
  const std::unique_ptr<char[]> room(new char[256 * 1024]);
  reading out;
  decoder.begin_block();
  while (true) {
    const auto step = decoder.next(block, room.get(), 256 * 1024);
    if (step.outcome == http2::hpack_decoder::status::end) return out;
    if (step.outcome != http2::hpack_decoder::status::field) {
      out.broken = true;
      return out;
    }
    out.fields.append(room.get(), step.name_size).append(1, '\0').append(room.get() + step.name_size, step.value_size);
    out.fields += '\n';
  }
}

reading read_theirs(nghttp2_hd_inflater* inflater, std::string_view block) {
  reading out;
  const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
  std::size_t left = block.size();
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv field{};
    const auto taken = nghttp2_hd_inflate_hd2(inflater, &field, &flags, at, left, 1);
    if (taken < 0) {
      out.broken = true;
      return out;
    }
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    out.fields.append(reinterpret_cast<const char*>(field.name), field.namelen).append(1, '\0');
    out.fields.append(reinterpret_cast<const char*>(field.value), field.valuelen);
    out.fields += '\n';
  }
  nghttp2_hd_inflate_end_headers(inflater);
  return out;
}

void compare_decoders(std::string_view first, std::string_view second) {
  http2::hpack_decoder ours(4'096);
  nghttp2_hd_inflater* theirs = nullptr;
  nghttp2_hd_inflate_new(&theirs);
  for (const std::string_view block : {first, second}) {
    const reading a = read_ours(ours, block);
    const reading b = read_theirs(theirs, block);
    // We are stricter about repeated table sizes; never the other way round.
    require(a.broken || !b.broken);
    if (a.broken) break;
    require(a.fields == b.fields);
  }
  nghttp2_hd_inflate_del(theirs);
}

void check_request(std::string_view block) {
  const http2::request_limits limits{.line_bytes_max = 64, .head_bytes_max = 1'024, .field_count_max = 16, .trailer_bytes_max = 256};
  http2::request_decoder decoder(4'096, limits);
  std::vector<char> memory(decoder.memory_bytes_min());
  http::request_head head;
  const auto got = decoder.head(block, true, memory, head);
  require(got.bytes <= memory.size());
  std::string lines;
  (void)decoder.trailers(block, memory, lines);
  require(lines.size() <= 1'024);
  if (got.is != http2::request_decoder::verdict::accepted) return;
  require(head.host.size > 0 && head.method.size > 0 && (head.is_connect || head.path.size > 0));
  require(head.fields.size() <= limits.field_count_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t cut = bytes.size() * data[0] / 256;
  compare_decoders(bytes.substr(0, cut), bytes.substr(cut));
  check_request(bytes);
  return 0;
}
