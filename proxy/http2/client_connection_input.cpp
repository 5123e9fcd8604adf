#include "proxy/http2/client_connection.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cardea::proxy::http2 {
namespace {

using verdict = response_decoder::verdict;

constexpr int reads_in_a_row = 8;
// gRPC's smallest message is longer; what is shorter and not the end leads to nothing.
constexpr std::size_t crumb_bytes = 5;
constexpr std::uint32_t tiny_increment = 128;

}  // namespace

void client_connection::read() {
  for (int round = 0; round < reads_in_a_row; ++round) {
    if (dead_ || failed_ || !stream_.can_read()) break;
    if (!in_) in_ = environment_.buffers.take();
    const net::io_result got = stream_.read(in_.data() + in_end_, net::buffer_pool::buffer_bytes - in_end_);
    if (got.state == net::io::blocked) break;
    if (got.state != net::io::done) {
      lose();
      break;
    }
    in_end_ += got.bytes;
    take_frames();
  }
  if (in_begin_ == in_end_) {
    in_.release();
    in_begin_ = in_end_ = 0;
  }
}

void client_connection::take_frames() {
  const std::size_t begin = in_begin_;
  while (!failed_ && !dead_) {
    if (in_data_) {
      take_data();
      if (in_data_) break;
    } else if (!take_frame()) {
      break;
    }
  }
  const bool partial = (in_begin_ != in_end_ && !in_data_) || block_stream_ != 0;
  if (!partial)
    partial_since_ = base::no_deadline;
  else if (partial_since_ == base::no_deadline || (in_begin_ != begin && block_stream_ == 0))
    partial_since_ = now();
  if (in_begin_ > 0 && in_begin_ != in_end_) std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
  in_end_ -= in_begin_;
  in_begin_ = 0;
}

bool client_connection::take_frame() {
  const std::string_view got(in_.data() + in_begin_, in_end_ - in_begin_);
  if (got.size() < frame_header_bytes) return false;
  const frame_header header = read_frame_header(got.data());
  // A server of HTTP/1 says something else at this place.
  if (!saw_settings_ && (header.type != frame_type::settings || header.has(flag::ack))) {
    fail(error_code::protocol_error, "the backend does not speak HTTP/2");
    return false;
  }
  if (header.length > frame_payload_max) {
    fail(error_code::frame_size_error, "a frame of the backend is larger than we allow");
    return false;
  }
  if (block_stream_ != 0 && (header.type != frame_type::continuation || header.stream != block_stream_)) {
    fail(error_code::protocol_error, "a header block is interrupted");
    return false;
  }
  if (header.type == frame_type::data) return take_data_header(header);
  if (got.size() < frame_header_bytes + header.length) return false;
  in_begin_ += frame_header_bytes + header.length;
  take_whole(header, got.substr(frame_header_bytes, header.length));
  return true;
}

// ---- DATA: taken as it comes, so that a client need not wait for a whole frame

bool client_connection::take_data_header(const frame_header& header) {
  std::size_t padding = 0;
  std::size_t read = frame_header_bytes;
  if (header.has(flag::padded)) {
    if (header.length == 0) {
      fail(error_code::frame_size_error, "a padded frame without a length of its padding");
      return false;
    }
    if (in_end_ - in_begin_ < frame_header_bytes + 1) return false;
    padding = static_cast<unsigned char>(in_.data()[in_begin_ + frame_header_bytes]);
    if (padding >= header.length) {
      fail(error_code::protocol_error, "more padding than payload");
      return false;
    }
    ++read;
  }
  in_begin_ += read;
  begin_data(header, padding);
  return true;
}

void client_connection::begin_data(const frame_header& header, std::size_t padding) {
  if (is_unused(header.stream)) return fail(error_code::protocol_error, "DATA on a stream that is not open");
  if (!receive_window_.take(header.length))
    return fail(error_code::flow_control_error, "more than the connection's window");
  // Given back as it comes: each stream has a window of its own, and a client that takes his time
  // must not stop the others.
  if (const std::uint32_t step = receive_window_.give_back(header.length); step > 0)
    send_u32(frame_type::window_update, 0, step);
  const std::size_t overhead = header.has(flag::padded) ? padding + 1 : 0;
  in_data_ = true;
  data_stream_ = header.stream;
  data_left_ = header.length - overhead;
  data_padding_ = padding;
  data_ends_stream_ = header.has(flag::end_stream);
  if (data_left_ < crumb_bytes && !data_ends_stream_) spend(price::idle_frame);
  check_data(header, overhead);
}

