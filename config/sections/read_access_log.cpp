#include "config/sections/read_access_log.hpp"

#include "base/text.hpp"
#include "config/scalars.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace cardea::config {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t retention_max = 1'000'000'000'000;
constexpr std::uint64_t day = 86'400;
constexpr std::uint64_t kibi = 1'024;

// GoDoxy's units: a capital B is bytes, a small one bits.
struct unit {
  std::string_view name;
  log_retention::kind what;
  std::uint64_t times;
  std::uint64_t divided_by = 1;
};
constexpr std::array<unit, 15> units{{{"day", log_retention::kind::age, day},
                                      {"days", log_retention::kind::age, day},
                                      {"week", log_retention::kind::age, 7 * day},
                                      {"weeks", log_retention::kind::age, 7 * day},
                                      {"month", log_retention::kind::age, 30 * day},
                                      {"months", log_retention::kind::age, 30 * day},
                                      {"KB", log_retention::kind::bytes, kibi},
                                      {"MB", log_retention::kind::bytes, kibi* kibi},
                                      {"GB", log_retention::kind::bytes, kibi* kibi* kibi},
                                      {"kb", log_retention::kind::bytes, kibi, 8},
                                      {"Kb", log_retention::kind::bytes, kibi, 8},
                                      {"mb", log_retention::kind::bytes, kibi* kibi, 8},
                                      {"Mb", log_retention::kind::bytes, kibi* kibi, 8},
                                      {"gb", log_retention::kind::bytes, kibi* kibi* kibi, 8},
                                      {"Gb", log_retention::kind::bytes, kibi* kibi* kibi, 8}}};

constexpr std::string_view retention_syntax =
    "\"N days\", \"N weeks\", \"N months\", \"last N\" (lines) or a size like \"100 MB\", N at least 1";

std::optional<log_retention> parse_retention(std::string_view text) {
  text = base::trim(text);
  const auto blank = text.find_first_of(" \t");
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, blank);
  const std::string_view second = base::trim(text.substr(blank));
  const bool is_last = first == "last";
  const auto number = parse_integer(is_last ? second : first);
  if (!number || *number < 1 || *number > retention_max) return std::nullopt;
  const auto amount = static_cast<std::uint64_t>(*number);
  if (is_last) return log_retention{log_retention::kind::lines, amount};
  const auto* const found = std::find_if(units.begin(), units.end(), [&](const unit& one) { return one.name == second; });
  if (found == units.end() || amount > std::numeric_limits<std::uint64_t>::max() / 2 / found->times) return std::nullopt;
  return log_retention{found->what, amount * found->times / found->divided_by};
}

// GoDoxy's form as an object: one of three numbers.
void read_retention_numbers(const value& from, log_retention& into) {
  mapping keys(from);
  std::size_t days = 0;
  std::size_t last = 0;
  std::size_t size = 0;
  keys.read_integer("days", days, 0, 36'500);
  keys.read_integer("last", last, 0, retention_max);
  keys.read_size("keep_size", size, 0, std::size_t{1} << 50U);
  keys.finish();
  if ((days != 0) + (last != 0) + (size != 0) != 1)
    return from.fail(errc::invalid_value, "expected one of days, last and keep_size, not 0");
  if (days != 0) into = {log_retention::kind::age, days * day};
  if (last != 0) into = {log_retention::kind::lines, last};
  if (size != 0) into = {log_retention::kind::bytes, size};
}

void read_retention(mapping& keys, log_retention& into) {
  const auto first = keys.take("retention");
  const auto second = keys.take("keep");
  if (first && second && !first->is_null() && !second->is_null())
    return second->fail(errc::duplicate, "is another name of retention; write one of both");
  const auto found = first && !first->is_null() ? first : second;
  if (!found || found->is_null()) return;
  if (found->tree().kind == node_kind::mapping) return read_retention_numbers(*found, into);
  const auto text = found->text();
  if (!text || text->empty()) return;
  if (const auto parsed = parse_retention(*text))
    into = *parsed;
  else
    found->expected(retention_syntax);
}

void read_format(mapping& keys, access_log_format& into) {
  const auto found = keys.take("format");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  const std::string name = base::to_lower(*text);
  if (name == "common")
    into = access_log_format::common;
  else if (name == "combined")
    into = access_log_format::combined;
  else if (name == "json")
    into = access_log_format::json;
  else
    found->expected("common, combined or json");
}

template <class Value, class Parse>
void read_filter(mapping& filters, std::string_view key, std::string_view what, access_log_filter<Value>& into,
                 Parse parse) {
  const auto found = filters.take(key);
  if (!found || found->is_off()) return;
  const auto section = found->as_mapping();
  if (!section) return;
  mapping keys(*section);
  keys.read("negative", into.negative);
  if (const auto list = keys.take("values"))
    for (const value& item : list->items()) {
      const auto text = item.text();
      if (!text) continue;
      if (auto parsed = parse(*text))
        into.values.push_back(std::move(*parsed));
      else
        item.expected(what);
    }
  keys.finish();
}

std::optional<status_range> parse_status_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto low = parse_integer(base::trim(text.substr(0, dash)));
  const auto high = dash == std::string_view::npos ? low : parse_integer(base::trim(text.substr(dash + 1)));
  if (!low || !high || *low < 100 || *high > 599 || *low > *high) return std::nullopt;
  return status_range{static_cast<std::uint16_t>(*low), static_cast<std::uint16_t>(*high)};
}

