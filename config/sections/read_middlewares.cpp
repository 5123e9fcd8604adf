#include "config/sections/read_middlewares.hpp"

#include "base/text.hpp"
#include "config/scalars.hpp"
#include "config/sections/path_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace cardea::config {
namespace {

enum class kind : std::uint8_t { real_ip, cidr_whitelist, rate_limit, hide_x_forwarded, modify_request, modify_response, error_page, always };

// Who the client is comes before whether he may, and that before what a request costs; edits come last.
struct named_kind {
  std::string_view name;
  kind means;
};
constexpr std::array<named_kind, 12> known{{
    {"real_ip", kind::real_ip},
    {"cidr_whitelist", kind::cidr_whitelist},
    {"rate_limit", kind::rate_limit},
    {"hide_x_forwarded", kind::hide_x_forwarded},
    {"modify_request", kind::modify_request},
    {"request", kind::modify_request},
    {"modify_response", kind::modify_response},
    {"response", kind::modify_response},
    {"error_page", kind::error_page},
    {"custom_error_page", kind::error_page},
    {"redirect_http", kind::always},
    {"set_x_forwarded", kind::always},
}};
constexpr std::array<std::string_view, 12> known_names{"real_ip",        "cidr_whitelist",   "rate_limit",
                                                       "hide_x_forwarded", "modify_request", "request",
                                                       "modify_response", "response",        "error_page",
                                                       "custom_error_page", "redirect_http", "set_x_forwarded"};

// What GoDoxy has and Cardea does not: each of these keeps somebody out, or shows him something else.
constexpr std::array<std::string_view, 7> refused{"oidc",        "forward_auth", "crowdsec",          "hcaptcha",
                                                  "modify_html", "themed",       "cloudflare_real_ip"};

// What frames a message or belongs to one connection is nobody's to set, on either side.
constexpr std::array<std::string_view, 13> never{
    "connection",        "content-length", "expect", "http2-settings", "keep-alive",        "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "te", "trailer",        "transfer-encoding", "upgrade",
    "proxy"};

constexpr std::size_t lines_max = 100;
constexpr std::size_t rate_max = 1'000'000;

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (base::to_lower(c) >= 'a' && base::to_lower(c) <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

void miss(const mapping& keys, std::string_view key, std::string_view what) {
  const place where = keys.place_of(key);
  keys.whole().sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                             fmt::format("missing field {}: {}", key, what)});
}

std::vector<base::address_range> read_ranges(mapping& keys, std::string_view key, std::string_view what) {
  std::vector<base::address_range> out;
  const auto list = keys.take(key);
  for (const value& item : list ? list->items() : std::vector<value>{}) {
    const auto text = item.text();
    if (!text) continue;
    if (const auto range = base::address_range::parse(*text))
      out.push_back(*range);
    else
      item.expected("an IP address or a network like 10.0.0.0/8");
  }
  if (!list || list->is_off()) miss(keys, key, what);
  return out;
}

class middleware_reader {
 public:
  middleware_reader(mapping& keys, const value& from) : keys_(keys), from_(from) {}

  [[nodiscard]] std::optional<middleware_section> read(kind of, std::string name) {
    middleware_section out{std::move(name), hide_x_forwarded{}};
    switch (of) {
      case kind::real_ip: out.options = read_real_ip(); break;
      case kind::cidr_whitelist: out.options = read_whitelist(); break;
      case kind::rate_limit: out.options = read_rate(); break;
      case kind::hide_x_forwarded: break;
      case kind::error_page: out.options = error_page{}; break;
      case kind::modify_request: out.options = read_edits(false); break;
      case kind::modify_response: out.options = read_edits(true); break;
      case kind::always: return std::nullopt;
    }
    return out;
  }

 private:
  real_ip read_real_ip() {
    real_ip out;
    if (const auto found = keys_.take("header"))
      if (const auto text = found->text(); text && !text->empty()) {
        if (!is_token(*text)) found->expected("the name of a header");
        out.from.header = *text;
      }
    out.from.from = read_ranges(keys_, "from", "the addresses of the proxies whose header is believed");
    keys_.read("recursive", out.from.recursive);
    return out;
  }

  cidr_whitelist read_whitelist() {
    cidr_whitelist out;
    out.allow = read_ranges(keys_, "allow", "the addresses that are let in");
    for (const std::string_view key : {"status_code", "status"})
      if (const auto found = keys_.take(key))
        if (const auto number = found->integer(400, 599)) out.status = static_cast<std::uint16_t>(*number);
    keys_.read_non_empty("message", out.message);
    return out;
  }

  rate_limit read_rate() {
    rate_limit out;
    const auto read_count = [this](std::string_view key, std::size_t& into) {
      const auto found = keys_.take(key);
      if (!found || found->is_null()) return miss(keys_, key, "requests of one client");
      if (const auto number = found->integer(1, rate_max)) into = static_cast<std::size_t>(*number);
    };
    read_count("average", out.average);
    read_count("burst", out.burst);
    keys_.read("period", out.period, std::chrono::seconds(1), std::chrono::hours(24));
    keys_.read_integer("clients_max", out.clients_max, 8, rate_max);
    return out;
  }

  modify_headers read_edits(bool of_response) {
    modify_headers out;
    out.of_response = of_response;
    if (!of_response) read_prefix(out);
    read_lines("set_headers", out.set, of_response, true);
    read_lines("add_headers", out.add, of_response, false);
    if (const auto list = keys_.take("hide_headers"))
      for (const value& item : list->items())
        if (const auto name = item.text(); name && is_free(item, *name, of_response, false)) out.hide.push_back(*name);
    return out;
  }