void client_connection::check_data(const frame_header& header, std::size_t overhead) {
  client_stream* one = streams_.find(header.stream);
  if (one == nullptr) {
    if (closed_.find(header.stream) == closed_streams::kind::ended)
      return fail(error_code::stream_closed, "DATA on a closed stream");
    return spend(price::idle_frame);
  }
  if (one->cut_) return spend(price::idle_frame);
  if (one->remote_ended_) return reject(*one, error_code::stream_closed, "DATA behind the answer's end");
  if (!one->have_final_) return reject(*one, error_code::protocol_error, "a body without a head");
  if (!one->receive_window_.take(header.length))
    return reject(*one, error_code::flow_control_error, "more than the stream's window");
  if (overhead > 0) give_back(*one, overhead);
}

void client_connection::take_data() {
  const std::size_t size = std::min(data_left_, in_end_ - in_begin_);
  const std::string_view part(in_.data() + in_begin_, size);
  in_begin_ += size;
  data_left_ -= size;
  client_stream* one = streams_.find(data_stream_);
  if (one != nullptr && !one->cut_ && !one->remote_ended_ && !one->receive(part))
    reject(*one, error_code::protocol_error, "a body that is longer than the head says");
  if (data_left_ > 0) return;
  const std::size_t padding = std::min(data_padding_, in_end_ - in_begin_);
  in_begin_ += padding;
  data_padding_ -= padding;
  if (data_padding_ == 0) end_data();
}

void client_connection::end_data() {
  in_data_ = false;
  if (!data_ends_stream_) return;
  client_stream* one = streams_.find(data_stream_);
  if (one == nullptr || one->cut_ || one->remote_ended_ || one->receive_end()) return;
  reject(*one, error_code::protocol_error, "a body that is shorter than the head says");
}

// ---- everything else: whole frames

void client_connection::take_whole(const frame_header& header, std::string_view payload) {
  switch (header.type) {
    case frame_type::headers:
      return take_headers(header, payload);
    case frame_type::continuation:
      return take_continuation(header, payload);
    case frame_type::rst_stream:
      return take_reset(header, payload);
    case frame_type::settings:
      return take_settings(header, payload);
    case frame_type::ping:
      return take_ping(header, payload);
    case frame_type::goaway:
      return take_goaway(header, payload);
    case frame_type::window_update:
      return take_window_update(header, payload);
    case frame_type::push_promise:
      return fail(error_code::protocol_error, "PUSH_PROMISE, which was forbidden");
    default:
      return spend(price::idle_frame);  // priorities say nothing to us; unknown frames are ignored
  }
}

void client_connection::take_headers(const frame_header& header, std::string_view payload) {
  if (is_unused(header.stream)) return fail(error_code::protocol_error, "HEADERS on a stream that is not open");
  const unpadded inner = strip_padding(header, payload);
  if (!inner.fits) return fail(error_code::protocol_error, "more padding than payload");
  block_stream_ = header.stream;
  block_ends_stream_ = header.has(flag::end_stream);
  if (header.has(flag::end_headers)) return end_block(inner.content);
  continuations_ = 0;
  block_ = environment_.buffers.take();
  block_size_ = inner.content.size();
  std::memcpy(block_.data(), inner.content.data(), block_size_);
}

void client_connection::take_continuation(const frame_header& header, std::string_view payload) {
  if (block_stream_ == 0) return fail(error_code::protocol_error, "CONTINUATION without HEADERS");
  if (++continuations_ > environment_.limits.continuations_max ||
      block_size_ + payload.size() > net::buffer_pool::buffer_bytes)
    return fail(error_code::enhance_your_calm, "a header block without an end");
  if (payload.empty()) spend(price::idle_frame);
  if (failed_) return;
  if (!payload.empty()) std::memcpy(block_.data() + block_size_, payload.data(), payload.size());
  block_size_ += payload.size();
  if (!header.has(flag::end_headers)) return;
  const net::buffer block = std::move(block_);
  end_block({block.data(), block_size_});
}

