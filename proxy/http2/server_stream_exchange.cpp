#include "proxy/http2/server_stream.hpp"

#include "proxy/http2/response_encoder.hpp"
#include "proxy/http2/server_connection.hpp"
#include "proxy/net/frame_pool.hpp"

#include <algorithm>
#include <cstring>

namespace cardea::proxy::http2 {

server_stream::server_stream(server_connection& owner, net::event_loop& loop, std::uint32_t number)
    : id(number),
      connection_(owner),
      waiter_(loop),
      body_(owner.buffers()),
      receive_window_(owner.limits().stream_window_bytes),
      send_window_(owner.peer_window()) {
  place_.stream = number;
}

server_stream::~server_stream() {
  if (bytes_ != nullptr) connection_.buffers().release_block(bytes_, bytes_size_);
}

void* server_stream::operator new(std::size_t size) { return net::frame_pool::allocate(size); }
void server_stream::operator delete(void* memory, std::size_t size) noexcept {
  net::frame_pool::release(memory, size);
}

void server_stream::keep_bytes(const char* from, std::size_t size) {
  bytes_size_ = std::max<std::size_t>(size, 1);
  bytes_ = connection_.buffers().take_block(bytes_size_);
  std::memcpy(bytes_, from, size);
}

const http::client_info& server_stream::client() const noexcept { return connection_.client(); }

bool server_stream::receive(std::string_view data) {
  received_ += data.size();
  if (head_.framing == http::body_framing::length && received_ > head_.content_length) return false;
  body_.append(data);
  waiter_.signal();
  return true;
}

bool server_stream::receive_end() noexcept {
  remote_ended_ = true;
  waiter_.signal();
  return head_.framing != http::body_framing::length || received_ == head_.content_length;
}

void server_stream::cut() noexcept {
  cut_ = true;
  waiter_.signal();
}

http::body_view server_stream::read_body() noexcept {
  if (cut_ || rejection_ != 0) return {net::io::failed};
  if (!body_.empty()) return {net::io::done, body_.unread()};
  return {remote_ended_ ? net::io::ended : net::io::blocked};
}

void server_stream::consume_body(std::size_t bytes) noexcept {
  if (bytes == 0) return;
  body_.consume(bytes);
  connection_.give_back(*this, bytes);
}

bool server_stream::takes_head() noexcept { return cut_ || connection_.has_room(*this); }

void server_stream::send_interim(const http::response_head& head, const char* bytes) noexcept {
  // Late is better than in the way: an interim response never waits.
  if (!open() || head_sent_ || !connection_.has_spare_room()) return;
  const auto write = [&](block_writer& block) {
    block.status(head.status);
    block.relayed(head, bytes);
  };
  last_frame_ = connection_.send_block(*this, block_bound(head), write).position;
}

void server_stream::send_continue() noexcept {
  if (!head_.expects_continue || continue_sent_ || head_sent_ || !open()) return;
  continue_sent_ = true;
  // Not when the body is on its way already: the client did not wait (RFC 9110 section 10.1.1).
  if (received_ > 0 || remote_ended_) return;
  last_frame_ = connection_.send_block(*this, 16, [](block_writer& block) { block.status(100); }).position;
}

bool server_stream::send_head(const http::response_start& start) noexcept {
  if (!open()) return true;
  // There is no 101 here (H12): a tunnel is open with a 200, and with nothing else (H10).
  const bool opens = start.status == 101;
  if (opens != head_.is_extended_connect && (opens || start.status < 300)) return false;
  const auto write = [&](block_writer& block) {
    block.status(opens ? std::uint16_t{200} : start.status);
    if (start.relayed != nullptr) block.relayed(*start.relayed, start.bytes);
    block.lines(start.extra_fields);
    if (start.framing == http::body_framing::length || start.announce_length)
      block.number("content-length", start.content_length);
  };
  const auto sent = connection_.send_block(*this, block_bound(start), write);
  last_frame_ = sent.position;
  head_sent_ = sent.fits;
  return sent.fits;
}

std::size_t server_stream::write_body(std::string_view data) noexcept {
  std::size_t total = 0;
  while (total < data.size() && open()) {
    const std::size_t size = connection_.admit(*this, data.size() - total, total == 0);
    if (size == 0) break;
    last_frame_ = connection_.send_data(*this, data.substr(total, size));
    total += size;
  }
  short_write_ = total < data.size();
  connection_.wake_next();
  return total;
}

void server_stream::end_body(std::string_view trailers) noexcept {
  if (!open()) return;
  ended_ = true;
  short_write_ = false;
  connection_.leave_queue(*this);
  if (trailers.empty()) {
    connection_.send_end(*this, last_frame_);
  } else {
    const auto write = [&](block_writer& block) { block.lines(trailers); };
    static_cast<void>(connection_.send_block(*this, block_bound(trailers), write, flag::end_stream));
  }
  connection_.wake_next();
}

net::io server_stream::flush() noexcept {
  if (cut_) return net::io::failed;
  return short_write_ ? net::io::blocked : net::io::done;
}

void server_stream::abort() noexcept {
  if (open()) connection_.reset(*this, error_code::internal_error);
}

}  // namespace cardea::proxy::http2
