#include "proxy/http2/request_encoder.hpp"

#include "proxy/http/hop_by_hop.hpp"

namespace cardea::proxy::http2 {
namespace {

// In the static table (RFC 7541 appendix A).
constexpr std::size_t method_get = 2;
constexpr std::size_t method_post = 3;
constexpr std::size_t path_root = 4;
constexpr std::size_t scheme_http = 6;
constexpr std::size_t scheme_https = 7;

// Written anew from parsed form, or answered by us.
bool is_remade(http::field_id id) noexcept {
  return id == http::field_id::host || id == http::field_id::content_length || id == http::field_id::expect;
}

void write_method(block_writer& block, std::string_view method) noexcept {
  if (method == "GET")
    block.indexed_field(method_get);
  else if (method == "POST")
    block.indexed_field(method_post);
  else
    block.field(":method", method);
}

void write_path(block_writer& block, const http::exchange& from) noexcept {
  const std::string_view path = from.head().path.in(from.bytes());
  if (path.empty() || path == "/")
    block.indexed_field(path_root);
  else if (path.front() == '/' || path == "*")
    block.field(":path", path);
  else
    block.field_after(":path", "/", path);
}

}  // namespace

std::size_t block_bound(const http::exchange& from) noexcept {
  const http::request_head& head = from.head();
  constexpr std::size_t made_fields = 8;  // what is written besides the fields that came
  constexpr std::size_t made_bytes = 128;
  std::size_t bytes = made_bytes + head.method.size + head.path.size + head.host.size + from.forwarded_host().size() +
                      made_fields * block_writer::field_overhead;
  for (const http::field& line : head.fields) bytes += line.name_size + line.value_size + block_writer::field_overhead;
  return bytes + block_bound(from.client().forwarded_fields);
}

void write_request(block_writer& block, const http::exchange& from, bool secure) noexcept {
  const http::request_head& head = from.head();
  const char* bytes = from.bytes();
  const std::string_view host = head.host.in(bytes);
  write_method(block, head.method.in(bytes));
  block.indexed_field(secure ? scheme_https : scheme_http);
  if (!host.empty()) block.field(":authority", host);
  write_path(block, from);

  const http::connection_options options(head.fields, bytes);
  for (const http::field& line : head.fields) {
    if (is_remade(line.id) || !http::forwards_to_backend(line, bytes, options)) continue;
    block.field(http::name_of(line, bytes), http::value_of(line, bytes));
  }
  if (head.framing == http::body_framing::length) block.number("content-length", head.content_length);
  if (const std::string_view asked = from.forwarded_host(); !asked.empty()) block.field("x-forwarded-host", asked);
  block.lines(from.client().forwarded_fields);
}

}  // namespace cardea::proxy::http2
