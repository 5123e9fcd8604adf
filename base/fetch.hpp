#pragma once

#include "base/async.hpp"
#include "base/error.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
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

/// An HTTP request -> response function.
///
/// The ACME client, DNS providers and notifications receive one, so that tests
/// can replay a scripted peer. Any status is a success; an error means that no
/// complete response arrived (errc::timed_out, errc::limit_exceeded, or the
/// transport's code with a context that names the host). Redirects are not
/// followed. Called and completed on the control thread.
using fetch = std::function<awaitable<result<fetch_response>>(fetch_request)>;

}  // namespace cardea::base
