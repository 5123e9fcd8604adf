#include "proxy/http2/client_connection.hpp"

#include "proxy/http2/header_frames.hpp"
#include "proxy/http2/request_encoder.hpp"
#include "proxy/net/frame_pool.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace cardea::proxy::http2 {
namespace {

constexpr std::uint32_t updates_earned_max = 1'000;

}  // namespace

client_connection::client_connection(tls::stream& stream, net::waiter& waiter, client_environment& environment)
    : stream_(stream),
      waiter_(waiter),
      environment_(environment),
      output_(environment.buffers),
      decoder_(hpack_table::bytes_possible, environment.limits.response),
      receive_window_(std::max(environment.limits.connection_window_bytes, default_window)),
      budget_(environment.limits.flood, waiter.loop().now()),
      peer_streams_max_(environment.streams_expected),
      began_(waiter.loop().now()),
      idle_since_(began_) {
  begin();
}

void* client_connection::operator new(std::size_t size) { return net::frame_pool::allocate(size); }
void client_connection::operator delete(void* memory, std::size_t size) noexcept {
  net::frame_pool::release(memory, size);
}

void client_connection::begin() {
  const client_limits& limits = environment_.limits;
  struct pair {
    setting which;
    std::uint32_t value;
  };
  const std::array<pair, 3> ours{{{setting::enable_push, 0},
                                  {setting::initial_window_size, limits.stream_window_bytes},
                                  {setting::max_header_list_size,
                                   static_cast<std::uint32_t>(limits.response.head_bytes_max)}}};
  std::array<char, 6 * ours.size()> payload;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    write_u16(payload.data() + 6 * i, static_cast<std::uint16_t>(ours[i].which));
    write_u32(payload.data() + 6 * i + 2, ours[i].value);
  }
  std::memcpy(output_.reserve(preface.size()), preface.data(), preface.size());
  output_.commit(preface.size());
  send_frame(frame_type::settings, 0, 0, {payload.data(), payload.size()});
  if (limits.connection_window_bytes > default_window)
    send_u32(frame_type::window_update, 0, limits.connection_window_bytes - default_window);
}

// ---- out

void client_connection::send_frame(frame_type type, std::uint8_t flags, std::uint32_t stream,
                                   std::string_view payload) {
  output_.append_frame({static_cast<std::uint32_t>(payload.size()), type, flags, stream}, payload);
  waiter_.signal_late();
}

void client_connection::send_u32(frame_type type, std::uint32_t stream, std::uint32_t value) {
  std::array<char, 4> payload;
  write_u32(payload.data(), value);
  send_frame(type, 0, stream, {payload.data(), payload.size()});
}

void client_connection::send_goaway(error_code why, std::string_view reason) {
  std::array<char, 8 + 64> payload;
  reason = reason.substr(0, payload.size() - 8);
  write_u32(payload.data(), 0);  // a backend opens no streams
  write_u32(payload.data() + 4, static_cast<std::uint32_t>(why));
  std::copy(reason.begin(), reason.end(), payload.begin() + 8);
  send_frame(frame_type::goaway, 0, 0, {payload.data(), 8 + reason.size()});
}

void client_connection::flush() {
  if (dead_ || write_failed_) return;
  const net::io_result out = output_.write_to(stream_);
  net::io state = out.state;
  if (state == net::io::done) state = stream_.flush();
  if (state == net::io::failed) {
    write_failed_ = true;
    stream_.socket().events().readable = true;
    return;
  }
  if (state == net::io::done)
    blocked_since_ = base::no_deadline;
  else if (blocked_since_ == base::no_deadline || out.bytes > 0)
    blocked_since_ = now();
  wake_next();
}

// ---- streams

bool client_connection::has_room() const noexcept {
  const std::uint32_t most = std::min(peer_streams_max_, environment_.limits.streams_max);
  return !leaving() && live_ < most && next_id_ <= stream_id_max && output_.size() < output_hold;
}

bool client_connection::open(client_stream& one, const http::exchange& from) {
  if (dead_ || failed_) {
    one.unprocessed_ = true;
    one.cut({});
    return true;
  }
  const auto write = [&](block_writer& block) {
    if (drop_table_due_) block.drop_table();
    write_request(block, from, environment_.secure);
  };
  const std::uint8_t flags = one.local_ended_ ? flag::end_stream : std::uint8_t{0};
  const sent_block sent = append_block(output_, environment_.buffers, next_id_, flags, block_bound(from), write);
  if (!sent.fits) return false;
  drop_table_due_ = false;
  one.id = one.place_.stream = next_id_;
  one.last_frame_ = sent.position;
  next_id_ += 2;
  streams_.add(one);
  waiter_.signal_late();
  return true;
}

std::size_t client_connection::admit(client_stream& one, std::size_t wanted) noexcept {
  const std::size_t granted = one.send_window_.available();
  if (granted == 0 || dead_ || failed_) {
    order_.remove(one.place_);  // it waits for its own window, and nobody for it
    return 0;
  }
  const bool others_first = one.place_.waiting ? order_.first() != &one.place_ : !order_.empty();
  if (send_window_.available() == 0 || others_first) {
    order_.add(one.place_);
    return 0;
  }
  if (output_.size() >= output_high_water) {
    flush();
    // A buffer's worth was this stream's turn.
    if (output_.size() >= output_high_water || order_.shares(one.place_)) {
      order_.add(one.place_);
      return 0;
    }
  }
  const std::size_t size = std::min({wanted, granted, send_window_.available(), frame_payload_max});
  order_.remove(one.place_);
  static_cast<void>(one.send_window_.take(size));
  static_cast<void>(send_window_.take(size));
  return size;
}

