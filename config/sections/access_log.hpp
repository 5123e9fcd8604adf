#pragma once

#include "base/address_range.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cardea::config {

enum class access_log_format : std::uint8_t { common, combined, json };

/// What happens to a field of a request on its way into the log.
enum class field_mode : std::uint8_t { keep, drop, redact };

struct field_policy {
  field_mode otherwise = field_mode::drop;  ///< of fields that are not named
  std::vector<std::pair<std::string, field_mode>> named;

  friend bool operator==(const field_policy&, const field_policy&) = default;
};

/// A request is kept when it matches one of the values, or with `negative` when it matches none. Without values every
/// request is kept.
template <class Value>
struct access_log_filter {
  bool negative = false;
  std::vector<Value> values;

  friend bool operator==(const access_log_filter&, const access_log_filter&) = default;
};

struct status_range {
  std::uint16_t low = 0;
  std::uint16_t high = 0;  ///< included

  friend bool operator==(const status_range&, const status_range&) = default;
};

struct header_match {
  std::string name;
  std::optional<std::string> value;  ///< none: whatever it is

  friend bool operator==(const header_match&, const header_match&) = default;
};

/// All of them have to keep a request.
struct access_log_filters {
  access_log_filter<status_range> status_codes;
  access_log_filter<std::string> method;
  access_log_filter<std::string> host;
  access_log_filter<header_match> headers;
  access_log_filter<base::address_range> cidr;

  friend bool operator==(const access_log_filters&, const access_log_filters&) = default;
};

struct log_retention {
  enum class kind : std::uint8_t { age, lines, bytes } what = kind::age;
  std::uint64_t amount = 30 * 86'400;  ///< seconds, lines or bytes; never 0

  friend bool operator==(const log_retention&, const log_retention&) = default;
};

/// `entrypoint.access_log`, or a route's.
struct access_log_section {
  std::string path;  ///< empty: none
  bool to_stdout = false;
  access_log_format format = access_log_format::combined;
  log_retention retention;
  std::chrono::milliseconds rotate_interval = std::chrono::hours(1);
  access_log_filters filters;
  field_policy headers;
  field_policy query{field_mode::keep, {}};
  field_policy cookies;

  friend bool operator==(const access_log_section&, const access_log_section&) = default;
};

}  // namespace cardea::config
