#pragma once

#include "api/answer.hpp"

#include <span>
#include <string_view>

namespace cardea::api {

struct services;

/// One row of the API: a path, what answers GET and HEAD there, or an upgrade.
struct endpoint {
  std::string_view path;
  answer (*read)(const services&);  ///< null: WebSocket only
};

/// Every endpoint there is.
[[nodiscard]] std::span<const endpoint> endpoints() noexcept;

struct request_line {
  std::string_view method;
  std::string_view target;  ///< as received: origin-form
  bool is_websocket = false;
};

/// What a request leads to: an answer, or the WebSocket of `upgrade`.
struct decision {
  const endpoint* upgrade = nullptr;
  answer otherwise;
};

/// Pure but for what the endpoint reads. 400 for a target that is not in origin-form,
/// 404, 405 with Allow, 426 with Upgrade for a WebSocket endpoint without upgrade.
[[nodiscard]] decision decide(const request_line& line, const services& from);

}  // namespace cardea::api
