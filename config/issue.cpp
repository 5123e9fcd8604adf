#include "config/issue.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cardea::config {
namespace {

constexpr std::size_t printed_bytes_max = 80;
// The edit distance of longer words costs time and suggests nothing.
constexpr std::size_t suggested_bytes_max = 64;

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "cardea.config"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::syntax:
        return "invalid YAML";
      case errc::limit_exceeded:
        return "limit exceeded";
      case errc::unreadable_file:
        return "unreadable file";
      case errc::unset_variable:
        return "unset variable";
      case errc::unknown_key:
        return "unknown key";
      case errc::unsupported:
        return "not supported";
      case errc::duplicate:
        return "duplicate";
      case errc::invalid_value:
        return "invalid value";
      case errc::missing_field:
        return "missing field";
      case errc::duplicated_path:
        return "duplicated path";
      case errc::invalid_domain:
        return "invalid domain";
      case errc::unknown_provider:
        return "unknown provider";
    }
    return "unknown";
  }
};

// `https://user:password@host` -> `https://***@host`
std::string without_password(std::string_view text) {
  std::string out(text);
  const auto scheme = out.find("://");
  if (scheme == std::string::npos) return out;
  const auto begin = scheme + 3;
  const auto at = out.substr(0, out.find_first_of("/?# \t\r\n", begin)).rfind('@');
  if (at != std::string::npos && at >= begin) out.replace(begin, at - begin, "***");
  return out;
}

bool is_plain_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string escaped(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= bytes_max) return out + "...";
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\n')
      out += "\\n";
    else if (byte == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

}  // namespace

const boost::system::error_category& config_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), config_category()};
}

std::string format_issue(const issue& one) {
  std::string out = escaped(one.file, one.file.size() * 4);
  if (one.at.line > 0) out += fmt::format(":{}:{}", one.at.line, one.at.column);
  if (!out.empty()) out += ": ";
  if (!one.path.empty()) out += one.path + ": ";
  return out + one.text;
}

std::string format_issues(std::span<const issue> all) {
  std::string out;
  for (const issue& one : all) out += format_issue(one) + '\n';
  return out;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() > suggested_bytes_max) return {};
  const auto near = base::nearest(word, candidates);
  return near ? fmt::format("; did you mean \"{}\"?", *near) : std::string();
}

std::string child_path(std::string_view parent, std::string_view key) {
  const std::string name = is_plain_key(key) ? std::string(key) : '"' + printable(key) + '"';
  return parent.empty() ? name : fmt::format("{}.{}", parent, name);
}

std::string printable(std::string_view text) { return escaped(without_password(text), printed_bytes_max); }

}  // namespace cardea::config
