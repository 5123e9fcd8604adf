#include "proxy/http2/server_connection.hpp"

#include "proxy/net/frame_pool.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace cardea::proxy::http2 {
namespace {

// Who has not acknowledged the announced end by then has missed it or does not care.
constexpr base::tick_ms announcement_timeout = 1'000;
constexpr std::string_view announcement_ping = "cardeaGA";
// A client that wants an answer grants more than this at once, or is at its end.
constexpr std::size_t tiny_window = 1'024;
constexpr std::size_t tiny_frame = 128;
constexpr base::tick_ms rest_after = 250;
constexpr std::uint32_t updates_earned_max = 1'000;

}  // namespace

server_connection::server_connection(tls::stream& stream, net::waiter& waiter, const http::client_info& client,
                                     const session_environment& environment)
    : stream_(stream),
      waiter_(waiter),
      client_(client),
      environment_(environment),
      output_(environment.buffers),
      decoder_(hpack_table::bytes_possible, environment.limits.request),
      receive_window_(environment.limits.connection_window_bytes),
      budget_(environment.limits.flood, waiter.loop().now()),
      began_(waiter.loop().now()),
      idle_since_(began_) {
  begin();
}

server_connection::~server_connection() = default;

void* server_connection::operator new(std::size_t size) { return net::frame_pool::allocate(size); }
void server_connection::operator delete(void* memory, std::size_t size) noexcept {
  net::frame_pool::release(memory, size);
}

void server_connection::begin() {
  const session_limits& limits = environment_.limits;
  struct pair {
    setting which;
    std::uint32_t value;
  };
  const std::array<pair, 5> ours{{{setting::max_concurrent_streams, limits.streams_max},
                                  {setting::initial_window_size, limits.stream_window_bytes},
                                  {setting::max_header_list_size,
                                   static_cast<std::uint32_t>(limits.request.head_bytes_max)},
                                  {setting::enable_connect_protocol, 1},
                                  {setting::no_rfc7540_priorities, 1}}};
  std::array<char, 6 * ours.size()> payload;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    write_u16(payload.data() + 6 * i, static_cast<std::uint16_t>(ours[i].which));
    write_u32(payload.data() + 6 * i + 2, ours[i].value);
  }
  send_frame(frame_type::settings, 0, 0, {payload.data(), payload.size()});
  if (limits.connection_window_bytes > default_window)
    send_u32(frame_type::window_update, 0, limits.connection_window_bytes - default_window);
}

// ---- out

void server_connection::send_frame(frame_type type, std::uint8_t flags, std::uint32_t stream,
                                   std::string_view payload) {
  output_.append_frame({static_cast<std::uint32_t>(payload.size()), type, flags, stream}, payload);
  waiter_.signal_late();
}

void server_connection::send_u32(frame_type type, std::uint32_t stream, std::uint32_t value) {
  std::array<char, 4> payload;
  write_u32(payload.data(), value);
  send_frame(type, 0, stream, {payload.data(), payload.size()});
}

void server_connection::send_goaway(std::uint32_t last, error_code why, std::string_view reason) {
  std::array<char, 8 + 64> payload;
  reason = reason.substr(0, payload.size() - 8);
  write_u32(payload.data(), last);
  write_u32(payload.data() + 4, static_cast<std::uint32_t>(why));
  std::copy(reason.begin(), reason.end(), payload.begin() + 8);
  send_frame(frame_type::goaway, 0, 0, {payload.data(), 8 + reason.size()});
}

bool server_connection::has_room(server_stream& one) noexcept {
  if (output_.size() >= output_high_water) flush();
  if (output_.size() >= output_high_water) {
    order_.add(one.place_);
    return false;
  }
  leave_queue(one);
  return true;
}

