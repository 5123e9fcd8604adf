#pragma once

#include "autocert/acme/error.hpp"
#include "autocert/issuer.hpp"
#include "base/error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert::acme {

/// A CA's answer "no" (RFC 9457, RFC 8555 section 6.7).
struct problem {
  std::string type;    ///< without "urn:ietf:params:acme:error:"; empty when the body was no problem document
  std::string detail;  ///< the CA's words, control bytes removed, at most 1,000 bytes
  int status = 0;      ///< of the answer; of a problem inside of an object its "status", 0 without one
  std::optional<std::chrono::seconds> retry_after;  ///< what the CA asks to wait
  struct subproblem {
    std::string identifier;
    std::string type;
    std::string detail;
  };
  std::vector<subproblem> subproblems;

  /// One sentence for the operator, at most 4,000 bytes: type, detail, and which name has which problem.
  [[nodiscard]] std::string sentence() const;
};

/// Reads whatever a CA sent with an error status (0: it is the "error" member of an object); never fails.
[[nodiscard]] problem parse_problem(std::string_view body, int status);

/// Whether the same request will be refused again until somebody changes
/// something: the configuration, a CAA record, the account (B27).
[[nodiscard]] bool is_lasting(std::string_view type);

/// What a refusal means for the next order of these names.
[[nodiscard]] setback setback_from(const problem& cause, const std::vector<std::string>& domains);

/// Whether a CAA record of the domain keeps the CA from issuing (RFC 8659).
[[nodiscard]] bool is_caa(const problem& cause) noexcept;

/// The problem as an error of this client.
[[nodiscard]] base::error error_from(const problem& cause);

}  // namespace cardea::autocert::acme
