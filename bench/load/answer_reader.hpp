#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::bench {

/// Finds the end of an HTTP/1.1 answer with a Content-Length, and whether it is a 200.
class answer_reader {
 public:
  enum class verdict : std::uint8_t { more, complete, failed };

  /// All bytes, in order; nothing may come behind the answer.
  [[nodiscard]] verdict take(std::string_view bytes);
  void reset() noexcept {
    head_.clear();
    left_ = 0;
    in_body_ = false;
    closes_ = false;
  }
  /// The connection ends with this answer.
  [[nodiscard]] bool closes() const noexcept { return closes_; }
  /// Something of the answer has arrived.
  [[nodiscard]] bool has_begun() const noexcept { return in_body_ || !head_.empty(); }
  [[nodiscard]] std::string_view why() const noexcept { return why_; }

 private:
  [[nodiscard]] verdict read_head(std::size_t end);
  [[nodiscard]] verdict fail(std::string why) {
    why_ = std::move(why);
    return verdict::failed;
  }

  std::string head_;
  std::string why_;
  std::uint64_t left_ = 0;
  bool in_body_ = false;
  bool closes_ = false;
};

}  // namespace cardea::bench
