#include "config/sections/read_load_balance.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "config/scalars.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cardea::config {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t weight_max = 1'000;
constexpr std::int64_t retries_max = 9;
constexpr milliseconds pause_max = std::chrono::hours(1);
constexpr std::size_t secret_bytes_min = 16;

// Compared without case, underscores and dashes.
constexpr std::array<std::pair<std::string_view, balance_mode>, 12> modes{{
    {"roundrobin", balance_mode::round_robin},
    {"rr", balance_mode::round_robin},
    {"leastconn", balance_mode::least_conn},
    {"leastconnections", balance_mode::least_conn},
    {"leastconns", balance_mode::least_conn},
    {"iphash", balance_mode::ip_hash},
    {"poweroftwo", balance_mode::power_of_two},
    {"poweroftwochoices", balance_mode::power_of_two},
    {"randomtwo", balance_mode::power_of_two},
    {"p2c", balance_mode::power_of_two},
    {"hash", balance_mode::hash},
    {"consistenthash", balance_mode::hash},
}};

std::string without_dashes(std::string text) {
  std::erase(text, '-');
  return text;
}

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (base::to_lower(c) >= 'a' && base::to_lower(c) <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

void read_mode(mapping& keys, load_balance_section& into) {
  const auto found = keys.take("mode");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  const std::string name = without_dashes(folded(*text));
  const auto* const at =
      std::find_if(modes.begin(), modes.end(), [&](const auto& one) { return one.first == name; });
  if (at == modes.end())
    return found->expected("round_robin, least_conn, ip_hash, power_of_two or hash");
  into.mode = at->second;
  into.mode_given = true;
}

void read_hash_on(mapping& keys, load_balance_section& into) {
  const auto found = keys.take("hash_on");
  const auto text = found ? found->text() : std::nullopt;
  const bool is_given = text && !text->empty();
  if (!is_given) {
    if (into.mode == balance_mode::hash) {
      const place where = keys.place_of("hash_on");
      keys.whole().sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                                 "missing field hash_on: what is hashed, as in header:X-User, cookie:session, path "
                                 "or client"});
    }
    return;
  }
  if (into.mode_given && into.mode != balance_mode::hash)
    return found->fail(errc::invalid_value, "has a meaning with mode hash only");
  into.mode = balance_mode::hash;
  into.mode_given = true;
  const auto colon = std::min(text->find(':'), text->size());
  const std::string kind = base::to_lower(text->substr(0, colon));
  const std::string name = colon < text->size() ? text->substr(colon + 1) : std::string();
  const bool has_name = kind == "header" || kind == "cookie";
  if (has_name ? !is_token(name) : !name.empty() || (kind != "path" && kind != "client"))
    return found->expected("header:NAME, cookie:NAME, path or client");
  into.hash_name = name;
  into.hash_on = kind == "header"   ? hash_source::header
                 : kind == "cookie" ? hash_source::cookie
                 : kind == "path"   ? hash_source::path
                                    : hash_source::client;
}

void read_link(mapping& keys, load_balance_section& into) {
  const auto found = keys.take("link");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  into.link = base::normalise_dns_name(*text);
  if (!base::is_dns_name(into.link)) found->expected("the name of the group: a label or a host name");
}

// GoDoxy's options of a mode: ip_hash has those of its middleware real_ip.
void read_real_ip(const value& from, load_balance_section& into) {
  const auto section = from.as_mapping();
  if (!section) return;
  if (into.mode_given && into.mode != balance_mode::ip_hash)
    return from.fail(errc::invalid_value, "has a meaning with mode ip_hash only");
  mapping keys(*section);
  if (const auto found = keys.take("header"))
    if (const auto text = found->text(); text && !text->empty()) {
      if (!is_token(*text)) found->expected("the name of a header");
      into.real_ip.header = *text;
    }
  const auto list = keys.take("from");
  if (list)
    for (const value& item : list->items()) {
      const auto text = item.text();
      if (!text) continue;
      if (const auto range = base::address_range::parse(*text))
        into.real_ip.from.push_back(*range);
      else
        item.expected("an IP address or a network like 10.0.0.0/8");
    }
  if (!list || list->is_null()) {
    const place where = keys.place_of("from");
    from.sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                       "missing field from: the addresses of the proxies whose header is believed"});
  }
  keys.read("recursive", into.real_ip.recursive);
  keys.finish();
}

// A percentage may be written with its sign.
void read_percent(mapping& keys, std::string_view key, std::size_t& into) {
  const auto found = keys.take(key);
  auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  if (text->ends_with('%')) text->pop_back();
  const auto parsed = parse_integer(base::trim(*text));
  if (!parsed || *parsed < 0 || *parsed > 100) return found->expected("a percentage from 0 to 100");
  into = static_cast<std::size_t>(*parsed);
}

}  // namespace

load_balance_section read_load_balance(const value& from) {
  load_balance_section out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  read_link(keys, out);
  read_mode(keys, out);
  read_hash_on(keys, out);
  keys.read_integer("weight", out.weight, 0, weight_max);
  // GoDoxy's 0 is "not given".
  out.weight = std::max<std::size_t>(out.weight, 1);
  keys.read("sticky", out.sticky);
  keys.read("sticky_max_age", out.sticky_max_age, milliseconds(0), std::chrono::hours(24 * 400));
  if (const auto found = keys.take("sticky_secret"))
    if (const auto text = found->text(); text && !text->empty()) {
      out.sticky_secret = *text;
      if (text->size() < secret_bytes_min) found->fail(errc::invalid_value, "expected at least 16 bytes");
    }
  keys.read_integer("retries", out.retries, 0, retries_max);
  read_percent(keys, "retry_budget", out.retry_budget);
  keys.read_integer("max_fails", out.max_fails, 0, 1'000);
  keys.read("fail_timeout", out.fail_timeout, milliseconds(10), pause_max);
  keys.read("fail_timeout_max", out.fail_timeout_max, milliseconds(10), pause_max);
  out.fail_timeout_max = std::max(out.fail_timeout, out.fail_timeout_max);
  keys.read("slow_start", out.slow_start, milliseconds(0), pause_max);
  read_percent(keys, "panic_threshold", out.panic_threshold);
  for (const std::string_view key : {"options", "config"})
    if (const auto found = keys.take(key); found && !found->is_off()) read_real_ip(*found, out);
  keys.finish();
  return out;
}

}  // namespace cardea::config
