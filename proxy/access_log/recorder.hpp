#pragma once

#include "proxy/access_log/entry.hpp"
#include "proxy/access_log/journal.hpp"
#include "proxy/access_log/logger.hpp"

#include <array>
#include <cstddef>
#include <ctime>
#include <string_view>

namespace cardea::proxy::access_log {

/// One worker's pen: formats lines into its ring. Never waits: a line for which there is no room is dropped and
/// counted. Worker's thread only; allocates nothing but once, for the first line.
class recorder {
 public:
  struct limits {
    std::size_t buffer_bytes;
    std::size_t line_bytes_max;
  };
  /// The journal outlives it.
  recorder(journal& to, limits values) noexcept : journal_(to), limits_(values) {}
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  /// Makes room for lines; without it nothing is written.
  void equip() {
    if (feed_ == nullptr) feed_ = &journal_.join(limits_.buffer_bytes);
  }
  /// If the logger's filters keep the request. REQUIRES: equipped.
  void write(const logger& how, const entry& what) noexcept;

 private:
  [[nodiscard]] std::string_view now() noexcept;

  journal& journal_;
  limits limits_;
  feed* feed_ = nullptr;
  std::time_t second_ = -1;
  std::array<char, 40> time_{};
  std::size_t time_size_ = 0;
};

}  // namespace cardea::proxy::access_log
