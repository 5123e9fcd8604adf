#pragma once

#include "proxy/http/characters.hpp"
#include "proxy/http/header_table.hpp"

#include <algorithm>
#include <string_view>

/// What a field may look like in HTTP/2 (RFC 9113 section 8.2), whoever sends it. Pure.
namespace cardea::proxy::http2 {

[[nodiscard]] inline bool is_field_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 0xffff &&
         std::all_of(name.begin(), name.end(), [](char c) { return http::is_token(c) && (c < 'A' || c > 'Z'); });
}

[[nodiscard]] inline bool is_field_value(std::string_view value) noexcept {
  if (value.empty()) return true;
  if (http::is_blank(value.front()) || http::is_blank(value.back())) return false;
  return std::all_of(value.begin(), value.end(), http::is_text);
}

/// Fields that belong to an HTTP/1 connection (RFC 9113 section 8.2.2); TE is looked at by value.
[[nodiscard]] inline bool is_of_connection(http::field_id id) noexcept {
  using enum http::field_id;
  return id == connection || id == keep_alive || id == proxy_connection || id == transfer_encoding ||
         id == upgrade;
}

}  // namespace cardea::proxy::http2
