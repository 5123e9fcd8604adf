#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace cardea::base {

/// Text that must not appear in logs, errors or the API: it prints as `***`.
///
/// The bytes are overwritten when the object dies. `reveal` is the only way to
/// them, so that a search for it lists every place where a secret is used.
class secret {
 public:
  secret() = default;
  explicit secret(std::string value) : value_(std::move(value)) {}
  secret(const secret&) = default;
  secret(secret&&) = default;
  secret& operator=(const secret&) = default;
  secret& operator=(secret&&) = default;
  ~secret();

  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  [[nodiscard]] static constexpr std::string_view printed() noexcept { return "***"; }

  friend bool operator==(const secret&, const secret&) = default;

 private:
  std::string value_;
};

}  // namespace cardea::base