std::uint64_t client_connection::send_data(client_stream& one, std::string_view data) noexcept {
  const std::uint64_t position = output_.end();
  send_frame(frame_type::data, 0, one.id, data);
  updates_earned_ = std::min(updates_earned_ + 2, updates_earned_max);
  return position;
}

// The stream's last frame, mostly still here, says that it was the last.
void client_connection::send_end(client_stream& one, std::string_view trailers) noexcept {
  order_.remove(one.place_);
  if (!trailers.empty()) {
    const auto write = [&](block_writer& block) { block.lines(trailers); };
    const std::size_t bound = block_bound(trailers);
    if (append_block(output_, environment_.buffers, one.id, flag::end_stream, bound, write).fits) waiter_.signal_late();
  } else if (!output_.add_flag(one.last_frame_, flag::end_stream)) {
    send_frame(frame_type::data, flag::end_stream, one.id, {});
  }
  wake_next();
}

void client_connection::wake_next() noexcept {
  if (order_.empty() || output_.size() >= output_high_water || send_window_.available() == 0) return;
  if (client_stream* next = streams_.find(order_.first()->stream)) next->waiter_.signal();
}

void client_connection::give_back(client_stream& one, std::size_t bytes) noexcept {
  if (one.remote_ended_ || one.cut_ || dead_ || failed_) return;
  if (const std::uint32_t step = one.receive_window_.give_back(bytes); step > 0)
    send_u32(frame_type::window_update, one.id, step);
}

void client_connection::leave(client_stream& one) noexcept {
  order_.remove(one.place_);
  if (one.id != 0) {
    const bool whole = one.local_ended_ && one.remote_ended_;
    if (!whole && !one.cut_ && !dead_ && !failed_)
      send_u32(frame_type::rst_stream, one.id, static_cast<std::uint32_t>(error_code::cancel));
    streams_.remove(one);
    closed_.add(one.id, !whole);
  }
  if (--live_ == 0) {
    idle_since_ = now();
    waiter_.signal_late();
  }
  wake_next();
  if (has_room()) tell_of_room();
}

void client_connection::drop_streams(std::string_view why) noexcept {
  streams_.for_each([&](client_stream& one) {
    order_.remove(one.place_);
    one.cut(why);
  });
}

// ---- the end

void client_connection::spend(std::uint32_t points) {
  switch (budget_.spend(points, now())) {
    case flood_budget::verdict::fine:
      return;
    case flood_budget::verdict::warned:
      return retire();
    case flood_budget::verdict::exhausted:
      return fail(error_code::enhance_your_calm, "the backend sends too much that leads to nothing");
  }
}

void client_connection::reject(client_stream& one, error_code code, std::string_view why) {
  if (!one.cut_) send_u32(frame_type::rst_stream, one.id, static_cast<std::uint32_t>(code));
  order_.remove(one.place_);
  one.cut(why);
  wake_next();
  spend(price::reset);
}

void client_connection::fail(error_code why, std::string_view reason) {
  if (failed_ || dead_) return;
  send_goaway(why, reason);
  failed_ = true;
  drop_streams(reason);
  tell_of_room();
}

void client_connection::retire() noexcept {
  if (std::exchange(leaving_, true)) return;
  tell_of_room();  // another connection may take its place
}

void client_connection::lose() noexcept {
  dead_ = true;
  drop_streams();
}

bool client_connection::over() const noexcept {
  if (dead_) return true;
  if (!output_.empty() || stream_.has_unsent()) return false;
  return failed_ || (live_ == 0 && (leaving_ || next_id_ > stream_id_max));
}

base::tick_ms client_connection::frame_deadline() const noexcept {
  const client_limits& limits = environment_.limits;
  if (!saw_settings_) return began_ + limits.settings_timeout;
  return partial_since_ == base::no_deadline ? partial_since_ : partial_since_ + limits.progress_timeout;
}

base::tick_ms client_connection::deadline() const noexcept {
  base::tick_ms at = failed_ ? base::no_deadline : frame_deadline();
  if (blocked_since_ != base::no_deadline) at = std::min(at, blocked_since_ + environment_.limits.progress_timeout);
  if (live_ == 0) at = std::min(at, idle_since_ + environment_.limits.idle_timeout);
  return at;
}

void client_connection::check_time() {
  const client_limits& limits = environment_.limits;
  const base::tick_ms time = now();
  if (blocked_since_ != base::no_deadline && time >= blocked_since_ + limits.progress_timeout) return lose();
  if (time >= frame_deadline())
    fail(error_code::settings_timeout, saw_settings_ ? "a frame of the backend takes too long"
                                                     : "the backend does not speak HTTP/2, or not in time");
  if (live_ == 0 && !leaving_ && !failed_ && time >= idle_since_ + limits.idle_timeout) {
    retire();
    send_goaway(error_code::no_error);
  }
}

bool client_connection::step() {
  check_time();
  if (!dead_ && !failed_) read();
  flush();
  if (write_failed_ && !dead_) {
    if (!failed_) read();
    lose();
  }
  return !dead_ && !failed_ && stream_.can_read();
}

}  // namespace cardea::proxy::http2
