#include "proxy/http1/output.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace cardea::proxy::http1 {
namespace {

constexpr std::size_t record_bytes = 16 * 1024;  // of plaintext: a full TLS record
// Room kept behind chunks for the last one and its trailers (chunked_limits), so that ending never blocks.
constexpr std::size_t reserve_bytes = 9 * 1024;
// Pieces at least this long are not worth copying into the staging buffer.
constexpr std::size_t bulk_bytes = 4 * 1024;

}  // namespace

bool output::append(std::string_view text) noexcept {
  if (!memory_) memory_ = buffers_.take();
  if (text.size() > room()) return false;
  if (!text.empty()) std::memcpy(memory_.data() + end_, text.data(), text.size());
  end_ += text.size();
  return true;
}

bool output::append_number(std::uint64_t value) noexcept {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return append({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void output::rewind(std::size_t mark) noexcept {
  end_ = mark;
  if (begin_ == end_) discard();
}

void output::discard() noexcept {
  begin_ = end_ = 0;
  memory_.release();
}

// Sends what is staged and `more` in one go; says how much of `more` was taken.
std::size_t output::send(std::string_view more) noexcept {
  const std::array<std::string_view, 2> pieces{staged(), more};
  const net::io_result out = to_.write(pieces, last_);
  if (out.state == net::io::failed) failed_ = true;
  const std::size_t of_staged = std::min(out.bytes, end_ - begin_);
  begin_ += of_staged;
  if (begin_ == end_ && memory_) discard();
  return out.bytes - of_staged;
}

std::size_t output::write_body(std::string_view data) noexcept {
  if (failed_ || data.empty()) return 0;
  return chunked_ ? write_chunk(data) : write_plain(data);
}

std::size_t output::write_plain(std::string_view data) noexcept {
  const std::size_t waiting = end_ - begin_;
  if (waiting == 0 && data.size() >= bulk_bytes) return send(data);
  // Fill the record that the head began.
  const std::size_t filled =
      std::min({data.size(), waiting < record_bytes ? record_bytes - waiting : 0, room()});
  if (filled > 0) append(data.substr(0, filled));
  if (filled == data.size()) return filled;
  return filled + send(data.substr(filled));
}

std::size_t output::write_chunk(std::string_view data) noexcept {
  if (memory_ && room() < bulk_bytes + reserve_bytes) {
    static_cast<void>(send({}));
    if (memory_ && room() < bulk_bytes + reserve_bytes) return 0;
  }
  if (!memory_) memory_ = buffers_.take();
  const std::size_t size = std::min(data.size(), room() - reserve_bytes);
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  append({digits.data(), static_cast<std::size_t>(end - digits.data())});
  append("\r\n");
  append(data.substr(0, size));
  append("\r\n");
  return size;
}

void output::end_body(std::string_view trailers, bool last) noexcept {
  last_ = last;
  if (!chunked_ || failed_) return;
  // Relayed trailers are bounded by the decoder's limit and may need the room of what is staged.
  if (memory_ && room() < trailers.size() + reserve_bytes) static_cast<void>(send({}));
  if (append("0\r\n") && append(trailers) && append("\r\n")) return;
  failed_ = true;
}

net::io output::flush() noexcept {
  if (failed_) return net::io::failed;
  while (begin_ != end_) {
    const std::size_t before = end_ - begin_;
    static_cast<void>(send({}));
    if (failed_) return net::io::failed;
    if (end_ - begin_ == before) return net::io::blocked;
  }
  const net::io state = to_.flush();
  if (state == net::io::failed) failed_ = true;
  return state;
}

}  // namespace cardea::proxy::http1
