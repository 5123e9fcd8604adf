#include "base/retry_after.hpp"

#include "base/text.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace cardea::base {
namespace {

using std::chrono::seconds;

constexpr seconds retry_after_max = std::chrono::hours(24);
constexpr int years_to = 2261;  // what wall_time can hold

std::optional<wall_time> parse_http_date(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  parts.tm_year = std::clamp(parts.tm_year, 0, years_to - 1900);
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, wall_time now) {
  value = trim(value);
  if (value.empty()) return std::nullopt;
  std::int64_t count = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (end == value.data() + value.size()) {
    if (failure == std::errc::result_out_of_range) return retry_after_max;
    if (failure == std::errc{} && count >= 0)
      return std::min(seconds(std::min<std::int64_t>(count, 1'000'000)), retry_after_max);
    return std::nullopt;
  }
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds(0), retry_after_max);
}

}  // namespace cardea::base
