#pragma once

#include "base/error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert::acme {

/// States of orders, authorizations and challenges (RFC 8555 section 7.1.6).
enum class state { pending, ready, processing, valid, invalid, deactivated, expired, revoked, unknown };

/// As RFC 8555 writes it.
[[nodiscard]] std::string_view to_text(state value) noexcept;

struct order {
  std::string url;  ///< from the Location field
  state status = state::unknown;
  std::vector<std::string> authorizations;  ///< may be absent in the CA's answer (B42)
  std::string finalize;
  std::string certificate;
  std::string failure;               ///< the sentence of the order's "error" member
  std::string failure_type = {};  ///< of that error, as problem::type
  std::string profile = {};  ///< by which the CA issues it; empty: it does not say
};

/// errc::malformed_answer when it is no order.
[[nodiscard]] base::result<order> parse_order(std::string_view body);

struct challenge {
  std::string type;
  std::string url;
  std::string token;
  state status = state::unknown;
  std::string failure;
  std::string failure_type = {};  ///< as problem::type
  std::vector<std::string> issuers = {};  ///< dns-persist-01, which has no token: names of the CA, 1..10
};

struct authorization {
  std::string url;
  std::string domain;  ///< without `*.`; an IP address in canonical spelling
  bool wildcard = false;
  state status = state::unknown;
  std::vector<challenge> challenges;
  std::optional<std::chrono::seconds> retry_after;  ///< from the field of that name

  [[nodiscard]] bool is_forbidden_by_caa() const noexcept;
  [[nodiscard]] const challenge* find(std::string_view type) const noexcept;
  /// As in the order, `*.` included.
  [[nodiscard]] std::string name() const { return (wildcard ? "*." : "") + domain; }
  /// Of the challenge that failed; see problem::type.
  [[nodiscard]] std::string failure_type() const;
  /// Why it is invalid: the CA's words about the challenge that failed.
  [[nodiscard]] std::string failure() const;
};

[[nodiscard]] base::result<authorization> parse_authorization(std::string_view body);

/// What newOrder is told.
struct order_wish {
  std::vector<std::string> domains;
  std::string profile = {};  ///< empty: the CA's default
  std::string replaces =
      {};  ///< id of the certificate that the new one replaces (RFC 9773 section 5), or empty
};

/// {"identifiers":[{"type":"dns" or "ip","value":...}],"profile":...,"replaces":...}
[[nodiscard]] std::string new_order_payload(const order_wish& wish);

}  // namespace cardea::autocert::acme
