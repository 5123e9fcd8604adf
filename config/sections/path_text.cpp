#include "config/sections/path_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cardea::config {
namespace {

constexpr std::size_t method_bytes_max = 32;

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_unreserved(char c) noexcept {
  return is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string why_no_escape(std::string_view text) {
  if (text.size() < 3) return "a % needs two hex digits";
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  if (high < 0 || low < 0) return "a % needs two hex digits, in capitals";
  const char c = static_cast<char>(high * 16 + low);
  if (c == '\0') return "no request has %00";
  if (is_unreserved(c)) return fmt::format("write {} as '{}': that is how requests are compared", text.substr(0, 3), c);
  return {};
}

}  // namespace

std::string why_no_path(std::string_view path, bool merge_slashes) {
  if (!path.starts_with('/')) return "it has to begin with a slash";
  if (merge_slashes && path.find("//") != std::string_view::npos) return "slashes are merged before a request is looked at";
  for (const std::string_view each : segments_of(path)) {
    const std::string_view name = each.substr(0, std::min({each.find(';'), each.find("%3B"), each.size()}));
    if (name == "." || name == "..") return "no request has dot segments when it is looked at";
  }
  for (std::size_t at = 0; at < path.size(); ++at) {
    const char c = path[at];
    if (c == '?') return "a query is no part of the path";
    if (c == '\\' || c == '#' || c <= ' ' || c >= 0x7f) return fmt::format("write byte {:#04x} as %XX", static_cast<unsigned char>(c));
    if (c != '%') continue;
    if (std::string why = why_no_escape(path.substr(at)); !why.empty()) return why;
    at += 2;
  }
  return {};
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return out;
}

bool is_parameter_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '_'; });
}

bool is_method(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= method_bytes_max && text != "CONNECT" && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace cardea::config
