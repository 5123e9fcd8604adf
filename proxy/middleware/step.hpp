#pragma once

#include "proxy/middleware/edited_exchange.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace cardea::proxy::middleware
