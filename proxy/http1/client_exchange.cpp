#include "proxy/http1/client_exchange.hpp"

#include "proxy/http/hop_by_hop.hpp"

namespace cardea::proxy::http1 {
namespace {

// Written anew from parsed form, or answered by us.
bool is_remade(http::field_id id) noexcept {
  return id == http::field_id::host || id == http::field_id::content_length || id == http::field_id::expect;
}

}  // namespace

client_exchange::client_exchange(tls::stream& to, net::buffer_pool& buffers, const limits& bounds) noexcept
    : stream_(to), buffers_(buffers), out_(to, buffers), parser_(bounds.head), body_(bounds.chunked) {}

bool client_exchange::send_head(const http::exchange& from) noexcept {
  const http::request_head& head = from.head();
  const char* bytes = from.bytes();
  to_head_ = head.is_head;
  const std::string_view path = head.path.in(bytes);
  out_.append(head.method.in(bytes));
  out_.append(" ");
  if (path.empty() || (path.front() != '/' && path != "*")) out_.append("/");
  out_.append(path);
  out_.append(" HTTP/1.1\r\nHost: ");
  out_.append(head.host.in(bytes));
  out_.append("\r\n");

  const http::connection_options options(head.fields, bytes);
  for (const http::field& line : head.fields) {
    if (is_remade(line.id) || !http::forwards_to_backend(line, bytes, options)) continue;
    out_.append(http::name_of(line, bytes));
    out_.append(": ");
    out_.append(http::value_of(line, bytes));
    out_.append("\r\n");
  }
  append_framing(head);
  if (head.wants_upgrade) {
    out_.append("Connection: upgrade\r\nUpgrade: ");
    out_.append(http::value_of(*head.fields.find(http::field_id::upgrade), bytes));
    out_.append("\r\n");
  }
  if (const std::string_view asked = from.forwarded_host(); !asked.empty()) {
    out_.append("X-Forwarded-Host: ");
    out_.append(asked);
    out_.append("\r\n");
  }
  out_.append(from.client().forwarded_fields);
  const bool fits = out_.append("\r\n");
  out_.begin_body(head.framing);
  return fits;
}

void client_exchange::append_framing(const http::request_head& head) noexcept {
  if (head.framing == http::body_framing::chunked) {
    out_.append("Transfer-Encoding: chunked\r\n");
  } else if (head.framing == http::body_framing::length) {
    out_.append("Content-Length: ");
    out_.append_number(head.content_length);
    out_.append("\r\n");
  }
}

net::io client_exchange::read_head() noexcept {
  while (true) {
    if (in_.begin != in_.end) {
      const parse_status status = parser_.parse(in_.unread(), to_head_, response_);
      if (status == parse_status::failed) return net::io::failed;
      if (status == parse_status::done) break;
    }
    if (!stream_.can_read()) return net::io::blocked;
    if (!in_.memory) in_.memory = buffers_.take();
    if (in_.space() == 0) return net::io::failed;
    const net::io_result got = in_.fill(stream_, net::buffer_pool::buffer_bytes);
    if (got.state != net::io::done) return got.state;
    answered_ = true;
  }
  have_head_ = true;
  in_.begin += response_.head_bytes;
  in_.floor = in_.begin;
  body_.begin(response_.framing, response_.content_length);
  return net::io::done;
}

void client_exchange::next_head() noexcept {
  have_head_ = false;
  in_.restart();
  parser_.reset();
}

bool client_exchange::reusable() const noexcept {
  return response_complete() && response_.keep_alive &&
         response_.framing != http::body_framing::until_close && out_.empty() && in_.begin == in_.end;
}

}  // namespace cardea::proxy::http1
