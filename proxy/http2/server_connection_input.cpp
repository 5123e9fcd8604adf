#include "proxy/http2/server_connection.hpp"

#include "base/text.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace cardea::proxy::http2 {
namespace {

using verdict = request_decoder::verdict;

constexpr int reads_in_a_row = 8;
constexpr std::string_view announcement_ping = "cardeaGA";
// gRPC's smallest message is longer; what is shorter and not the end leads to nothing.
constexpr std::size_t crumb_bytes = 5;
constexpr std::uint32_t tiny_increment = 128;

// The handler's coroutine belongs to the loop; the connection waits for it before it goes.
net::task<void> serve(server_connection& connection, http::handler& handler, server_stream& one) {
  co_await handler.handle(one);
  // There are clients that lose an answer to a reset behind it, even to one without blame (RFC 9113
  // section 8.1): who is still sending has a while to come to its end.
  const session_limits& limits = connection.limits();
  const base::tick_ms deadline = one.waiter().loop().now() + limits.linger_timeout;
  std::size_t read = 0;
  while (connection.is_answered_early(one) && read < limits.linger_bytes_max) {
    const http::body_view rest = one.read_body();
    if (rest.state != net::io::done && rest.state != net::io::blocked) break;
    read += rest.data.size();
    one.consume_body(rest.data.size());
    if (rest.state == net::io::done) continue;
    if (co_await one.waiter().wait(deadline) != net::wake::ready) break;
  }
  connection.finish(one);
}

}  // namespace

void server_connection::read() {
  for (int round = 0; round < reads_in_a_row; ++round) {
    if (dead_ || failed_ || !stream_.can_read()) break;
    // Whoever does not read what we have to say is not asked for more.
    if (output_.size() >= output_hold) break;
    if (!in_) in_ = environment_.buffers.take();
    const net::io_result got = stream_.read(in_.data() + in_end_, net::buffer_pool::buffer_bytes - in_end_);
    if (got.state == net::io::blocked) break;
    if (got.state != net::io::done) {
      dead_ = true;
      drop_streams();
      break;
    }
    in_end_ += got.bytes;
    rest_at_ = 0;
    take_frames();
  }
  if (in_begin_ == in_end_) {
    in_.release();
    in_begin_ = in_end_ = 0;
  }
}

void server_connection::take_frames() {
  const std::size_t begin = in_begin_;
  while (!failed_ && !dead_) {
    if (!saw_preface_) {
      if (!take_preface()) break;
    } else if (in_data_) {
      take_data();
      if (in_data_) break;
    } else if (!take_frame()) {
      break;
    }
  }
  const bool partial = (in_begin_ != in_end_ && !in_data_) || block_stream_ != 0;
  // Absolute from the first byte, so that a trickle does not push it out (L01); a block of
  // several frames counts as one.
  if (!partial)
    partial_since_ = base::no_deadline;
  else if (partial_since_ == base::no_deadline || (in_begin_ != begin && block_stream_ == 0))
    partial_since_ = now();
  if (in_begin_ > 0 && in_begin_ != in_end_) std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
  in_end_ -= in_begin_;
  in_begin_ = 0;
}

bool server_connection::take_preface() {
  const std::string_view got(in_.data() + in_begin_, in_end_ - in_begin_);
  const std::string_view part = got.substr(0, preface.size());
  if (part != preface.substr(0, part.size())) {
    fail(error_code::protocol_error, "no HTTP/2 preface");
    return false;
  }
  if (part.size() < preface.size()) return false;
  in_begin_ += preface.size();
  saw_preface_ = true;
  return true;
}

