#pragma once

#include "base/pending_challenges.hpp"
#include "proxy/http/exchange.hpp"

namespace cardea::proxy {

/// Answers a CA's http-01 requests before anything else sees them: before
/// redirect, access control, middlewares and routes (B60).
///
/// Only GET and HEAD for exactly a pending token at its host; whatever else
/// goes on to `next`, so that a backend may have an ACME client of its own
/// (B62). Worker's thread only.
class challenge_gate final : public http::handler {
 public:
  /// Both outlive the gate; `pending` may change between requests.
  challenge_gate(http::handler& next, const base::challenge_snapshot& pending) noexcept
      : next_(next), pending_(pending) {}

  [[nodiscard]] net::task<void> handle(http::exchange& request) override;

 private:
  http::handler& next_;
  const base::challenge_snapshot& pending_;
};

}  // namespace cardea::proxy
