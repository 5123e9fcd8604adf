#pragma once

#include "base/address_range.hpp"
#include "config/sections/load_balance.hpp"
#include "config/sections/text_template.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cardea::config {

/// modify_request and modify_response, in the order in which it is done: prefix, set, add, hide.
struct modify_headers {
  using line = std::pair<std::string, text_template>;

  bool of_response = false;
  std::string add_prefix;  ///< of requests: what the path gets at its begin; no slash at the end
  std::vector<line> set;
  std::vector<line> add;
  std::vector<std::string> hide;

  friend bool operator==(const modify_headers&, const modify_headers&) = default;
};

/// The client's address is the one that a trusted proxy names.
struct real_ip {
  real_ip_source from;
  friend bool operator==(const real_ip&, const real_ip&) = default;
};

struct cidr_whitelist {
  std::vector<base::address_range> allow;
  std::uint16_t status = 403;
  std::string message = "IP not allowed";
  friend bool operator==(const cidr_whitelist&, const cidr_whitelist&) = default;
};

/// A client may send `burst` requests at once and `average` in each `period` in the long run.
struct rate_limit {
  std::size_t average = 0;
  std::size_t burst = 0;
  std::chrono::milliseconds period{1'000};
  std::size_t clients_max = 16'384;  ///< who is remembered at a time; rounded up to a power of two
  friend bool operator==(const rate_limit&, const rate_limit&) = default;
};

/// The backend gets no X-Forwarded field.
struct hide_x_forwarded {
  friend bool operator==(const hide_x_forwarded&, const hide_x_forwarded&) = default;
};

/// The operator's own pages replace what backends say of an error.
struct error_page {
  friend bool operator==(const error_page&, const error_page&) = default;
};

/// One of a route's or the entrypoint's middlewares, in the order in which they are passed.
struct middleware_section {
  std::string name;
  std::variant<real_ip, cidr_whitelist, rate_limit, hide_x_forwarded, modify_headers, error_page> options;

  friend bool operator==(const middleware_section&, const middleware_section&) = default;
};

[[nodiscard]] inline bool replaces_errors(const std::vector<middleware_section>& among) noexcept {
  for (const middleware_section& each : among)
    if (std::holds_alternative<error_page>(each.options)) return true;
  return false;
}

}  // namespace cardea::config
