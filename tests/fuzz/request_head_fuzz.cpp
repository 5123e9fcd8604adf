#include "proxy/http/hop_by_hop.hpp"
#include "proxy/http/path.hpp"
#include "proxy/http1/request_parser.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

// A request head whole and cut in two must give the same answer; the first byte of the
// input says where the cut is. What is accepted must also hold what the head promises.
namespace {

namespace http = cardea::proxy::http;
namespace http1 = cardea::proxy::http1;

void require(bool holds) {
  if (!holds) std::abort();
}

http1::parse_status parse_at(std::string_view bytes, http1::request_parser& parser,
                             http::request_head& head) {
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);  // so that a read beyond it is seen
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return parser.parse({copy.get(), bytes.size()}, head);
}

void compare(const http::request_head& left, const http::request_head& right) {
  const auto same = [](http::slice a, http::slice b) { return a.offset == b.offset && a.size == b.size; };
  require(same(left.method, right.method) && same(left.target, right.target) && same(left.path, right.path) &&
          same(left.host, right.host));
  require(left.version == right.version && left.framing == right.framing &&
          left.content_length == right.content_length && left.keep_alive == right.keep_alive);
  require(left.expects_continue == right.expects_continue && left.wants_upgrade == right.wants_upgrade &&
          left.head_bytes == right.head_bytes && left.fields.size() == right.fields.size());
  for (std::size_t i = 0; i < left.fields.size(); ++i) {
    const http::field& a = left.fields.begin()[i];
    const http::field& b = right.fields.begin()[i];
    require(a.name_offset == b.name_offset && a.name_size == b.name_size &&
            a.value_offset == b.value_offset && a.value_size == b.value_size && a.id == b.id);
  }
}

void check_promises(const http::request_head& head, std::string_view bytes) {
  require(head.head_bytes <= bytes.size() && bytes.substr(0, head.head_bytes).ends_with("\r\n\r\n"));
  require(head.version == http::protocol_version::http10 || head.fields.has(http::field_id::host));
  require(!(head.fields.has(http::field_id::content_length) &&
            head.fields.has(http::field_id::transfer_encoding)));
  require((head.framing == http::body_framing::chunked) ==
          head.fields.has(http::field_id::transfer_encoding));
  require((head.framing == http::body_framing::length) == head.fields.has(http::field_id::content_length));
  const http::connection_options options(head.fields, bytes.data());
  for (const http::field& line : head.fields) {
    require(name_of(line, bytes.data()).find_first_of(": \t\r\n") == std::string_view::npos);
    require(value_of(line, bytes.data()).find_first_of("\r\n") == std::string_view::npos);
    (void)http::forwards_to_backend(line, bytes.data(), options);
    (void)http::forwards_to_client(line, bytes.data(), options);
  }
  std::array<char, 16 * 1024> out;
  const http::normalised_path path = http::normalise_path(head.path.in(bytes.data()), {}, out);
  if (path.error != http::path_error::none) return;
  require(path.path.starts_with('/') && path.path.find("/../") == std::string_view::npos &&
          !path.path.ends_with("/..") && path.path.find("//") == std::string_view::npos);
  std::array<char, 16 * 1024> again;
  require(http::normalise_path(path.path, {}, again).path == path.path);
  (void)http::decode_path(path.path, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const http1::head_limits limits{.line_bytes_max = 256, .head_bytes_max = 1024, .header_count_max = 16};

  http1::request_parser whole(limits);
  http::request_head expected;
  const http1::parse_status status = parse_at(bytes, whole, expected);

  http1::request_parser cut(limits);
  http::request_head head;
  http1::parse_status got = parse_at(bytes.substr(0, bytes.size() * data[0] / 256), cut, head);
  if (got == http1::parse_status::need_more) got = parse_at(bytes, cut, head);

  require(got == status);
  if (status == http1::parse_status::failed)
    require(cut.why().status == whole.why().status && cut.why().reason == whole.why().reason);
  if (status != http1::parse_status::done) return 0;
  compare(expected, head);
  check_promises(head, bytes);
  return 0;
}
