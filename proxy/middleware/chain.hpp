#pragma once

#include "config/sections/middleware.hpp"
#include "proxy/middleware/edited_exchange.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy::middleware {

/// What variables may tell of the route. All but the name are empty where there is not one backend.
struct route_facts {
  std::string name = {};
  std::string scheme = {};
  std::string host = {};
  std::string port = {};
  std::string addr = {};
  std::string url = {};
};

/// An answer instead of the backend's.
struct refusal {
  std::uint16_t status = 0;
  std::string_view message = {};   ///< plain text; empty: the page of the status. Lives as long as who gave it.
  std::uint32_t retry_after = 0;   ///< seconds; 0: not said
};

/// One thing that is done to requests or responses. Immutable, shared by the workers.
class step {
 public:
  virtual ~step() = default;
  [[nodiscard]] virtual std::optional<refusal> on_request(edited_exchange&, const route_facts&) const { return std::nullopt; }
  [[nodiscard]] virtual bool edits_responses() const noexcept { return false; }
  virtual void on_response(response_edit&, const edited_exchange&, const route_facts&) const {}
};

/// Middlewares in the order in which a request passes them; a response passes them the other way round.
class chain {
 public:
  explicit chain(std::vector<std::unique_ptr<const step>> links);

  /// The first refusal ends it.
  [[nodiscard]] std::optional<refusal> on_request(edited_exchange& request, const route_facts& facts) const;
  [[nodiscard]] bool edits_responses() const noexcept { return edits_responses_; }
  void on_response(response_edit& response, const edited_exchange& request, const route_facts& facts) const;

 private:
  std::vector<std::unique_ptr<const step>> links_;
  bool edits_responses_;
};

/// The chain of these sections, in their order; null for none.
[[nodiscard]] std::shared_ptr<const chain> make_chain(std::span<const config::middleware_section> sections);

}  // namespace cardea::proxy::middleware
