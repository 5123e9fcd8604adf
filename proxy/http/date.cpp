#include "proxy/http/date.hpp"

#include "proxy/http/characters.hpp"

#include <algorithm>
#include <chrono>

namespace cardea::proxy::http {
namespace {

using std::chrono::sys_days;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                        "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t year_0 = -62'167'219'200;
constexpr std::int64_t end_of_9999 = 253'402'300'799;

/// Takes a date apart from the left; once something does not fit, nothing does any more.
class scanner {
 public:
  explicit scanner(std::string_view text) noexcept : rest_(text) {}

  void expect(std::string_view literal) noexcept {
    if (rest_.starts_with(literal))
      rest_.remove_prefix(literal.size());
    else
      failed_ = true;
  }
  /// Which of the names comes; 0 when none does.
  template <std::size_t N>
  [[nodiscard]] unsigned name(const std::array<std::string_view, N>& names) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return static_cast<unsigned>(i);
    }
    failed_ = true;
    return 0;
  }
  [[nodiscard]] int number(std::size_t digits) noexcept {
    int out = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || !is_digit(rest_[i])) {
        failed_ = true;
        return 0;
      }
      out = out * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return out;
  }
  [[nodiscard]] bool comes(std::string_view literal) const noexcept { return rest_.starts_with(literal); }
  [[nodiscard]] bool finished() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

struct parts {
  int year = 0;
  unsigned month = 0;  ///< from 0
  int day = 0, hour = 0, minute = 0, second = 0;
};

void read_time(scanner& from, parts& into) noexcept {
  into.hour = from.number(2);
  from.expect(":");
  into.minute = from.number(2);
  from.expect(":");
  into.second = from.number(2);
}

std::optional<std::int64_t> seconds_of(const parts& from) noexcept {
  using std::chrono::day, std::chrono::month, std::chrono::year;
  const std::chrono::year_month_day date{year(from.year), month(from.month + 1), day(static_cast<unsigned>(from.day))};
  if (!date.ok() || from.hour > 23 || from.minute > 59 || from.second > 60) return std::nullopt;
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  return days * day_seconds + from.hour * 3'600 + from.minute * 60 + from.second;
}

std::optional<std::int64_t> parse_fixdate(std::string_view text) noexcept {
  scanner from(text);
  parts found;
  static_cast<void>(from.name(weekdays));
  from.expect(", ");
  found.day = from.number(2);
  from.expect(" ");
  found.month = from.name(months);
  from.expect(" ");
  found.year = from.number(4);
  from.expect(" ");
  read_time(from, found);
  from.expect(" GMT");
  return from.finished() ? seconds_of(found) : std::nullopt;
}

// A year of two digits that seems more than 50 years ahead is the most recent past one with those digits.
std::optional<std::int64_t> parse_rfc850(std::string_view text, std::int64_t now) noexcept {
  scanner from(text);
  parts found;
  static_cast<void>(from.name(long_weekdays));
  from.expect(", ");
  found.day = from.number(2);
  from.expect("-");
  found.month = from.name(months);
  from.expect("-");
  const int digits = from.number(2);
  from.expect(" ");
  read_time(from, found);
  from.expect(" GMT");
  if (!from.finished()) return std::nullopt;
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(std::clamp(now, year_0, end_of_9999))))};
  const int this_year = int(today.year());
  found.year = this_year - this_year % 100 + digits;
  if (found.year > this_year + 50) found.year -= 100;
  return seconds_of(found);
}

std::optional<std::int64_t> parse_asctime(std::string_view text) noexcept {
  scanner from(text);
  parts found;
  static_cast<void>(from.name(weekdays));
  from.expect(" ");
  found.month = from.name(months);
  from.expect(" ");
  if (from.comes(" ")) {
    from.expect(" ");
    found.day = from.number(1);
  } else {
    found.day = from.number(2);
  }
  from.expect(" ");
  read_time(from, found);
  from.expect(" ");
  found.year = from.number(4);
  return from.finished() ? seconds_of(found) : std::nullopt;
}

}  // namespace

date_text format_date(std::int64_t seconds) noexcept {
  seconds = std::clamp(seconds, year_0, end_of_9999);
  const std::int64_t day = (seconds - year_0) / day_seconds;  // counted from the first, so that it rounds down
  const std::int64_t of_day = (seconds - year_0) % day_seconds;
  const sys_days date{std::chrono::days(day + year_0 / day_seconds)};
  const std::chrono::year_month_day parts{date};
  date_text out{};
  char* at = out.text.data();
  const auto text = [&](std::string_view piece) { at = std::copy(piece.begin(), piece.end(), at); };
  const auto number = [&](std::int64_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
    at += digits;
  };
  text(weekdays[std::chrono::weekday(date).c_encoding()]);
  text(", ");
  number(unsigned(parts.day()), 2);
  text(" ");
  text(months[unsigned(parts.month()) - 1]);
  text(" ");
  number(int(parts.year()), 4);
  text(" ");
  number(of_day / 3'600, 2);
  text(":");
  number(of_day / 60 % 60, 2);
  text(":");
  number(of_day % 60, 2);
  text(" GMT");
  return out;
}

std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now) noexcept {
  if (text.size() < 4) return std::nullopt;
  if (text[3] == ',') return parse_fixdate(text);
  return text[3] == ' ' ? parse_asctime(text) : parse_rfc850(text, now);
}

}  // namespace cardea::proxy::http