bool server_connection::take_frame() {
  const std::string_view got(in_.data() + in_begin_, in_end_ - in_begin_);
  if (got.size() < frame_header_bytes) return false;
  const frame_header header = read_frame_header(got.data());
  if (header.length > frame_payload_max) {
    fail(error_code::frame_size_error, "a frame is larger than we allow");
    return false;
  }
  if (!saw_settings_ && (header.type != frame_type::settings || header.has(flag::ack))) {
    fail(error_code::protocol_error, "the first frame is not SETTINGS");
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

// ---- DATA: taken as it comes, so that a slow sender's bytes do not wait for a whole frame

bool server_connection::take_data_header(const frame_header& header) {
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

void server_connection::begin_data(const frame_header& header, std::size_t padding) {
  if (header.stream == 0) return fail(error_code::protocol_error, "DATA without a stream");
  if (is_idle(header.stream)) return fail(error_code::protocol_error, "DATA on an idle stream");
  if (!receive_window_.take(header.length))
    return fail(error_code::flow_control_error, "more than the connection's window");
  const std::size_t overhead = header.has(flag::padded) ? padding + 1 : 0;
  in_data_ = true;
  data_stream_ = header.stream;
  data_left_ = header.length - overhead;
  data_padding_ = padding;
  data_ends_stream_ = header.has(flag::end_stream);
  if (data_left_ < crumb_bytes && !data_ends_stream_) spend(price::idle_frame);

  server_stream* one = streams_.find(header.stream);
  if (one == nullptr || one->cut_by_client_) {
    const auto how = one == nullptr ? closed_.find(header.stream) : closed_streams::kind::ended;
    if (how == closed_streams::kind::ended || how == closed_streams::kind::never_opened)
      return fail(error_code::stream_closed, "DATA on a closed stream");
    spend(price::idle_frame);
  } else if (one->cut_) {
    spend(price::idle_frame);
  } else if (one->remote_ended_) {
    spend(price::reset);
    reset(*one, error_code::stream_closed);
  } else if (!one->receive_window_.take(header.length)) {
    spend(price::reset);
    reset(*one, error_code::flow_control_error);
  } else if (overhead > 0) {
    return give_back(*one, overhead);
  }
  // Nobody takes the padding of a frame that nobody takes.
  if (overhead > 0)
    if (const std::uint32_t step = receive_window_.give_back(overhead); step > 0)
      send_u32(frame_type::window_update, 0, step);
}

void server_connection::take_data() {
  const std::size_t size = std::min(data_left_, in_end_ - in_begin_);
  const std::string_view part(in_.data() + in_begin_, size);
  in_begin_ += size;
  data_left_ -= size;
  server_stream* one = streams_.find(data_stream_);
  if (one != nullptr && one->takes_body()) {
    if (!one->receive(part)) {
      spend(price::reset);
      reset(*one, error_code::protocol_error);
    }
  } else if (size > 0) {
    if (const std::uint32_t step = receive_window_.give_back(size); step > 0)
      send_u32(frame_type::window_update, 0, step);
  }
  if (data_left_ > 0) return;
  const std::size_t padding = std::min(data_padding_, in_end_ - in_begin_);
  in_begin_ += padding;
  data_padding_ -= padding;
  if (data_padding_ == 0) end_data();
}

void server_connection::end_data() {
  in_data_ = false;
  if (!data_ends_stream_) return;
  server_stream* one = streams_.find(data_stream_);
  if (one == nullptr || one->cut_ || one->remote_ended_) return;
  if (one->receive_end()) return;
  spend(price::reset);
  reset(*one, error_code::protocol_error);
}

// ---- everything else: whole frames

void server_connection::take_whole(const frame_header& header, std::string_view payload) {
  switch (header.type) {
    case frame_type::headers:
      return take_headers(header, payload);
    case frame_type::continuation:
      return take_continuation(header, payload);
    case frame_type::priority:
      return take_priority(header, payload);
    case frame_type::rst_stream:
      return take_reset(header, payload);
    case frame_type::settings:
      return take_settings(header, payload);
    case frame_type::ping:
      return take_ping(header, payload);
    case frame_type::window_update:
      return take_window_update(header, payload);
    case frame_type::priority_update:
      return take_priority_update(header, payload);
    case frame_type::push_promise:
      return fail(error_code::protocol_error, "PUSH_PROMISE from a client");
    case frame_type::goaway:
      if (header.stream != 0) return fail(error_code::protocol_error, "GOAWAY on a stream");
      if (payload.size() < 8) return fail(error_code::frame_size_error, "a GOAWAY that is cut short");
      client_leaves_ = true;
      return;
    default:
      return spend(price::idle_frame);  // unknown frames are ignored (RFC 9113 section 4.1)
  }
}

void server_connection::take_headers(const frame_header& header, std::string_view payload) {
  if (header.stream % 2 == 0) return fail(error_code::protocol_error, "HEADERS on a stream that clients do not open");
  const unpadded inner = strip_padding(header, payload);
  if (!inner.fits) return fail(error_code::protocol_error, "more padding than payload");
  block_dependency_ = header.has(flag::priority) ? inner.dependency : 0;
  block_stream_ = header.stream;
  block_ends_stream_ = header.has(flag::end_stream);
  if (header.has(flag::end_headers)) return end_block(inner.content);
  continuations_ = 0;
  block_ = environment_.buffers.take();
  block_size_ = inner.content.size();
  std::memcpy(block_.data(), inner.content.data(), block_size_);
}

void server_connection::take_continuation(const frame_header& header, std::string_view payload) {
  if (block_stream_ == 0) return fail(error_code::protocol_error, "CONTINUATION without HEADERS");
  if (++continuations_ > environment_.limits.continuations_max ||
      block_size_ + payload.size() > net::buffer_pool::buffer_bytes) {
    calmed_ = true;
    return fail(error_code::enhance_your_calm, "a header block without an end");
  }
  if (payload.empty()) spend(price::idle_frame);
  if (failed_) return;
  if (!payload.empty()) std::memcpy(block_.data() + block_size_, payload.data(), payload.size());
  block_size_ += payload.size();
  if (!header.has(flag::end_headers)) return;
  const net::buffer block = std::move(block_);
  end_block({block.data(), block_size_});
}

// A header block is complete: it opens a stream, ends one as its trailers, or comes too late.
void server_connection::end_block(std::string_view block) {
  const std::uint32_t id = std::exchange(block_stream_, 0);
  const bool ends_stream = block_ends_stream_;
  if (!is_idle(id)) {
    server_stream* one = streams_.find(id);
    if (one != nullptr && one->takes_body()) return take_trailers(*one, block, ends_stream);
    const auto how = one == nullptr ? closed_.find(id) : closed_streams::kind::ended;
    if (how == closed_streams::kind::never_opened)
      return fail(error_code::protocol_error, "a stream's number that was passed over");
    if (one == nullptr && how == closed_streams::kind::ended)
      return fail(error_code::stream_closed, "HEADERS on a closed stream");
    if (one != nullptr && one->cut_by_client_) return fail(error_code::stream_closed, "HEADERS on a closed stream");
    skip_block(block);
    spend(price::reset);
    if (one != nullptr && one->remote_ended_ && !one->cut_) reset(*one, error_code::stream_closed);
    return;
  }
  last_id_ = ending_ == ending::final ? last_id_ : id;
  if (ending_ == ending::final) return skip_block(block);
  if (++opened_ >= environment_.limits.streams_total_max) announce_end();
  if (block_dependency_ == id) {
    skip_block(block);
    spend(price::reset);
    closed_.add(id, true);
    return reset_number(id, error_code::protocol_error);
  }
  if (live_ >= environment_.limits.streams_max) {
    skip_block(block);
    spend(price::reset);
    closed_.add(id, true);
    return reset_number(id, error_code::refused_stream);
  }
  open_stream(id, block, ends_stream);
}

void server_connection::skip_block(std::string_view block) {
  const net::buffer memory = environment_.buffers.take();
  if (!decoder_.skip(block, {memory.data(), net::buffer_pool::buffer_bytes}))
    fail(error_code::compression_error, "a broken header block");
}

void server_connection::take_trailers(server_stream& one, std::string_view block, bool ends_stream) {
  const net::buffer memory = environment_.buffers.take();
  const auto outcome = decoder_.trailers(block, {memory.data(), net::buffer_pool::buffer_bytes}, one.trailers_);
  if (outcome.is == verdict::broken) return fail(error_code::compression_error, outcome.reason);
  if (outcome.is == verdict::refused) {
    one.rejection_ = outcome.status;
    one.remote_ended_ = ends_stream;
    return one.waiter_.signal();
  }
  if (outcome.is == verdict::accepted && ends_stream && one.receive_end()) return;
  spend(price::reset);
  reset(one, error_code::protocol_error);
}

void server_connection::open_stream(std::uint32_t id, std::string_view block, bool ends_stream) {
  const net::buffer memory = environment_.buffers.take();
  std::unique_ptr<server_stream> made(new server_stream(*this, waiter_.loop(), id));
  const auto outcome =
      decoder_.head(block, ends_stream, {memory.data(), net::buffer_pool::buffer_bytes}, made->head_);
  switch (outcome.is) {
    case verdict::broken:
      return fail(error_code::compression_error, outcome.reason);
    case verdict::malformed:
      spend(price::reset);
      closed_.add(id, true);
      return reset_number(id, error_code::protocol_error);
    case verdict::refused:
      spend(price::reset);
      return answer_refused(id, outcome.status, ends_stream);
    case verdict::accepted:
      break;
  }
  if (outcome.websocket_key != 0) {
    std::array<char, 16> nonce;
    if (getrandom(nonce.data(), nonce.size(), 0) != static_cast<ssize_t>(nonce.size()))
      return answer_refused(id, 500, ends_stream);
    const std::string key = base::base64({nonce.data(), nonce.size()});
    std::copy(key.begin(), key.end(), memory.data() + outcome.websocket_key);
  }
  made->keep_bytes(memory.data(), outcome.bytes);
  made->place_.order = outcome.order;
  start(std::move(made), ends_stream);
}

void server_connection::start(std::unique_ptr<server_stream> made, bool ends_stream) {
  server_stream& one = *made.release();  // finish() ends it
  one.remote_ended_ = ends_stream;
  streams_.add(one);
  ++live_;
  waiter_.loop().spawn(serve(*this, environment_.handler, one));
}

// The client is told what was wrong with it, as over HTTP/1, but without a page.
void server_connection::answer_refused(std::uint32_t id, std::uint16_t status, bool ends_stream) {
  environment_.handler.refused(client_, status, {});
  std::array<char, 64> memory;
  block_writer block(memory.data());
  if (std::exchange(drop_table_due_, false)) block.drop_table();
  block.status(status);
  block.number("content-length", 0);
  append_block(output_, id, flag::end_stream, {memory.data(), block.size()});
  waiter_.signal_late();
  closed_.add(id, !ends_stream);
  if (!ends_stream) reset_number(id, error_code::no_error);
}

void server_connection::take_priority(const frame_header& header, std::string_view payload) {
  spend(price::idle_frame);
  if (header.stream == 0) return fail(error_code::protocol_error, "PRIORITY without a stream");
  const bool whole = payload.size() == 5;
  if (whole && (read_u32(payload.data()) & stream_id_max) != header.stream) return;  // RFC 9113 deprecates it
  const error_code why = whole ? error_code::protocol_error : error_code::frame_size_error;
  spend(price::reset);
  if (is_idle(header.stream)) return fail(why, "a malformed PRIORITY");
  if (server_stream* one = streams_.find(header.stream)) return reset(*one, why);
}

void server_connection::take_reset(const frame_header& header, std::string_view payload) {
  if (payload.size() != 4) return fail(error_code::frame_size_error, "a RST_STREAM of a wrong size");
  if (header.stream == 0 || is_idle(header.stream))
    return fail(error_code::protocol_error, "RST_STREAM on an idle stream");
  spend(price::reset);
  server_stream* one = streams_.find(header.stream);
  if (one == nullptr || one->cut_) return;
  one->cut_by_client_ = true;
  leave_queue(*one);
  one->cut();
  wake_next();
}

void server_connection::take_settings(const frame_header& header, std::string_view payload) {
  if (header.stream != 0) return fail(error_code::protocol_error, "SETTINGS on a stream");
  if (header.has(flag::ack)) {
    spend(price::idle_frame);
    return payload.empty() ? void() : fail(error_code::frame_size_error, "an acknowledgement with a payload");
  }
  if (payload.size() % 6 != 0) return fail(error_code::frame_size_error, "SETTINGS of a wrong size");
  // The first is everybody's; each setting beyond a handful counts like a frame.
  if (saw_settings_) spend(price::answered + static_cast<std::uint32_t>(payload.size() / 6));
  saw_settings_ = true;
  for (; !payload.empty(); payload.remove_prefix(6)) {
    const error_code why = apply(static_cast<setting>(read_u16(payload.data())), read_u32(payload.data() + 2));
    if (why != error_code::no_error) return fail(why, "a setting out of range");
  }
  send_frame(frame_type::settings, flag::ack, 0, {});
}

error_code server_connection::apply(setting which, std::uint32_t value) {
  switch (which) {
    case setting::header_table_size:
      if (value < hpack_table::bytes_possible) drop_table_due_ = true;
      return error_code::no_error;
    case setting::enable_push:
    case setting::enable_connect_protocol:
    case setting::no_rfc7540_priorities:
      return value <= 1 ? error_code::no_error : error_code::protocol_error;
    case setting::max_frame_size:
      return value >= frame_payload_max && value < 1U << 24U ? error_code::no_error : error_code::protocol_error;
    case setting::initial_window_size: {
      if (value > flow_window::size_max) return error_code::flow_control_error;
      const std::int64_t change = std::int64_t{value} - peer_window_;
      peer_window_ = value;
      bool fits = true;
      streams_.for_each([&](server_stream& one) {
        fits = one.send_window_.change(change) && fits;
        if (change > 0) one.waiter_.signal();
      });
      return fits ? error_code::no_error : error_code::flow_control_error;
    }
    default:
      return error_code::no_error;  // of no concern to us: we push nothing
  }
}

void server_connection::take_ping(const frame_header& header, std::string_view payload) {
  if (header.stream != 0) return fail(error_code::protocol_error, "PING on a stream");
  if (payload.size() != 8) return fail(error_code::frame_size_error, "a PING of a wrong size");
  if (!header.has(flag::ack)) {
    send_frame(frame_type::ping, flag::ack, 0, payload);
    return spend(price::answered);
  }
  if (ending_ == ending::announced && payload == announcement_ping) return settle_end();
  spend(price::idle_frame);
}

// Some clients give back every frame at once, for the stream and for the connection.
void server_connection::charge_update(std::uint32_t by) {
  if (by >= tiny_increment) return;
  if (updates_earned_ > 0)
    --updates_earned_;
  else
    spend(price::idle_frame);
}

void server_connection::take_window_update(const frame_header& header, std::string_view payload) {
  if (payload.size() != 4) return fail(error_code::frame_size_error, "a WINDOW_UPDATE of a wrong size");
  const std::uint32_t by = read_u32(payload.data()) & stream_id_max;
  if (header.stream == 0) {
    if (by == 0) return fail(error_code::protocol_error, "a WINDOW_UPDATE by nothing");
    charge_update(by);
    if (!send_window_.change(by)) return fail(error_code::flow_control_error, "a window beyond its maximum");
    return wake_next();
  }
  if (is_idle(header.stream)) return fail(error_code::protocol_error, "WINDOW_UPDATE on an idle stream");
  charge_update(by);
  server_stream* one = streams_.find(header.stream);
  if (one == nullptr || one->cut_) return;
  if (by != 0 && one->send_window_.change(by)) return one->waiter_.signal();
  spend(price::reset);
  reset(*one, by == 0 ? error_code::protocol_error : error_code::flow_control_error);
}

void server_connection::take_priority_update(const frame_header& header, std::string_view payload) {
  spend(price::idle_frame);
  if (header.stream != 0) return fail(error_code::protocol_error, "PRIORITY_UPDATE on a stream");
  if (payload.size() < 4) return fail(error_code::frame_size_error, "a PRIORITY_UPDATE that is cut short");
  server_stream* one = streams_.find(read_u32(payload.data()) & stream_id_max);
  if (one == nullptr) return;
  const bool waits = one->place_.waiting;
  leave_queue(*one);
  one->place_.order = parse_priority(payload.substr(4));
  if (waits) order_.add(one->place_);
}

}  // namespace cardea::proxy::http2
