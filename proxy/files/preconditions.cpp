#include "proxy/files/preconditions.hpp"

#include "base/text.hpp"
#include "proxy/http/characters.hpp"
#include "proxy/http/date.hpp"

#include <optional>

namespace cardea::proxy::files {
namespace {

enum class comparison : std::uint8_t { strong, weak };

struct condition {
  bool present = false;
  bool met = false;
};

// One field line: `*`, or entity tags separated by commas. An opaque tag may hold a comma.
bool lists(std::string_view value, std::string_view tag, comparison how) noexcept {
  value = base::trim(value);
  if (value == "*") return true;
  while (!value.empty()) {
    if (value.front() == ',' || http::is_blank(value.front())) {
      value.remove_prefix(1);
      continue;
    }
    const bool is_weak = value.starts_with("W/");
    if (is_weak) value.remove_prefix(2);
    if (!value.starts_with('"')) return false;
    const std::size_t end = value.find('"', 1);
    if (end == std::string_view::npos) return false;
    const bool counts = how == comparison::weak || !is_weak;
    if (counts && value.substr(0, end + 1) == tag) return true;
    value.remove_prefix(end + 1);
  }
  return false;
}

bool is_named(const http::field& line, const char* bytes, std::string_view name) noexcept {
  return line.name_size == name.size() && base::equal_ignoring_case(http::name_of(line, bytes), name);
}

// A list may be spread over several lines.
condition tag_condition(const http::request_head& head, const char* bytes, std::string_view name,
                        std::string_view tag, comparison how) noexcept {
  condition out;
  for (const http::field& line : head.fields) {
    if (!is_named(line, bytes, name)) continue;
    out.present = true;
    out.met = out.met || lists(http::value_of(line, bytes), tag, how);
  }
  return out;
}

std::optional<std::int64_t> date_of(const http::request_head& head, const char* bytes, std::string_view name,
                                    std::int64_t now) noexcept {
  const std::string_view value = field_value(head, bytes, name);
  return value.empty() ? std::nullopt : http::parse_date(value, now);
}

}  // namespace

std::string_view field_value(const http::request_head& head, const char* bytes, std::string_view name) noexcept {
  for (const http::field& line : head.fields)
    if (is_named(line, bytes, name)) return http::value_of(line, bytes);
  return {};
}

verdict evaluate(const http::request_head& head, const char* bytes, const validators& of, std::int64_t now) {
  const condition match = tag_condition(head, bytes, "if-match", of.tag, comparison::strong);
  if (match.present && !match.met) return verdict::precondition_failed;
  if (!match.present) {
    const auto unmodified_since = date_of(head, bytes, "if-unmodified-since", now);
    if (unmodified_since && of.modified > *unmodified_since) return verdict::precondition_failed;
  }
  const condition none_match = tag_condition(head, bytes, "if-none-match", of.tag, comparison::weak);
  if (none_match.present) return none_match.met ? verdict::not_modified : verdict::send;
  const auto modified_since = date_of(head, bytes, "if-modified-since", now);
  return modified_since && of.modified <= *modified_since ? verdict::not_modified : verdict::send;
}

bool range_applies(const http::request_head& head, const char* bytes, const validators& of, std::int64_t now) {
  const std::string_view value = field_value(head, bytes, "if-range");
  if (value.empty()) return true;
  if (value.starts_with('"') || value.starts_with("W/")) return value == of.tag;
  const auto date = http::parse_date(value, now);
  return date && *date == of.modified && of.modified < now;
}

}  // namespace cardea::proxy::files