std::size_t server_connection::admit(server_stream& one, std::size_t wanted, bool begins) noexcept {
  const std::size_t granted = one.send_window_.available();
  if (granted >= std::min(tiny_window, wanted)) {
    one.stalled_since_ = base::no_deadline;
  } else {
    if (one.stalled_since_ == base::no_deadline) one.stalled_since_ = now();
    if (now() - one.stalled_since_ > environment_.limits.body_progress_timeout) {
      reset(one, error_code::enhance_your_calm);
      return 0;
    }
  }
  if (granted == 0) {
    leave_queue(one);  // it waits for its own window, and nobody for it
    return 0;
  }
  const bool others_first = one.place_.waiting ? order_.first() != &one.place_
                                               : order_.comes_before(one.place_) || (begins && order_.shares(one.place_));
  if (send_window_.available() == 0 || others_first) {
    order_.add(one.place_);
    return 0;
  }
  if (output_.size() >= output_high_water) {
    flush();
    if (!one.open()) return 0;
    // A buffer's worth was this stream's turn.
    if (output_.size() >= output_high_water || order_.shares(one.place_)) {
      order_.add(one.place_);
      return 0;
    }
  }
  const std::size_t size = std::min({wanted, granted, send_window_.available(), frame_payload_max});
  if (size < tiny_frame && size < wanted && size == granted) spend(price::idle_frame);
  if (!one.open()) return 0;
  leave_queue(one);
  static_cast<void>(one.send_window_.take(size));
  static_cast<void>(send_window_.take(size));
  return size;
}

std::uint64_t server_connection::send_data(server_stream& one, std::string_view data) noexcept {
  const std::uint64_t position = output_.end();
  send_frame(frame_type::data, 0, one.id, data);
  updates_earned_ = std::min(updates_earned_ + 2, updates_earned_max);
  return position;
}

// The stream's last frame, mostly still here, says that it was the last.
void server_connection::send_end(server_stream& one, std::uint64_t last_frame) noexcept {
  if (one.head_sent_ && output_.add_flag(last_frame, flag::end_stream)) return;
  send_frame(frame_type::data, flag::end_stream, one.id, {});
}

void server_connection::wake_next() noexcept {
  if (order_.empty() || output_.size() >= output_high_water || send_window_.available() == 0) return;
  if (server_stream* next = streams_.find(order_.first()->stream)) next->waiter_.signal();
}

void server_connection::flush() {
  if (dead_) return;
  const net::io_result out = output_.write_to(stream_);
  net::io state = out.state;
  if (state == net::io::done) state = stream_.flush();
  if (state == net::io::failed) {
    dead_ = true;
    return drop_streams();
  }
  if (state == net::io::done)
    blocked_since_ = base::no_deadline;
  else if (blocked_since_ == base::no_deadline || out.bytes > 0)
    blocked_since_ = now();
  wake_next();
}

// ---- streams

void server_connection::give_back(server_stream& one, std::size_t bytes) noexcept {
  if (one.takes_body())
    if (const std::uint32_t step = one.receive_window_.give_back(bytes); step > 0)
      send_u32(frame_type::window_update, one.id, step);
  if (const std::uint32_t step = receive_window_.give_back(bytes); step > 0)
    send_u32(frame_type::window_update, 0, step);
}

void server_connection::reset_number(std::uint32_t id, error_code why) {
  send_u32(frame_type::rst_stream, id, static_cast<std::uint32_t>(why));
}

void server_connection::reset(server_stream& one, error_code why) noexcept {
  if (one.cut_) return;
  if (!dead_ && !failed_ && !(one.ended_ && one.remote_ended_)) reset_number(one.id, why);
  leave_queue(one);
  one.cut();
  wake_next();
}

void server_connection::finish(server_stream& one) noexcept {
  const bool whole = one.ended_ && one.remote_ended_;
  // The answer is complete and the rest of the request of no use: say so without blame.
  if (!one.cut_ && !whole) reset(one, one.ended_ ? error_code::no_error : error_code::internal_error);
  leave_queue(one);
  streams_.remove(one);
  closed_.add(one.id, !whole && !one.cut_by_client_);
  if (const std::size_t left = one.body_.unread().size(); left > 0) give_back(one, left);
  delete &one;
  if (--live_ == 0) {
    idle_since_ = now();
    waiter_.signal_late();
  }
  wake_next();
}

