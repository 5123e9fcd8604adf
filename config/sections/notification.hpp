#pragma once

#include "base/secret.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cardea::config {

enum class notification_service { gotify, ntfy, webhook };

/// What the text is written in, where the service can tell.
enum class notification_format { markdown, plain };

enum class payload_type { json, form, text };

/// Where operators are told what happened. Addresses are secrets: those of
/// webhooks hold the token.
struct notification_section {
  std::string name;
  notification_service service = notification_service::webhook;
  base::secret url;    ///< http or https
  base::secret token;  ///< sent as a bearer token when there is one
  notification_format format = notification_format::markdown;
  std::string topic;  ///< ntfy

  // Of a webhook:
  std::string method = "POST";
  payload_type mime_type = payload_type::json;
  base::secret payload;  ///< with $title $message $fields $color
  bool decimal_color = false;
  std::vector<std::pair<std::string, base::secret>> headers;

  friend bool operator==(const notification_section&, const notification_section&) = default;
};

/// A webhook's payload with its placeholders replaced by what is given, in one pass.
struct payload_values {
  std::string title;
  std::string message;
  std::string fields;
  std::string color;
};
[[nodiscard]] std::string fill_payload(std::string_view payload, const payload_values& with);

}  // namespace cardea::config
