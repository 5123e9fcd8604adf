#pragma once

#include "config/sections/middleware.hpp"
#include "proxy/middleware/step.hpp"

namespace cardea::proxy::middleware {

/// The client is who a trusted proxy says it is, for all that follows (T11).
class real_ip final : public step {
 public:
  explicit real_ip(config::real_ip options) : options_(std::move(options)) {}
  [[nodiscard]] std::optional<refusal> on_request(edited_exchange& request, const route_facts&) const override;

 private:
  config::real_ip options_;
};

/// Lets in whose address is listed.
class cidr_whitelist final : public step {
 public:
  explicit cidr_whitelist(config::cidr_whitelist options) : options_(std::move(options)) {}
  [[nodiscard]] std::optional<refusal> on_request(edited_exchange& request, const route_facts&) const override;

 private:
  config::cidr_whitelist options_;
};

}  // namespace cardea::proxy::middleware
