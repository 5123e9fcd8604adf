#pragma once

#include "proxy/http/characters.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace cardea::proxy::http {

/// A weight (RFC 9110 section 12.4.2) in thousandths: what follows `q=`; -1 for anything else.
[[nodiscard]] constexpr int parse_weight(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return -1;
  if (text.size() > 1 && text[1] != '.') return -1;
  int out = text[0] == '1' ? 1'000 : 0;
  int place = 100;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (!is_digit(text[i])) return -1;
    out += (text[i] - '0') * place;
  }
  return out > 1'000 ? -1 : out;
}

/// Calls `visit(name, weight)` for every element of a list like Accept or Accept-Encoding: the element without its
/// parameters, and its weight in thousandths (1000 without one, 0 when it cannot be read: what is not understood is
/// not wanted). Other parameters are skipped, quoted strings are not looked into.
template <class Visitor>
void for_each_weighted(std::string_view list, Visitor&& visit) noexcept {
  const auto trimmed = [](std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
  };
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view element = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view name = trimmed(element.substr(0, semicolon));
    element.remove_prefix(semicolon);
    int weight = 1'000;
    while (!element.empty()) {
      element.remove_prefix(1);
      const std::size_t next = std::min(element.find(';'), element.size());
      const std::string_view parameter = trimmed(element.substr(0, next));
      if (parameter.starts_with("q=") || parameter.starts_with("Q="))
        weight = std::max(0, parse_weight(parameter.substr(2)));
      element.remove_prefix(next);
    }
    if (!name.empty()) visit(name, weight);
  }
}

}  // namespace cardea::proxy::http