void server_connection::drop_streams() noexcept {
  streams_.for_each([this](server_stream& one) {
    leave_queue(one);
    one.cut();
  });
}

// ---- the end

void server_connection::spend(std::uint32_t points) {
  switch (budget_.spend(points, now())) {
    case flood_budget::verdict::fine:
      return;
    case flood_budget::verdict::warned:
      return announce_end();
    case flood_budget::verdict::exhausted:
      calmed_ = true;
      return fail(error_code::enhance_your_calm, "too much that leads to nothing");
  }
}

void server_connection::fail(error_code why, std::string_view reason) {
  if (failed_ || dead_) return;
  send_goaway(last_id_, why, reason);
  failed_ = true;
  drop_streams();
}

// What the client has sent before it learns of the end is still served: it is told first
// that there will be one, and a ping shows when it knows (RFC 9113 section 6.8, U14).
void server_connection::announce_end() {
  if (ending_ != ending::no || failed_) return;
  ending_ = ending::announced;
  ending_since_ = now();
  send_goaway(stream_id_max, error_code::no_error);
  send_frame(frame_type::ping, 0, 0, announcement_ping);
}

void server_connection::settle_end() {
  if (ending_ == ending::final || failed_) return;
  ending_ = ending::final;
  send_goaway(last_id_, error_code::no_error);
}

bool server_connection::over() const noexcept {
  if (dead_) return true;
  const bool nothing_left = output_.empty() && !stream_.has_unsent();
  if (failed_) return nothing_left;
  return live_ == 0 && nothing_left && (ending_ == ending::final || client_leaves_);
}

base::tick_ms server_connection::frame_deadline() const noexcept {
  const base::tick_ms since = saw_settings_ ? partial_since_ : began_;
  return since == base::no_deadline ? since : since + environment_.limits.request_head_timeout;
}

base::tick_ms server_connection::deadline() const noexcept {
  const session_limits& limits = environment_.limits;
  base::tick_ms at = frame_deadline();
  if (blocked_since_ != base::no_deadline) at = std::min(at, blocked_since_ + limits.body_progress_timeout);
  if (live_ == 0) at = std::min(at, idle_since_ + limits.keep_alive_timeout);
  if (live_ == 0 && rest_at_ != 0) at = std::min(at, rest_at_);
  if (ending_ == ending::announced) at = std::min(at, ending_since_ + announcement_timeout);
  if (ending_ == ending::no && environment_.draining) at = std::min(at, environment_.told_at);
  return at;
}

void server_connection::check_time() {
  const session_limits& limits = environment_.limits;
  const base::tick_ms time = now();
  if (blocked_since_ != base::no_deadline && time >= blocked_since_ + limits.body_progress_timeout) {
    dead_ = true;  // nothing that we could still say would arrive
    return drop_streams();
  }
  if (time >= frame_deadline()) return fail(error_code::no_error, "a frame took too long");
  if (environment_.draining && time >= environment_.told_at) announce_end();
  if (ending_ == ending::announced && time >= ending_since_ + announcement_timeout) settle_end();
  if (live_ == 0 && time >= idle_since_ + limits.keep_alive_timeout) settle_end();
}

// Whoever stays away for a moment will for longer.
void server_connection::rest_when_idle() {
  if (live_ > 0 || in_ || !output_.empty()) {
    rest_at_ = 0;
  } else if (rest_at_ == 0) {
    rest_at_ = now() + rest_after;
  } else if (now() >= rest_at_) {
    stream_.rest();
    rest_at_ = base::no_deadline;
  }
}

bool server_connection::step() {
  check_time();
  if (!dead_ && !failed_) read();
  flush();
  rest_when_idle();
  // What was left unread because of what was unsent: no edge will tell of it.
  return !dead_ && !failed_ && stream_.can_read() && output_.size() < output_hold;
}

}  // namespace cardea::proxy::http2
