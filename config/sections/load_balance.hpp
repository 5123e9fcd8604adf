#pragma once

#include "base/address_range.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cardea::config {

/// How the backend of a request is chosen.
enum class balance_mode : std::uint8_t {
  round_robin,    ///< in turn, by weight
  least_conn,     ///< the fewest requests under way for its weight
  ip_hash,        ///< by the client's address
  power_of_two,   ///< the less busy of two that are drawn
  hash,           ///< by what `hash_on` names
};

enum class hash_source : std::uint8_t { client, header, cookie, path };

/// GoDoxy's real_ip options of a group: who the client is, for ip_hash only.
struct real_ip_source {
  std::string header = "X-Real-IP";
  std::vector<base::address_range> from;  ///< peers whose header is believed; empty: nobody's
  bool recursive = false;                 ///< the last address that is not in `from`, instead of the last one

  friend bool operator==(const real_ip_source&, const real_ip_source&) = default;
};

/// A route's `load_balance`: how requests are spread, and what happens when a backend fails.
struct load_balance_section {
  std::string link;  ///< name of the group that this route is a member of; empty: none
  balance_mode mode = balance_mode::round_robin;
  bool mode_given = false;
  hash_source hash_on = hash_source::client;
  std::string hash_name;     ///< of the header or cookie
  real_ip_source real_ip;    ///< for ip_hash
  std::size_t weight = 1;    ///< of this route's backends in the group `link`
  bool sticky = false;
  std::chrono::milliseconds sticky_max_age{3'600'000};  ///< 0: until the browser closes
  std::string sticky_secret;                            ///< keys the cookie; empty: one of the process's own

  std::size_t retries = 2;        ///< further backends that are tried for one request
  std::size_t retry_budget = 20;  ///< percent of the requests that may be retries (U11)
  std::size_t max_fails = 3;      ///< failures in a row that put a backend aside; 0: never
  std::chrono::milliseconds fail_timeout{2'000};  ///< for how long at first; doubled with each further time
  std::chrono::milliseconds fail_timeout_max{60'000};
  std::chrono::milliseconds slow_start{10'000};  ///< until a backend that came back has its full share
  std::size_t panic_threshold = 30;  ///< percent of backends; with fewer left, those put aside serve too

  friend bool operator==(const load_balance_section&, const load_balance_section&) = default;
};

}  // namespace cardea::config