void client_connection::end_block(std::string_view block) {
  const std::uint32_t id = std::exchange(block_stream_, 0);
  const bool ends_stream = block_ends_stream_;
  client_stream* one = streams_.find(id);
  if (one == nullptr || one->cut_) {
    // What we have cut may still be answered; what has ended may not.
    if (one == nullptr && closed_.find(id) == closed_streams::kind::ended)
      return fail(error_code::stream_closed, "HEADERS on a closed stream");
    spend(price::idle_frame);
    return skip_block(block);
  }
  if (one->remote_ended_) {
    reject(*one, error_code::stream_closed, "HEADERS behind the answer's end");
    return skip_block(block);
  }
  if (one->have_final_) return take_trailers(*one, block, ends_stream);
  take_head(*one, block, ends_stream);
}

void client_connection::skip_block(std::string_view block) {
  const net::buffer memory = environment_.buffers.take();
  if (!decoder_.skip(block, {memory.data(), net::buffer_pool::buffer_bytes}))
    fail(error_code::compression_error, "a broken header block");
}

void client_connection::take_head(client_stream& one, std::string_view block, bool ends_stream) {
  const net::buffer memory = environment_.buffers.take();
  client_stream::waiting_head* const made = one.make_head();
  const auto outcome =
      decoder_.head(block, one.to_head_, ends_stream, {memory.data(), net::buffer_pool::buffer_bytes}, made->head);
  const bool is_interim = made->head.status < 200;
  const bool too_many = is_interim && one.heads_ == client_stream::heads_max;
  if (outcome.is != verdict::accepted || too_many) {
    one.release(made);
    if (outcome.is == verdict::broken) return fail(error_code::compression_error, outcome.reason);
    return reject(one, error_code::protocol_error, too_many ? "too many interim responses" : outcome.reason);
  }
  made->bytes = one.keep(memory.data(), outcome.bytes);
  made->size = outcome.bytes;
  if (is_interim) {
    one.add_head(made);
    return spend(price::idle_frame);
  }
  one.have_final_ = true;
  one.framing_ = made->head.framing;
  one.length_ = made->head.content_length;
  one.remote_ended_ = ends_stream;
  one.add_head(made);
}

void client_connection::take_trailers(client_stream& one, std::string_view block, bool ends_stream) {
  const net::buffer memory = environment_.buffers.take();
  const auto outcome = decoder_.trailers(block, {memory.data(), net::buffer_pool::buffer_bytes});
  if (outcome.is == verdict::broken) return fail(error_code::compression_error, outcome.reason);
  if (outcome.is == verdict::malformed) return reject(one, error_code::protocol_error, outcome.reason);
  if (!ends_stream) return reject(one, error_code::protocol_error, "a second head, or trailers without an end");
  one.trailers_ = one.keep(memory.data(), outcome.bytes);
  one.trailers_size_ = outcome.bytes;
  if (!one.receive_end())
    reject(one, error_code::protocol_error, "a body that is shorter than the head says");
}

void client_connection::take_reset(const frame_header& header, std::string_view payload) {
  if (payload.size() != 4) return fail(error_code::frame_size_error, "a RST_STREAM of a wrong size");
  if (is_unused(header.stream)) return fail(error_code::protocol_error, "RST_STREAM on a stream that is not open");
  spend(price::idle_frame);
  client_stream* one = streams_.find(header.stream);
  if (one == nullptr || one->cut_) return;
  const auto why = static_cast<error_code>(read_u32(payload.data()));
  one->wants_http1_ = why == error_code::http_1_1_required;
  one->unprocessed_ = one->wants_http1_ || why == error_code::refused_stream;
  order_.remove(one->place_);
  one->cut({});
  wake_next();
}

