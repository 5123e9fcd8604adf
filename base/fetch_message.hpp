#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::base {

struct http_field {
  std::string name;
  std::string value;
};

/// One HTTP request of the control plane.
struct fetch_request {
  std::string method = "GET";
  std::string url;  ///< absolute, http or https
  std::vector<http_field> headers{};
  std::string body{};
  std::chrono::milliseconds timeout{30'000};  ///< for the whole exchange, connecting included
  std::size_t body_bytes_max = 1U << 20U;     ///< a longer answer is errc::limit_exceeded
};

struct fetch_response {
  int status = 0;  ///< 100..599, as received
  std::vector<http_field> headers;
  std::string body;

  /// The first field of that name (compared without case), or nothing.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

}  // namespace cardea::base
