#pragma once

#include "proxy/http/characters.hpp"

#include <cstddef>
#include <string_view>

namespace cardea::proxy::http {

/// Calls `visit(token)` for every element of a comma-separated list of tokens (RFC 9110
/// section 5.6.1); empty elements are skipped. False when an element is not a token;
/// those before it have been visited.
template <class Visitor>
[[nodiscard]] bool for_each_token(std::string_view list, Visitor&& visit) noexcept {
  std::size_t at = 0;
  while (at < list.size()) {
    if (list[at] == ',' || is_blank(list[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < list.size() && is_token(list[at])) ++at;
    if (at == begin) return false;
    visit(list.substr(begin, at - begin));
    while (at < list.size() && is_blank(list[at])) ++at;
    if (at < list.size() && list[at] != ',') return false;
  }
  return true;
}

}  // namespace cardea::proxy::http
