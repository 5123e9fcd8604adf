#pragma once

#include <cstddef>
#include <cstdint>

namespace cardea::proxy::http2 {

/// One direction's flow-control window (RFC 9113 section 5.2). A changed initial window may
/// make it negative (section 6.9.2).
class flow_window {
 public:
  static constexpr std::int64_t size_max = 0x7fff'ffff;

  explicit flow_window(std::uint32_t size) noexcept : size_(size) {}

  [[nodiscard]] std::int64_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t available() const noexcept {
    return size_ > 0 ? static_cast<std::size_t>(size_) : 0;
  }
  /// False when it would pass the protocol's maximum: FLOW_CONTROL_ERROR.
  [[nodiscard]] bool change(std::int64_t by) noexcept {
    if (size_ + by > size_max) return false;
    size_ += by;
    return true;
  }
  /// False when the sender had no right to so much.
  [[nodiscard]] bool take(std::size_t bytes) noexcept {
    if (static_cast<std::int64_t>(bytes) > size_) return false;
    size_ -= static_cast<std::int64_t>(bytes);
    return true;
  }

 private:
  std::int64_t size_;
};

/// What we grant a sender: opened again in steps of half a window, so that updates are few.
class receive_window {
 public:
  explicit receive_window(std::uint32_t bytes) noexcept : window_(bytes), bytes_(bytes) {}

  [[nodiscard]] bool take(std::size_t bytes) noexcept { return window_.take(bytes); }
  /// So many bytes have left our buffers. Returns by how much to open the window now, mostly 0.
  [[nodiscard]] std::uint32_t give_back(std::size_t bytes) noexcept {
    free_ += static_cast<std::uint32_t>(bytes);
    if (free_ < bytes_ / 2) return 0;
    const std::uint32_t step = free_;
    free_ = 0;
    return window_.change(step) ? step : 0;
  }

 private:
  flow_window window_;
  std::uint32_t bytes_;
  std::uint32_t free_ = 0;
};

}  // namespace cardea::proxy::http2
