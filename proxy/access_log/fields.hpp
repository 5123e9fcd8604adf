#pragma once

#include "config/sections/access_log.hpp"
#include "proxy/access_log/entry.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace cardea::proxy::access_log {

inline constexpr std::string_view redacted = "REDACTED";

/// A named value of a request, and what the log may show of it: the value, or that there is one.
struct shown_field {
  std::string_view name;
  std::string_view value;
  bool is_redacted = false;
};

/// The fields of one kind that a line shows, in their order, so many at most; others are left out.
class field_list {
 public:
  static constexpr std::size_t capacity = 64;

  void add(std::string_view name, std::string_view value, config::field_mode mode) noexcept {
    if (mode == config::field_mode::drop || size_ == capacity) return;
    fields_[size_++] = {name, value, mode == config::field_mode::redact};
  }
  [[nodiscard]] const shown_field* begin() const noexcept { return fields_.data(); }
  [[nodiscard]] const shown_field* end() const noexcept { return fields_.data() + size_; }

 private:
  std::array<shown_field, capacity> fields_;
  std::size_t size_ = 0;
};

/// One parameter of a query, as it stands there.
struct query_parameter {
  std::string_view name;
  std::string_view value;
  bool has_value = false;
};

/// Takes the next parameter off; false when there is none.
[[nodiscard]] bool take_parameter(std::string_view& query, query_parameter& into) noexcept;

/// By the name that the parameter has when it is decoded: `%74oken` is `token`.
[[nodiscard]] config::field_mode mode_of_parameter(const config::field_policy& policy, std::string_view name) noexcept;

/// Whether two texts are the same when their %XX and + are decoded.
[[nodiscard]] bool same_decoded(std::string_view left, std::string_view right) noexcept;
/// Decodes %XX and +, as far as there is room; what is no code stays as it is.
[[nodiscard]] std::string_view decode_into(std::string_view text, char* to, std::size_t size) noexcept;

/// Names and values undecoded.
void list_query(const config::field_policy& policy, std::string_view query, field_list& into) noexcept;
/// Names match without case. `Cookie` is shown only when it is named: its parts have a policy of their own.
void list_headers(const config::field_policy& policy, const entry& what, field_list& into) noexcept;
void list_cookies(const config::field_policy& policy, const entry& what, field_list& into) noexcept;

}  // namespace cardea::proxy::access_log
