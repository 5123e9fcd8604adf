#include "proxy/http2/client_stream.hpp"

#include "proxy/http2/client_connection.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace cardea::proxy::http2 {

client_stream::client_stream(client_connection& on, net::waiter& told) noexcept
    : connection_(on),
      waiter_(told),
      body_(on.buffers()),
      receive_window_(on.limits().stream_window_bytes),
      send_window_(on.peer_window()) {
  // All share by turns: none of a backend's clients comes before another.
  place_.order.incremental = true;
  connection_.enter();
}

client_stream::~client_stream() {
  connection_.leave(*this);
  while (first_head_ != nullptr) next_head();
  if (trailers_ != nullptr) connection_.buffers().release_block(trailers_, trailers_size_);
}

char* client_stream::keep(const char* from, std::size_t size) {
  if (size == 0) return nullptr;
  char* const out = connection_.buffers().take_block(size);
  std::memcpy(out, from, size);
  return out;
}

client_stream::waiting_head* client_stream::make_head() {
  return new (connection_.buffers().take_block(sizeof(waiting_head))) waiting_head;
}

void client_stream::release(waiting_head* one) noexcept {
  net::buffer_pool& buffers = connection_.buffers();
  if (one->bytes != nullptr) buffers.release_block(one->bytes, one->size);
  one->~waiting_head();
  buffers.release_block(one, sizeof(waiting_head));
}

void client_stream::add_head(waiting_head* one) noexcept {
  (last_head_ != nullptr ? last_head_->next : first_head_) = one;
  last_head_ = one;
  ++heads_;
  answered_ = true;
  waiter_.signal();
}

bool client_stream::receive(std::string_view data) {
  received_ += data.size();
  if (framing_ == http::body_framing::none && !data.empty()) return false;
  if (framing_ == http::body_framing::length && received_ > length_) return false;
  body_.append(data);
  waiter_.signal();
  return true;
}

bool client_stream::receive_end() noexcept {
  remote_ended_ = framing_ != http::body_framing::length || received_ == length_;
  waiter_.signal();
  return remote_ended_;
}

void client_stream::cut(std::string_view why) noexcept {
  if (cut_) return;
  cut_ = true;
  why_ = why;
  waiter_.signal();
}

bool client_stream::send_head(const http::exchange& from) {
  const http::request_head& head = from.head();
  to_head_ = head.is_head;
  local_ended_ = head.framing == http::body_framing::none;
  return connection_.open(*this, from);
}

std::size_t client_stream::write_body(std::string_view data) noexcept {
  std::size_t total = 0;
  while (total < data.size() && open()) {
    const std::size_t size = connection_.admit(*this, data.size() - total);
    if (size == 0) break;
    last_frame_ = connection_.send_data(*this, data.substr(total, size));
    total += size;
  }
  short_write_ = total < data.size();
  connection_.wake_next();
  return total;
}

void client_stream::end_body(std::string_view trailers) noexcept {
  if (!open()) return;
  local_ended_ = true;
  short_write_ = false;
  connection_.send_end(*this, trailers);
}

net::io client_stream::flush() noexcept {
  if (cut_) return net::io::failed;
  return short_write_ ? net::io::blocked : net::io::done;
}

net::io client_stream::read_head() noexcept {
  if (first_head_ != nullptr) return net::io::done;
  return cut_ ? net::io::failed : net::io::blocked;
}

void client_stream::next_head() noexcept {
  waiting_head* const taken = first_head_;
  first_head_ = taken->next;
  if (first_head_ == nullptr) last_head_ = nullptr;
  --heads_;
  release(taken);
}

http::body_view client_stream::read_body() noexcept {
  // What has arrived is good, whatever became of the stream since.
  if (!body_.empty()) return {net::io::done, body_.unread()};
  if (remote_ended_) return {net::io::ended};
  return {cut_ ? net::io::failed : net::io::blocked};
}

void client_stream::consume_body(std::size_t bytes) noexcept {
  if (bytes == 0) return;
  body_.consume(bytes);
  connection_.give_back(*this, bytes);
}

}  // namespace cardea::proxy::http2