std::optional<header_match> parse_header_match(const std::string& text) {
  const auto equals = text.find('=');
  header_match out{std::string(base::trim(std::string_view(text).substr(0, equals))), std::nullopt};
  if (out.name.empty()) return std::nullopt;
  if (equals != std::string::npos) out.value = std::string(base::trim(std::string_view(text).substr(equals + 1)));
  return out;
}

std::optional<std::string> parse_word(const std::string& text) {
  const bool is_word = !text.empty() && text.find_first_of(" \t\r\n") == std::string::npos;
  return is_word ? std::optional(text) : std::nullopt;
}

std::optional<base::address_range> parse_range(const std::string& text) {
  const auto parsed = base::address_range::parse(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

void read_filters(const value& from, access_log_filters& into) {
  const auto section = from.as_mapping();
  if (!section) return;
  mapping keys(*section);
  read_filter(keys, "status_codes", "a status like 404 or a range like 500-599", into.status_codes, parse_status_range);
  read_filter(keys, "method", "a method like GET", into.method, parse_word);
  read_filter(keys, "host", "a host name", into.host, parse_word);
  read_filter(keys, "headers", "NAME or NAME=value", into.headers, parse_header_match);
  read_filter(keys, "cidr", "an IP address or a network like 10.0.0.0/8", into.cidr, parse_range);
  keys.finish();
}

std::optional<field_mode> parse_mode(const std::string& text) {
  const std::string name = base::to_lower(text);
  if (name == "keep") return field_mode::keep;
  if (name == "drop") return field_mode::drop;
  if (name == "redact") return field_mode::redact;
  return std::nullopt;
}

void read_mode(const value& from, field_mode& into) {
  const auto text = from.text();
  if (!text || text->empty()) return;
  if (const auto mode = parse_mode(*text))
    into = *mode;
  else
    from.expected("keep, drop or redact");
}

void read_policy(mapping& fields, std::string_view key, std::string_view other_name, field_policy& into) {
  const auto first = fields.take(key);
  const auto second = fields.take(other_name);
  if (first && second && !first->is_off() && !second->is_off())
    return second->fail(errc::duplicate, "stands here under two names; write one of both");
  const auto found = first && !first->is_off() ? first : second;
  const auto section = found && !found->is_off() ? found->as_mapping() : std::nullopt;
  if (!section) return;
  mapping keys(*section);
  if (const auto otherwise = keys.take("default")) read_mode(*otherwise, into.otherwise);
  if (const auto named = keys.take("config"); named && !named->is_off())
    if (const auto modes = named->as_mapping())
      for (const member& one : modes->tree().members) {
        const place where{modes->where().file, one.value.at, child_path(modes->where().path, one.key)};
        field_mode mode = into.otherwise;
        read_mode(value(modes->sink(), one.value, where, false), mode);
        into.named.emplace_back(one.key, mode);
      }
  keys.finish();
}

}  // namespace

std::shared_ptr<const access_log_section> read_access_log(mapping& keys_around) {
  const auto found = keys_around.take("access_log");
  if (!found || found->is_off()) return nullptr;
  const auto section = found->as_mapping();
  if (!section) return nullptr;
  auto out = std::make_shared<access_log_section>();
  mapping keys(*section);
  keys.read("path", out->path);
  keys.read("stdout", out->to_stdout);
  read_format(keys, out->format);
  read_retention(keys, out->retention);
  keys.read("rotate_interval", out->rotate_interval, std::chrono::seconds(1), std::chrono::hours(24 * 30));
  if (const auto filters = keys.take("filters"); filters && !filters->is_off()) read_filters(*filters, out->filters);
  if (const auto fields = keys.take("fields"); fields && !fields->is_off())
    if (const auto kinds = fields->as_mapping()) {
      mapping policies(*kinds);
      read_policy(policies, "headers", "header", out->headers);
      read_policy(policies, "query", "queries", out->query);
      read_policy(policies, "cookies", "cookie", out->cookies);
      policies.finish();
    }
  keys.finish();
  if (out->path.empty() && !out->to_stdout)
    found->fail(errc::missing_field, "path or stdout is required: where the lines go");
  return out;
}

}  // namespace cardea::config
