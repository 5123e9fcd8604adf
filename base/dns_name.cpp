#include "base/dns_name.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cardea::base {
namespace {

bool is_label(std::string_view label) noexcept {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::string normalise_dns_name(std::string_view name) {
  name = trim(name);
  if (name.ends_with('.')) name.remove_suffix(1);
  return to_lower(name);
}

bool is_dns_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 253) return false;
  if (is_wildcard(name)) {
    name.remove_prefix(2);
    if (name.find('.') == std::string_view::npos) return false;
  }
  while (true) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_in_zone(std::string_view name, std::string_view zone) noexcept {
  if (zone.empty()) return true;
  if (!name.ends_with(zone)) return false;
  return name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.';
}

}  // namespace cardea::base
