#pragma once

#include "config/sections/text_template.hpp"
#include "proxy/middleware/step.hpp"

#include <span>
#include <string>
#include <string_view>

namespace cardea::proxy::middleware {

/// What the variables of a field's value speak of.
struct template_context {
  const edited_exchange& request;
  const route_facts& facts;
  const response_edit* response;  ///< null: there is none yet
};

/// Appends the text. What a client wrote never brings in a byte that must not stand in a field (T16).
void write_text(const config::text_template& from, const template_context& context, std::string& out);

/// What the variables of a location or path speak of.
struct location_context {
  const edited_exchange& request;
  std::string_view path;                        ///< as rules saw it
  std::span<const std::string_view> parameters;
  std::string_view rest;
};

/// Appends the location: every part stays as escaped as it came, and a path begins with one slash (T16).
void write_location(const config::text_template& from, const location_context& context, std::string& out);

}  // namespace cardea::proxy::middleware
