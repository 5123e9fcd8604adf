#include "proxy/http2/output.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace cardea::proxy::http2 {

char* output::reserve(std::size_t bytes) {
  if (segments_.empty() || net::buffer_pool::buffer_bytes - segments_.back().end < bytes)
    segments_.push_back({buffers_.take(), 0, 0});
  return segments_.back().memory.data() + segments_.back().end;
}

std::uint64_t output::commit(std::size_t bytes) noexcept {
  segments_.back().end += bytes;
  queued_ += bytes;
  return queued_ - bytes;
}

void output::append_frame(const frame_header& header, std::string_view payload) {
  char* const at = reserve(frame_header_bytes + payload.size());
  write_frame_header(at, header);
  if (!payload.empty()) std::memcpy(at + frame_header_bytes, payload.data(), payload.size());
  commit(frame_header_bytes + payload.size());
}

bool output::add_flag(std::uint64_t position, std::uint8_t one) noexcept {
  if (position < left_) return false;
  std::uint64_t begin = left_;
  for (segment& each : segments_) {
    const std::uint64_t end = begin + (each.end - each.begin);
    if (position < end) {
      char& flags = each.memory.data()[each.begin + (position - begin) + 4];
      flags = static_cast<char>(static_cast<unsigned char>(flags) | one);
      return true;
    }
    begin = end;
  }
  return false;
}

net::io_result output::write_to(tls::stream& to) noexcept {
  std::size_t total = 0;
  while (!segments_.empty()) {
    std::array<std::string_view, 2> pieces;
    for (std::size_t i = 0; i < std::min(segments_.size(), pieces.size()); ++i)
      pieces[i] = {segments_[i].memory.data() + segments_[i].begin, segments_[i].end - segments_[i].begin};
    const net::io_result out = to.write(pieces);
    if (out.state == net::io::failed) return {net::io::failed, total};
    if (out.bytes == 0) return {net::io::blocked, total};
    total += out.bytes;
    left_ += out.bytes;
    std::size_t taken = out.bytes;
    while (!segments_.empty()) {
      segment& first = segments_.front();
      const std::size_t part = std::min(taken, first.end - first.begin);
      first.begin += part;
      taken -= part;
      if (first.begin != first.end) break;
      segments_.erase(segments_.begin());
    }
  }
  return {net::io::done, total};
}

}  // namespace cardea::proxy::http2
