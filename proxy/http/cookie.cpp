#include "proxy/http/cookie.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cardea::proxy::http {

std::string_view cookie_of(const header_table& fields, const char* buffer, std::string_view name) noexcept {
  if (!fields.has(field_id::cookie)) return {};
  for (const field& line : fields) {
    if (line.id != field_id::cookie) continue;
    std::string_view rest = value_of(line, buffer);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = base::trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (pair.size() <= name.size() || !pair.starts_with(name) || pair[name.size()] != '=') continue;
      std::string_view value = pair.substr(name.size() + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      return value;
    }
  }
  return {};
}

}  // namespace cardea::proxy::http
