#include "config/scalars.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace cardea::config {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::array<unit, 11> duration_units{{{"ns", 1},
                                               {"us", 1'000},
                                               {"\xc2\xb5s", 1'000},  // U+00B5, as Go writes it
                                               {"\xce\xbcs", 1'000},  // U+03BC
                                               {"ms", 1'000'000},
                                               {"s", second_ns},
                                               {"m", 60 * second_ns},
                                               {"h", 3'600 * second_ns},
                                               {"d", 86'400 * second_ns},
                                               {"w", 7 * 86'400 * second_ns},
                                               {"M", 30 * 86'400 * second_ns}}};

constexpr std::array<unit, 13> size_units{{{"", 1},
                                           {"b", 1},
                                           {"k", 1U << 10U},
                                           {"ki", 1U << 10U},
                                           {"kib", 1U << 10U},
                                           {"kb", 1'000},
                                           {"m", 1U << 20U},
                                           {"mi", 1U << 20U},
                                           {"mib", 1U << 20U},
                                           {"mb", 1'000'000},
                                           {"g", 1U << 30U},
                                           {"gib", 1U << 30U},
                                           {"gb", 1'000'000'000}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t Count>
const unit* find_unit(const std::array<unit, Count>& units, std::string_view name) {
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const unit& one) { return one.name == name; });
  return found == units.end() ? nullptr : &*found;
}

// The digits at the front of `text`, removed from it; nothing when there are none or too many.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

constexpr std::uint64_t nanoseconds_max = std::numeric_limits<std::int64_t>::max();

// One `number[.fraction]unit` from the front of `text`.
std::optional<std::uint64_t> take_duration_part(std::string_view& text) {
  const auto whole = take_number(text);
  if (!whole) return std::nullopt;
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    fraction = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    if (fraction.empty()) return std::nullopt;
    text.remove_prefix(fraction.size());
  }
  const auto unit_end = std::find_if(text.begin(), text.end(), is_digit);
  const auto name = text.substr(0, static_cast<std::size_t>(unit_end - text.begin()));
  const unit* found = find_unit(duration_units, name);
  if (found == nullptr || *whole > nanoseconds_max / found->factor) return std::nullopt;
  text.remove_prefix(name.size());
  std::uint64_t part = *whole * found->factor;
  std::uint64_t scale = found->factor;
  for (const char digit : fraction) part += static_cast<std::uint64_t>(digit - '0') * (scale /= 10);
  return part;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  for (const std::string_view word : {"true", "yes", "on", "1"})
    if (base::equal_ignoring_case(text, word)) return true;
  for (const std::string_view word : {"false", "no", "off", "0"})
    if (base::equal_ignoring_case(text, word)) return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto part = take_duration_part(text);
    if (!part || *part > nanoseconds_max - total) return std::nullopt;
    total += *part;
  }
  const auto value = static_cast<std::int64_t>(total);
  return std::chrono::nanoseconds(negative ? -value : value);
}

std::optional<std::size_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  const unit* found = find_unit(size_units, base::to_lower(base::trim(text)));
  if (found == nullptr || *number > std::numeric_limits<std::size_t>::max() / found->factor)
    return std::nullopt;
  return *number * found->factor;
}

std::optional<address> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  if (digits.empty() || !is_digit(digits.front())) return std::nullopt;
  const auto port = take_number(digits);
  if (!port || !digits.empty() || *port > 65'535) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_ip(host)) return std::nullopt;
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address needs brackets: where does its port begin?
  }
  if (!host.empty() && !is_host(host)) return std::nullopt;
  return address{base::to_lower(host), static_cast<std::uint16_t>(*port)};
}

std::string to_string(const address& value) {
  const bool brackets = value.host.find(':') != std::string::npos;
  return (brackets ? '[' + value.host + ']' : value.host) + ':' + std::to_string(value.port);
}

bool is_host_with_optional_port(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) return is_ip(text.substr(1, text.size() - 2));
  if (is_host(text)) return true;
  const auto with_port = parse_address(text);
  return with_port && !with_port->host.empty() && with_port->port > 0;
}

bool is_ip(std::string_view text) {
  const std::string terminated(text);
  in6_addr storage{};
  return terminated.find('\0') == std::string::npos &&
         (inet_pton(AF_INET, terminated.c_str(), &storage) == 1 ||
          inet_pton(AF_INET6, terminated.c_str(), &storage) == 1);
}

bool is_host(std::string_view text) {
  return is_ip(text) || (base::is_dns_name(base::normalise_dns_name(text)) && !base::is_wildcard(text) &&
                         base::trim(text) == text);
}

std::string folded(std::string_view key) {
  std::string out;
  out.reserve(key.size());
  for (const char c : key)
    if (c != '_') out += base::to_lower(c);
  return out;
}

bool may_be_secret(std::string_view key) {
  const std::string name = folded(key);
  for (const std::string_view ending : {"path", "file", "type", "url", "files", "endpoint"})
    if (name.ends_with(ending)) return false;
  constexpr std::array<std::string_view, 12> signs{"secret", "token",   "pass", "pwd",    "key",  "hmac",
                                                   "auth",   "credent", "pin",  "cookie", "salt", "private"};
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return name.find(sign) != std::string::npos; });
}

}  // namespace cardea::config