void client_connection::take_settings(const frame_header& header, std::string_view payload) {
  if (header.stream != 0) return fail(error_code::protocol_error, "SETTINGS on a stream");
  if (header.has(flag::ack)) {
    spend(price::idle_frame);
    return payload.empty() ? void() : fail(error_code::frame_size_error, "an acknowledgement with a payload");
  }
  if (payload.size() % 6 != 0) return fail(error_code::frame_size_error, "SETTINGS of a wrong size");
  if (saw_settings_) spend(price::answered + static_cast<std::uint32_t>(payload.size() / 6));
  saw_settings_ = true;
  for (; !payload.empty(); payload.remove_prefix(6)) {
    const error_code why = apply(static_cast<setting>(read_u16(payload.data())), read_u32(payload.data() + 2));
    if (why != error_code::no_error) return fail(why, "a setting out of range");
  }
  if (failed_) return;
  send_frame(frame_type::settings, flag::ack, 0, {});
  if (has_room()) tell_of_room();
}

error_code client_connection::apply(setting which, std::uint32_t value) {
  switch (which) {
    case setting::header_table_size:
      if (value < hpack_table::bytes_possible) drop_table_due_ = true;
      return error_code::no_error;
    case setting::enable_push:
      return value == 0 ? error_code::no_error : error_code::protocol_error;
    case setting::max_concurrent_streams:
      peer_streams_max_ = environment_.streams_expected = value;
      return error_code::no_error;
    case setting::max_frame_size:
      return value >= frame_payload_max && value < 1U << 24U ? error_code::no_error : error_code::protocol_error;
    case setting::initial_window_size: {
      if (value > flow_window::size_max) return error_code::flow_control_error;
      const std::int64_t change = std::int64_t{value} - peer_window_;
      peer_window_ = value;
      bool fits = true;
      streams_.for_each([&](client_stream& one) {
        fits = one.send_window_.change(change) && fits;
        if (change > 0) one.waiter_.signal();
      });
      return fits ? error_code::no_error : error_code::flow_control_error;
    }
    default:
      return error_code::no_error;
  }
}

void client_connection::take_ping(const frame_header& header, std::string_view payload) {
  if (header.stream != 0) return fail(error_code::protocol_error, "PING on a stream");
  if (payload.size() != 8) return fail(error_code::frame_size_error, "a PING of a wrong size");
  if (header.has(flag::ack)) return spend(price::idle_frame);
  send_frame(frame_type::ping, flag::ack, 0, payload);
  spend(price::answered);
}

// Streams beyond the last one were not looked at; the others come to their end.
void client_connection::take_goaway(const frame_header& header, std::string_view payload) {
  if (header.stream != 0) return fail(error_code::protocol_error, "GOAWAY on a stream");
  if (payload.size() < 8) return fail(error_code::frame_size_error, "a GOAWAY that is cut short");
  const std::uint32_t last = read_u32(payload.data()) & stream_id_max;
  retire();
  spend(price::idle_frame);
  streams_.for_each([&](client_stream& one) {
    if (one.id <= last || one.cut_) return;
    one.unprocessed_ = true;
    order_.remove(one.place_);
    one.cut({});
  });
}

void client_connection::take_window_update(const frame_header& header, std::string_view payload) {
  if (payload.size() != 4) return fail(error_code::frame_size_error, "a WINDOW_UPDATE of a wrong size");
  const std::uint32_t by = read_u32(payload.data()) & stream_id_max;
  if (header.stream != 0 && is_unused(header.stream))
    return fail(error_code::protocol_error, "WINDOW_UPDATE on a stream that is not open");
  // Some give back every frame at once, for the stream and for the connection.
  if (by < tiny_increment) {
    if (updates_earned_ > 0)
      --updates_earned_;
    else
      spend(price::idle_frame);
  }
  if (failed_) return;
  if (header.stream == 0) {
    if (by == 0) return fail(error_code::protocol_error, "a WINDOW_UPDATE by nothing");
    if (!send_window_.change(by)) return fail(error_code::flow_control_error, "a window beyond its maximum");
    return wake_next();
  }
  client_stream* one = streams_.find(header.stream);
  if (one == nullptr || one->cut_) return;
  if (by != 0 && one->send_window_.change(by)) return one->waiter_.signal();
  reject(*one, by == 0 ? error_code::protocol_error : error_code::flow_control_error,
         "a window that grows by nothing, or beyond its maximum");
}

}  // namespace cardea::proxy::http2