  void read_prefix(modify_headers& into) {
    const auto found = keys_.take("add_prefix");
    auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return;
    if (const std::string why = why_no_path(*text, true); !why.empty()) return found->expected("a path", why);
    if (text->ends_with('/')) text->pop_back();
    into.add_prefix = std::move(*text);
  }

  // Host may be set, of requests; it cannot be missing or there twice.
  static bool is_free(const value& at, std::string_view name, bool of_response, bool may_be_host) {
    if (!is_token(name)) {
      at.expected("the name of a header");
      return false;
    }
    const std::string lower = base::to_lower(name);
    const bool is_host_name = lower == "host" && !(may_be_host && !of_response);
    if (!is_host_name && std::find(never.begin(), never.end(), lower) == never.end()) return true;
    at.fail(errc::invalid_value, fmt::format("{} belongs to the connection or to the message's framing; remove it", name));
    return false;
  }

  void read_lines(std::string_view key, std::vector<modify_headers::line>& into, bool of_response, bool may_be_host) {
    const auto found = keys_.take(key);
    const auto section = found ? found->as_mapping() : std::nullopt;
    if (!section) return;
    if (section->tree().members.size() > lines_max)
      return found->fail(errc::limit_exceeded, fmt::format("more than {} headers", lines_max));
    for (const member& one : section->tree().members) {
      if (one.unresolved) continue;
      const value each(found->sink(), one.value,
                       {found->where().file, one.value.at, child_path(found->where().path, one.key)}, false);
      const auto text = each.text();
      if (!text || !is_free(each, one.key, of_response, may_be_host)) continue;
      std::vector<std::string> unknown;
      into.emplace_back(one.key, parse_field_template(*text, of_response, unknown));
      for (const std::string& name : unknown) each.warn(fmt::format("{} is no variable here and stays as it is", name));
    }
  }

  mapping& keys_;
  const value& from_;
};

struct placed_middleware {
  std::int64_t priority = 0;
  std::size_t height = 0;
  middleware_section section;
};

// Nothing when it has no effect, or is wrong.
std::optional<placed_middleware> read_one(std::string_view name, const value& at, mapping& keys) {
  const std::string wanted = folded(name);
  if (name.find('@') != std::string_view::npos) {
    at.fail(errc::unsupported, "files of middlewares are known from GoDoxy but not supported by this version of Cardea; "
                               "write its options here");
    return std::nullopt;
  }
  for (const std::string_view each : refused)
    if (folded(each) == wanted) {
      at.fail(errc::unsupported,
              each == "cloudflare_real_ip"
                  ? "known from GoDoxy but not supported by this version of Cardea; use real_ip with header: "
                    "CF-Connecting-IP and from: Cloudflare's networks"
                  : "known from GoDoxy but not supported by this version of Cardea; remove it");
      return std::nullopt;
    }
  const auto* const found =
      std::find_if(known.begin(), known.end(), [&](const named_kind& each) { return folded(each.name) == wanted; });
  if (found == known.end()) {
    at.fail(errc::unknown_key, "unknown middleware" + did_you_mean(name, known_names));
    return std::nullopt;
  }
  placed_middleware out;
  if (const auto priority = keys.take("priority")) out.priority = priority->integer(-1'000'000, 1'000'000).value_or(0);
  if (const auto bypass = keys.take("bypass"); bypass && !bypass->is_off())
    bypass->fail(errc::unsupported, "known from GoDoxy but not supported by this version of Cardea; remove it");
  auto section = middleware_reader(keys, at).read(found->means, std::string(found->name));
  keys.finish();
  if (!section) {
    at.sink().note_once(found->name, {errc::unsupported, std::string(at.where().file), at.where().at, at.where().path,
                                      found->name == "redirect_http"
                                          ? "has no effect: Cardea redirects http to https by itself"
                                          : "has no effect: Cardea sets X-Forwarded-For anew by itself"});
    return std::nullopt;
  }
  out.height = static_cast<std::size_t>(found->means);
  out.section = std::move(*section);
  return out;
}

}  // namespace

std::vector<middleware_section> read_route_middlewares(const value& from) {
  std::vector<middleware_section> out;
  const auto section = from.is_off() ? std::nullopt : from.as_mapping();
  if (!section) return out;
  std::vector<placed_middleware> all;
  for (const member& one : section->tree().members) {
    if (one.unresolved) continue;
    const value body(from.sink(), one.value, {from.where().file, one.key_at, child_path(section->where().path, one.key)}, false);
    const node empty{.kind = node_kind::mapping, .at = one.key_at, .text = {}, .written = {}, .items = {}, .members = {}};
    const auto options = body.is_null() ? value(from.sink(), from.sink().keep(empty), body.where(), false) : body.as_mapping();
    if (!options) continue;
    mapping keys(*options);
    if (auto read = read_one(one.key, body, keys)) all.push_back(std::move(*read));
  }
  std::stable_sort(all.begin(), all.end(), [](const placed_middleware& left, const placed_middleware& right) {
    return std::pair(left.priority, left.height) < std::pair(right.priority, right.height);
  });
  for (placed_middleware& each : all) out.push_back(std::move(each.section));
  return out;
}

std::vector<middleware_section> read_entrypoint_middlewares(const value& from) {
  std::vector<middleware_section> out;
  if (from.is_off()) return out;
  for (const value& item : from.items()) {
    const auto section = item.as_mapping();
    if (!section) {
      if (item.is_null()) item.expected("a middleware, as {use: name}");
      continue;
    }
    mapping keys(*section);
    const auto use = keys.take("use");
    const auto name = use ? use->text() : std::nullopt;
    if (!name || name->empty()) {
      miss(keys, "use", "the name of the middleware");
      continue;
    }
    if (auto read = read_one(*name, *use, keys)) out.push_back(std::move(read->section));
  }
  return out;
}

}  // namespace cardea::config
