#include "proxy/http1/response_parser.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

// A response head whole and cut in two must give the same answer; the first byte of the
// input says where the cut is, its lowest bit whether the request was HEAD.
namespace {

namespace http = cardea::proxy::http;
namespace http1 = cardea::proxy::http1;

void require(bool holds) {
  if (!holds) std::abort();
}

http1::parse_status parse_at(std::string_view bytes, bool to_head, http1::response_parser& parser,
                             http::response_head& head) {
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);  // so that a read beyond it is seen
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return parser.parse({copy.get(), bytes.size()}, to_head, head);
}

void compare(const http::response_head& left, const http::response_head& right) {
  require(left.status == right.status && left.reason.offset == right.reason.offset &&
          left.reason.size == right.reason.size && left.version == right.version);
  require(left.framing == right.framing && left.content_length == right.content_length &&
          left.has_content_length == right.has_content_length && left.keep_alive == right.keep_alive &&
          left.head_bytes == right.head_bytes && left.fields.size() == right.fields.size());
  for (std::size_t i = 0; i < left.fields.size(); ++i) {
    const http::field& a = left.fields.begin()[i];
    const http::field& b = right.fields.begin()[i];
    require(a.name_offset == b.name_offset && a.name_size == b.name_size &&
            a.value_offset == b.value_offset && a.value_size == b.value_size && a.id == b.id);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool to_head = (data[0] & 1) != 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const http1::head_limits limits{.line_bytes_max = 256, .head_bytes_max = 1024, .header_count_max = 16};

  http1::response_parser whole(limits);
  http::response_head expected;
  const http1::parse_status status = parse_at(bytes, to_head, whole, expected);

  http1::response_parser cut(limits);
  http::response_head head;
  http1::parse_status got = parse_at(bytes.substr(0, bytes.size() * data[0] / 256), to_head, cut, head);
  if (got == http1::parse_status::need_more) got = parse_at(bytes, to_head, cut, head);

  require(got == status);
  if (status == http1::parse_status::failed) require(cut.why() == whole.why());
  if (status != http1::parse_status::done) return 0;
  compare(expected, head);
  require(head.status >= 100 && head.status <= 599);
  require(head.framing == http::body_framing::none ||
          (head.status >= 200 && head.status != 204 && head.status != 304 && !to_head));
  require(head.framing != http::body_framing::until_close || !head.keep_alive);
  require(bytes.substr(0, head.head_bytes).ends_with("\r\n\r\n"));
  return 0;
}
