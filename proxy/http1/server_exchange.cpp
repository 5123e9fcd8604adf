#include "proxy/http1/server_exchange.hpp"

#include "proxy/http/failure.hpp"
#include "proxy/http/hop_by_hop.hpp"

#include <array>
#include <charconv>

namespace cardea::proxy::http1 {

server_exchange::server_exchange(const connection& to, input& in, const http::request_head& head) noexcept
    : connection_(to),
      in_(in),
      head_(head),
      body_(to.chunked),
      out_(to.stream, to.buffers),
      keep_alive_(head.keep_alive) {
  body_.begin(head.framing, head.content_length);
}

http::body_view server_exchange::read_body() noexcept {
  return upgraded_ ? read_tunnel() : body_.read(in_, connection_.stream);
}

void server_exchange::consume_body(std::size_t bytes) noexcept {
  if (upgraded_)
    in_.begin += bytes;
  else
    body_.consume(in_, bytes);
}

http::body_view server_exchange::read_tunnel() noexcept {
  if (in_.begin != in_.end) return {net::io::done, in_.unread()};
  in_.begin = in_.end = 0;
  if (!connection_.stream.can_read()) {
    in_.memory.release();  // an idle tunnel holds no buffer
    return {net::io::blocked};
  }
  if (!in_.memory) in_.memory = connection_.buffers.take();
  const net::io_result got = in_.fill(connection_.stream, net::buffer_pool::buffer_bytes);
  if (got.state == net::io::done) return {net::io::done, in_.unread()};
  // A client that closes without close_notify is common; to a tunnel it is an end like another.
  if (got.state == net::io::failed && connection_.stream.saw_fin()) return {net::io::ended};
  return {got.state};
}

net::io server_exchange::flush() noexcept {
  const net::io state = out_.flush();
  if (half_closed_ && state == net::io::done) {
    half_closed_ = false;
    connection_.stream.shut_down_write();
  }
  return state;
}

std::uint16_t server_exchange::body_rejection() const noexcept {
  return body_.why() != nullptr ? body_.why()->status : 0;
}

bool server_exchange::client_gone() const noexcept {
  return connection_.stream.socket().events().broken || out_.failed();
}

void server_exchange::append_status_line(std::uint16_t status, std::string_view reason) noexcept {
  std::array<char, 13> line{'H', 'T', 'T', 'P', '/', '1', '.', '1', ' '};
  std::to_chars(line.data() + 9, line.data() + 12, status);
  line[12] = ' ';
  out_.append({line.data(), line.size()});
  out_.append(reason);
  out_.append("\r\n");
}

// Re-serialised line by line: nothing of the backend's head is copied unseen.
bool server_exchange::append_relayed(const http::response_head& head, const char* bytes) noexcept {
  const http::connection_options options(head.fields, bytes);
  bool fits = true;
  for (const http::field& line : head.fields) {
    const bool remade = line.id == http::field_id::content_length;
    if (remade || !http::forwards_to_client(line, bytes, options)) continue;
    fits = out_.append(http::name_of(line, bytes)) && out_.append(": ") &&
           out_.append(http::value_of(line, bytes)) && out_.append("\r\n") && fits;
  }
  return fits;
}

void server_exchange::send_interim(const http::response_head& head, const char* bytes) noexcept {
  if (head_.version == http::protocol_version::http10) return;
  const std::size_t mark = out_.mark();
  append_status_line(head.status, http::reason_phrase(head.status));
  const bool fits = append_relayed(head, bytes) && out_.append("\r\n");
  // Half a head would break the answer; without this one it is merely later.
  if (!fits) out_.rewind(mark);
  // The final head needs the room. A failure shows when that one leaves.
  static_cast<void>(out_.flush());
}

void server_exchange::send_continue() noexcept {
  if (!head_.expects_continue || continue_sent_ || head_sent_) return;
  continue_sent_ = true;
  // Not when the body is on its way already: the client did not wait (RFC 9110 section 10.1.1).
  if (in_.begin != in_.end) return;
  append_status_line(100, "Continue");
  out_.append("\r\n");
}

bool server_exchange::send_head(const http::response_start& start) noexcept {
  const std::size_t mark = out_.mark();
  if (connection_.draining) keep_alive_ = false;
  append_status_line(start.status, start.reason);
  bool fits = start.relayed == nullptr || append_relayed(*start.relayed, start.bytes);
  fits = out_.append(start.extra_fields) && fits;

  const bool open_ended =
      start.framing == http::body_framing::chunked || start.framing == http::body_framing::until_close;
  const bool chunked = open_ended && head_.version == http::protocol_version::http11;
  if (start.framing == http::body_framing::length || start.announce_length) {
    fits = out_.append("Content-Length: ") && out_.append_number(start.content_length) &&
           out_.append("\r\n") && fits;
  } else if (chunked) {
    fits = out_.append("Transfer-Encoding: chunked\r\n") && fits;
  }
  if (open_ended && !chunked) keep_alive_ = false;  // HTTP/1.0: the end of the connection ends the body
  // A body that was announced and is not read yet would be taken for the next request.
  if (!body_.complete() && head_.expects_continue && !continue_sent_) keep_alive_ = false;
  if (start.status == 101) {
    // Connection and Upgrade are the caller's extra fields: the tunnel's, not ours.
  } else if (!keep_alive_) {
    fits = out_.append("Connection: close\r\n") && fits;
  } else if (head_.version == http::protocol_version::http10) {
    fits = out_.append("Connection: keep-alive\r\n") && fits;
  }
  fits = out_.append("\r\n") && fits;
  if (!fits) {
    out_.rewind(mark);
    return false;
  }
  head_sent_ = true;
  if (start.status == 101) {
    upgraded_ = true;
    in_.floor = 0;  // the head's room is the tunnel's now
  }
  out_.begin_body(chunked ? http::body_framing::chunked : http::body_framing::length);
  return true;
}

void server_exchange::end_body(std::string_view trailers) noexcept {
  if (upgraded_) {
    half_closed_ = true;
    return;
  }
  out_.end_body(trailers, !keep_alive_);
  ended_ = true;
}

void server_exchange::abort() noexcept {
  aborted_ = true;
  keep_alive_ = false;
  out_.discard();
  // A reset, not a FIN: what was cut short must not pass for complete (U03).
  connection_.stream.socket().reset_on_close();
}

}  // namespace cardea::proxy::http1
