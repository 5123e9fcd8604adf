#include "proxy/http/path.hpp"

#include <vector>

namespace cardea::proxy::http {
namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// One segment, decoded; false for bytes that no file name of ours has.
bool decode(std::string_view segment, std::string& out) {
  for (std::size_t i = 0; i < segment.size(); ++i) {
    char c = segment[i];
    if (c == '%') {
      if (i + 2 >= segment.size()) return false;
      const int high = hex_value(segment[i + 1]);
      const int low = hex_value(segment[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '\\') return false;
    out += c;
  }
  return true;
}

}  // namespace

bool file_path(std::string_view target, std::string& out) {
  std::string_view path = target.substr(0, target.find('?'));
  if (path.empty()) path = "/";
  if (path.front() != '/') return false;
  path.remove_prefix(1);
  std::vector<std::string> kept;
  bool ends_in_folder = true;
  while (true) {
    const auto slash = path.find('/');
    std::string segment;
    if (!decode(path.substr(0, slash), segment)) return false;
    ends_in_folder = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (kept.empty()) return false;
      kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(std::move(segment));
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  out.clear();
  for (const std::string& segment : kept) out += "/" + segment;
  if (ends_in_folder) out += '/';
  return true;
}

}  // namespace cardea::proxy::http
