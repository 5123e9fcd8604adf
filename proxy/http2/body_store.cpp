#include "proxy/http2/body_store.hpp"

#include <cstring>
#include <utility>

namespace cardea::proxy::http2 {

void body_store::release_small() noexcept {
  if (data_ != nullptr && !large_) buffers_.release_block(data_, small_bytes);
}

void body_store::append(std::string_view data) {
  if (data.empty()) return;
  const std::size_t held = end_ - begin_;
  if (end_ + data.size() > room()) {
    if (held + data.size() <= room()) {
      std::memmove(data_, data_ + begin_, held);
    } else {
      const bool fits_small = held + data.size() <= small_bytes;
      net::buffer larger = fits_small ? net::buffer() : buffers_.take();
      char* const memory = fits_small ? buffers_.take_block(small_bytes) : larger.data();
      if (held > 0) std::memcpy(memory, data_ + begin_, held);
      release_small();
      large_ = std::move(larger);
      data_ = memory;
    }
    begin_ = 0;
    end_ = held;
  }
  std::memcpy(data_ + end_, data.data(), data.size());
  end_ += data.size();
}

void body_store::consume(std::size_t bytes) noexcept {
  begin_ += bytes;
  if (begin_ == end_) clear();
}

void body_store::clear() noexcept {
  release_small();
  large_.release();
  data_ = nullptr;
  begin_ = end_ = 0;
}

}  // namespace cardea::proxy::http2
