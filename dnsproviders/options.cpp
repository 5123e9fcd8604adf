#include "dnsproviders/options.hpp"

#include "base/atomic_file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 6> common{{
    {"propagation_timeout", {}, false, false, {}, "how long to wait until the record is visible"},
    {"polling_interval", {}, false, false, {}, "how often to look for it"},
    {"ttl", {}, false, false, {}, "of the record, in seconds"},
    {"http_timeout", {}, false, false, {}, "for one request to the vendor"},
    {"sequence_interval",
     {},
     false,
     false,
     {},
     "accepted for compatibility: records are written side by side"},
    {"api_url", {}, false, false, {}, "replaces the vendor's base address"},
}};
constexpr std::size_t secret_file_bytes_max = 64 * 1024;
constexpr double duration_seconds_max = 1'000'000;

std::string folded(std::string_view key) {
  std::string out;
  for (const char c : key)
    if (c != '_') out += base::to_lower(c);
  return out;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "90" (seconds), "500ms", "1h30m", "1.5h", as Go writes durations; nothing for anything else.
std::optional<double> seconds_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> units{
      {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}}};
  const bool is_bare = std::all_of(text.begin(), text.end(), is_digit);
  double sum = 0;
  while (!text.empty()) {
    double count = 0;
    const auto [end, failure] =
        std::from_chars(text.data(), text.data() + text.size(), count, std::chars_format::fixed);
    if (failure != std::errc{} || !is_digit(text.front()) || !is_digit(end[-1])) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (is_bare) return count;
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789"));
    const auto* const known =
        std::find_if(units.begin(), units.end(), [&](const auto& each) { return each.first == unit; });
    if (known == units.end()) return std::nullopt;
    sum += count * known->second;
    text.remove_prefix(unit.size());
  }
  return sum;
}

const option_spec* find(const provider_metadata& of, std::string_view key) {
  const std::string wanted = folded(key);
  for (const auto list : {of.options, common_options()})
    for (const option_spec& each : list) {
      if (folded(each.key) == wanted) return &each;
      // The well-known environment-style name, written in the file.
      const std::string all = environment_names(of, each);
      std::string_view names = all;
      while (!names.empty()) {
        const auto blank = names.find(' ');
        if (folded(names.substr(0, blank)) == wanted) return &each;
        names = blank == std::string_view::npos ? std::string_view{} : names.substr(blank + 1);
      }
    }
  return nullptr;
}

bool is_misplaced(const provider_metadata& of, std::string_view key) {
  std::string_view names = of.misplaced_options;
  while (!names.empty()) {
    const auto blank = names.find(' ');
    if (folded(names.substr(0, blank)) == folded(key)) return true;
    names = blank == std::string_view::npos ? std::string_view{} : names.substr(blank + 1);
  }
  return false;
}

std::string suggestion(const provider_metadata& of, std::string_view key) {
  std::vector<std::string_view> names;
  for (const option_spec& each : of.options) names.push_back(each.key);
  for (const option_spec& each : common) names.push_back(each.key);
  const auto near = base::nearest(key, names);
  return near ? "; did you mean '" + std::string(*near) + "'?" : "";
}

base::error option_error(std::string_view provider, std::string_view key, std::string_view why) {
  return {base::errc::invalid_argument,
          std::string(provider) + ": option '" + std::string(key) + "' " + std::string(why)};
}

base::result<std::optional<std::string>> from_environment(const provider_metadata& of,
                                                          const option_spec& option,
                                                          const environment_lookup& lookup) {
  const std::string all = environment_names(of, option);
  std::string_view names = all;
  while (!names.empty()) {
    const auto blank = names.find(' ');
    const std::string name(names.substr(0, blank));
    names = blank == std::string_view::npos ? std::string_view{} : names.substr(blank + 1);
    if (auto value = lookup(name); value && !value->empty()) return value;
    const auto path = lookup(name + "_FILE");
    if (!path || path->empty()) continue;
    auto content = base::read_file(*path, secret_file_bytes_max);
    if (!content)
      return option_error(of.name, option.key,
                          "cannot be read from " + name + "_FILE: " + content.error().message());
    return std::optional<std::string>(base::trim(*content));
  }
  return std::optional<std::string>();
}

}  // namespace

