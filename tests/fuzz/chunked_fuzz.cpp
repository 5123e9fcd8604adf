#include "proxy/http1/chunked_decoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

// A chunked body whole and cut in two must decode to the same; the first byte of the
// input says where the cut is.
namespace {

namespace http1 = cardea::proxy::http1;

void require(bool holds) {
  if (!holds) std::abort();
}

struct decoded {
  http1::parse_status status = http1::parse_status::need_more;
  std::string data;
  std::size_t consumed = 0;
};

void decode(std::string_view bytes, http1::chunked_decoder& decoder, decoded& into) {
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);  // so that a read beyond it is seen
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  std::string_view left{copy.get(), bytes.size()};
  while (into.status == http1::parse_status::need_more) {
    const http1::chunked_decoder::step taken = decoder.next(left);
    require(taken.consumed <= left.size() && taken.data.size() <= taken.consumed);
    into.status = taken.status;
    into.data += taken.data;
    into.consumed += taken.consumed;
    left.remove_prefix(taken.consumed);
    if (taken.consumed == 0) break;
  }
  require(into.status != http1::parse_status::need_more || left.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const http1::chunked_limits limits{
      .extension_bytes_max = 32, .trailer_bytes_max = 128, .trailer_count_max = 4};

  http1::chunked_decoder whole(limits);
  decoded expected;
  decode(bytes, whole, expected);

  http1::chunked_decoder cut(limits);
  decoded got;
  const std::size_t at = bytes.size() * data[0] / 256;
  decode(bytes.substr(0, at), cut, got);
  if (got.status == http1::parse_status::need_more) decode(bytes.substr(at), cut, got);

  require(got.status == expected.status && got.data == expected.data);
  // How much of a refused body was looked at does not matter.
  require(got.status == http1::parse_status::failed || got.consumed == expected.consumed);
  require(whole.trailers() == cut.trailers() && whole.why().status == cut.why().status &&
          whole.why().reason == cut.why().reason);
  return 0;
}
