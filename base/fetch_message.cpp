#include "base/fetch_message.hpp"

#include "base/text.hpp"

namespace cardea::base {

std::string_view fetch_response::header(std::string_view name) const noexcept {
  for (const http_field& field : headers)
    if (equal_ignoring_case(field.name, name)) return field.value;
  return {};
}

}  // namespace cardea::base
