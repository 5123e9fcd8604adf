#include "base/rfc3339.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace cardea::base {
namespace {

// Takes a number of exactly `digits` digits and the separator behind it.
std::optional<int> take(std::string_view& text, std::size_t digits, std::string_view separator) {
  int value = 0;
  if (text.size() < digits + separator.size()) return std::nullopt;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  if (!separator.empty() && separator.find(text.front()) == std::string_view::npos) return std::nullopt;
  if (!separator.empty()) text.remove_prefix(1);
  return value;
}

std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take(text, 2, ":");
  if (!hours || *hours > 23) return std::nullopt;
  const auto minutes = take(text, 2, "");
  if (!minutes || *minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

// wall_time counts nanoseconds in 64 bits, which last until 2262.
constexpr int years_from = 1700;
constexpr int years_to = 2261;

bool in_range(const std::tm& parts) {
  if (parts.tm_year + 1900 < years_from || parts.tm_year + 1900 > years_to) return false;
  const auto day = std::chrono::year_month_day(std::chrono::year(parts.tm_year + 1900),
                                               std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                               std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  return day.ok() && parts.tm_hour <= 23 && parts.tm_min <= 59 && parts.tm_sec <= 60;
}

}  // namespace

std::string to_rfc3339(wall_time when) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(when)));
}

std::optional<wall_time> from_rfc3339(std::string_view text) {
  std::tm parts{};
  const auto year = take(text, 4, "-");
  if (!year) return std::nullopt;
  const auto month = take(text, 2, "-");
  if (!month) return std::nullopt;
  const auto day = take(text, 2, "Tt ");
  if (!day) return std::nullopt;
  const auto hour = take(text, 2, ":");
  if (!hour) return std::nullopt;
  const auto minute = take(text, 2, ":");
  if (!minute) return std::nullopt;
  const auto second = take(text, 2, "");
  if (!second) return std::nullopt;
  if (text.starts_with('.')) {
    const auto end = text.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end);
  }
  const auto offset = offset_of(text);
  if (!offset) return std::nullopt;
  parts.tm_year = *year - 1900;
  parts.tm_mon = *month - 1;
  parts.tm_mday = *day;
  parts.tm_hour = *hour;
  parts.tm_min = *minute;
  parts.tm_sec = *second;
  if (!in_range(parts)) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts)) - *offset;
}

}  // namespace cardea::base
