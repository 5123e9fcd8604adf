#pragma once

#include "config/sections/middleware.hpp"
#include "proxy/middleware/step.hpp"

namespace cardea::proxy::middleware {

class modify_request final : public step {
 public:
  explicit modify_request(config::modify_headers options) : options_(std::move(options)) {}
  /// Refuses (400) what variables make of Host when that is none.
  [[nodiscard]] std::optional<refusal> on_request(edited_exchange& request, const route_facts& facts) const override;

 private:
  config::modify_headers options_;
};

class modify_response final : public step {
 public:
  explicit modify_response(config::modify_headers options) : options_(std::move(options)) {}
  [[nodiscard]] bool edits_responses() const noexcept override { return true; }
  void on_response(response_edit& response, const edited_exchange& request, const route_facts& facts) const override;

 private:
  config::modify_headers options_;
};

/// The backend gets no X-Forwarded field, ours included.
class hide_x_forwarded final : public step {
 public:
  [[nodiscard]] std::optional<refusal> on_request(edited_exchange& request, const route_facts&) const override {
    request.remove_forwarded();
    return std::nullopt;
  }
};

}  // namespace cardea::proxy::middleware
