#pragma once

#include "config/sections/middleware.hpp"
#include "proxy/middleware/step.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace cardea::proxy::middleware {

/// Middlewares in the order in which a request passes them; a response passes them the other way round.
class chain final : public response_editor {
 public:
  explicit chain(std::vector<std::unique_ptr<const step>> links);

  /// The first refusal ends it.
  [[nodiscard]] std::optional<refusal> on_request(edited_exchange& request, const route_facts& facts) const;
  [[nodiscard]] bool edits_responses() const noexcept override { return edits_responses_; }
  void on_response(response_edit& response, const edited_exchange& request, const route_facts& facts) const override;

 private:
  std::vector<std::unique_ptr<const step>> links_;
  bool edits_responses_;
};

/// The chain of these sections, in their order; null for none.
[[nodiscard]] std::shared_ptr<const chain> make_chain(std::span<const config::middleware_section> sections);

}  // namespace cardea::proxy::middleware
