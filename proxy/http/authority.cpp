#include "proxy/http/authority.hpp"

#include <algorithm>

namespace cardea::proxy::http {
namespace {

constexpr std::size_t authority_bytes_max = 262;  // a 255-byte name, a colon and a port

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  unsigned value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  return value >= 1 && value <= 65'535;
}

bool is_ipv6(std::string_view text) noexcept {
  return text.size() >= 2 && std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' ||
           c == '~';
  });
}

}  // namespace

std::string_view host_of(std::string_view authority) noexcept {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return authority;
  return authority.substr(0, colon);
}

bool is_authority(std::string_view text) noexcept {
  if (text.size() > authority_bytes_max) return false;
  const std::string_view host = host_of(text);
  if (host.size() != text.size() && !is_port(text.substr(host.size() + 1))) return false;
  if (host.starts_with('[')) return host.ends_with(']') && is_ipv6(host.substr(1, host.size() - 2));
  return is_name(host);
}

}  // namespace cardea::proxy::http