// The other side of option_error.
std::string named_option(const base::error& from) {
  constexpr std::string_view before = ": option '";
  const auto begin = from.context.find(before);
  if (begin == std::string::npos) return {};
  const auto name = begin + before.size();
  return from.context.substr(name, from.context.find('\'', name) - name);
}

std::span<const option_spec> common_options() noexcept { return common; }

std::string environment_names(const provider_metadata& of, const option_spec& option) {
  if (!option.environment.empty()) return std::string(option.environment);
  const bool is_common = std::any_of(common.begin(), common.end(),
                                     [&](const option_spec& each) { return each.key == option.key; });
  std::string out;
  std::string_view prefixes = is_common ? of.environment_prefix : std::string_view{};
  while (!prefixes.empty()) {
    const auto blank = prefixes.find(' ');
    out += (out.empty() ? "" : " ") + std::string(prefixes.substr(0, blank));
    for (const char c : option.key) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    prefixes = blank == std::string_view::npos ? std::string_view{} : prefixes.substr(blank + 1);
  }
  return out;
}

base::result<option_values> option_values::read(const provider_metadata& of,
                                                const std::map<std::string, base::secret>& given,
                                                const environment_lookup& lookup) {
  option_values out;
  out.provider_ = of.name;
  for (const auto& [key, value] : given) {
    const option_spec* known = find(of, key);
    if (known == nullptr && is_misplaced(of, key)) return option_error(of.name, key, of.misplaced_advice);
    if (known == nullptr) return option_error(of.name, key, "is unknown" + suggestion(of, key));
    if (!out.values_.try_emplace(std::string(known->key), value).second)
      return option_error(of.name, known->key, "is given twice, in two spellings");
  }
  for (const option_spec& each : of.options) {
    if (out.values_.contains(each.key) && !out.values_.find(each.key)->second.empty()) continue;
    auto found = from_environment(of, each, lookup);
    if (!found) return found.error();
    if (*found)
      out.values_.insert_or_assign(std::string(each.key), base::secret(std::move(**found)));
    else if (each.required)
      return option_error(
          of.name, each.key,
          "is missing (" + std::string(each.help) + "); environment: " + std::string(each.environment));
    else if (!each.fallback.empty())
      out.values_.insert_or_assign(std::string(each.key), base::secret(std::string(each.fallback)));
  }
  for (const option_spec& each : common) {
    if (out.values_.contains(each.key)) continue;
    auto found = from_environment(of, each, lookup);
    if (!found) return found.error();
    if (*found) out.values_.insert_or_assign(std::string(each.key), base::secret(std::move(**found)));
  }
  return out;
}

const std::string& option_values::operator[](std::string_view key) const {
  const static std::string none;
  const auto at = values_.find(key);
  return at == values_.end() ? none : at->second.reveal();
}

base::error option_values::wrong(std::string_view key, std::string_view why) const {
  return option_error(provider_, key, why);
}

base::result<std::chrono::milliseconds> option_values::duration(std::string_view key) const {
  const std::string& text = (*this)[key];
  const std::optional<double> seconds = seconds_of(text);
  if (text.empty() || !seconds || *seconds > duration_seconds_max)
    return wrong(
        key, "is not a duration: expected seconds, or numbers with ms, s, m or h, 1000000 seconds at most");
  return std::chrono::milliseconds(std::llround(*seconds * 1'000));
}

base::result<std::chrono::milliseconds> option_values::timeout(std::string_view key) const {
  auto value = duration(key);
  if (value && value->count() == 0) return wrong(key, "must be more than nothing");
  return value;
}

base::result<bool> option_values::flag(std::string_view key) const {
  constexpr std::array<std::string_view, 6> yes{"true", "yes", "on", "1", "t", "y"};
  constexpr std::array<std::string_view, 7> no{"", "false", "no", "off", "0", "f", "n"};
  const std::string text = base::to_lower((*this)[key]);
  if (std::find(yes.begin(), yes.end(), text) != yes.end()) return true;
  if (std::find(no.begin(), no.end(), text) != no.end()) return false;
  return wrong(key, "is neither true nor false");
}

base::result<int> option_values::number(std::string_view key, int low, int high) const {
  const std::string& text = (*this)[key];
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < low || value > high)
    return wrong(key, "is not a number from " + std::to_string(low) + " to " + std::to_string(high));
  return value;
}

}  // namespace cardea::dnsproviders
