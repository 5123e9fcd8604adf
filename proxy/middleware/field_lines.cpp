#include "proxy/middleware/field_lines.hpp"

#include "base/text.hpp"
#include "proxy/http/characters.hpp"

#include <algorithm>

namespace cardea::proxy::middleware {
namespace {

struct line {
  std::string_view name;
  std::string_view value;
  std::size_t size = 0;  ///< with its end
};

line first_of(std::string_view lines) noexcept {
  const auto end = std::min(lines.find("\r\n"), lines.size());
  const std::string_view text = lines.substr(0, end);
  const auto colon = std::min(text.find(':'), text.size());
  return {text.substr(0, colon), base::trim(text.substr(std::min(colon + 1, text.size()))),
          std::min(end + 2, lines.size())};
}

template <class Matches>
void remove_if(std::string& lines, Matches matches) {
  for (std::size_t at = 0; at < lines.size();) {
    const line each = first_of(std::string_view(lines).substr(at));
    if (matches(each.name))
      lines.erase(at, each.size);
    else
      at += each.size;
  }
}

}  // namespace

std::string_view value_in(std::string_view lines, std::string_view name) noexcept {
  while (!lines.empty()) {
    const line each = first_of(lines);
    if (base::equal_ignoring_case(each.name, name)) return each.value;
    lines.remove_prefix(each.size);
  }
  return {};
}

void remove_lines(std::string& lines, std::string_view name) {
  remove_if(lines, [name](std::string_view each) { return base::equal_ignoring_case(each, name); });
}

void remove_lines_from(std::string& lines, std::string_view name_prefix) {
  remove_if(lines, [name_prefix](std::string_view each) {
    return base::equal_ignoring_case(each.substr(0, name_prefix.size()), name_prefix);
  });
}

void add_line(std::string& lines, std::string_view name, std::string_view value) {
  value = base::trim(value);
  const auto* const end = std::find_if_not(value.begin(), value.end(), http::is_text);
  lines += name;
  lines += ": ";
  lines.append(value.begin(), end);
  lines += "\r\n";
}

}  // namespace cardea::proxy::middleware
