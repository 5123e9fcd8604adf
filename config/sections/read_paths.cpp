#include "config/sections/read_paths.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "config/scalars.hpp"
#include "config/sections/path_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cardea::config {
namespace {

constexpr std::array<std::int64_t, 5> redirect_statuses{301, 302, 303, 307, 308};
constexpr std::uint16_t usual_redirect = 307;

void fail_at(const mapping& keys, errc code, std::string text) {
  const place& where = keys.whole().where();
  keys.whole().sink().error({code, std::string(where.file), where.at, where.path, std::move(text)});
}

std::optional<std::string> text_of(mapping& keys, std::string_view key, std::optional<value>& found) {
  found = keys.take(key);
  auto text = found ? found->text() : std::nullopt;
  if (text && text->empty()) text.reset();
  return text;
}

class rule_reader {
 public:
  rule_reader(const value& from, const route_section& of) : keys_(from), of_(of) {}

  [[nodiscard]] path_rule read() {
    read_path();
    read_methods();
    read_answer();
    read_redirect();
    read_target();
    read_edits();
    keys_.finish();
    if (rule_.action != path_action::pass && forwards_)
      fail_at(keys_, errc::invalid_value, "redirect, deny and status answer by themselves; they go with no backend and no other path");
    return std::move(rule_);
  }
  [[nodiscard]] const std::optional<route_section>& own_backend() const noexcept { return own_; }

 private:
  void read_path() {
    std::size_t count = 0;
    for (const std::string_view kind : {"exact", "prefix", "pattern"}) {
      std::optional<value> found;
      const auto text = text_of(keys_, kind, found);
      if (!text) continue;
      ++count;
      rule_.written = fmt::format("{} {}", kind, *text);
      const std::string why = kind == "pattern" ? read_pattern(*text) : read_literal(*text, kind == "prefix");
      if (!why.empty()) found->expected("a path", why);
    }
    if (count != 1) fail_at(keys_, errc::missing_field, "expected one of exact, prefix and pattern");
  }

  // Why it is none; empty when it is.
  std::string read_literal(std::string_view path, bool is_prefix) {
    if (std::string why = why_no_path(path, of_.paths.merge_slashes); !why.empty()) return why;
    if (path.find_first_of("{}") != std::string_view::npos) return "parameters belong into a pattern";
    for (const std::string_view each : segments_of(path)) rule_.segments.push_back({std::string(each), false});
    if (!is_prefix) return check_size();
    rule_.ending = path_ending::rest;
    if (rule_.segments.back().text.empty()) {
      rule_.segments.pop_back();
      rule_.ending = path_ending::more;
    }
    return check_size();
  }

  std::string read_pattern(std::string_view path) {
    if (std::string why = why_no_path(path, of_.paths.merge_slashes); !why.empty()) return why;
    const std::vector<std::string_view> all = segments_of(path);
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::string_view each = all[i];
      if (each.find_first_of("{}") == std::string_view::npos) {
        rule_.segments.push_back({std::string(each), false});
        continue;
      }
      const bool is_whole = each.starts_with('{') && each.ends_with('}');
      if (is_whole) each = each.substr(1, each.size() - 2);
      const bool is_rest = each.ends_with("...");
      if (is_rest) each.remove_suffix(3);
      if (!is_whole || !is_parameter_name(each)) return "a parameter is a whole segment: {name}, or {name...} at the end";
      if (is_rest && i + 1 != all.size()) return fmt::format("{{{}...}} has to be the end", each);
      if (std::find(rule_.parameters.begin(), rule_.parameters.end(), each) != rule_.parameters.end())
        return fmt::format("{{{}}} is there twice", each);
      rule_.parameters.emplace_back(each);
      if (is_rest) {
        rule_.ending = path_ending::more;
        rule_.has_rest_parameter = true;
      } else {
        rule_.segments.push_back({std::string(each), true});
      }
    }
    return check_size();
  }

  [[nodiscard]] std::string check_size() const {
    if (rule_.segments.size() > path_rule::segments_max)
      return fmt::format("no more than {} segments", path_rule::segments_max);
    if (rule_.parameters.size() > path_rule::parameters_max)
      return fmt::format("no more than {} parameters", path_rule::parameters_max);
    return {};
  }

  void read_methods() {
    const auto found = keys_.take("methods");
    if (!found) return;
    for (const value& item : found->items()) {
      const auto text = item.text();
      if (!text) continue;
      if (!is_method(*text))
        item.expected("a method in capitals, like GET");
      else
        rule_.methods.push_back(*text);
    }
    if (rule_.methods.empty() && !found->is_null()) found->expected("at least one method");
  }

  void answer_with(path_action action, std::uint16_t status, const value& from) {
    if (rule_.action != path_action::pass) from.fail(errc::duplicate, "the rule has another answer already");
    rule_.action = action;
    rule_.status = status;
  }

  void read_answer() {
    if (const auto deny = keys_.take("deny"); deny && deny->boolean().value_or(false))
      answer_with(path_action::answer, 403, *deny);
    const auto status = keys_.take("status");
    const auto number = status ? status->integer(200, 599) : std::nullopt;
    if (!number) return;
    if (*number != 200 && *number < 400)
      return status->expected("200, or a status from 400 to 599", "redirects are written as redirect: {to, status}");
    answer_with(path_action::answer, static_cast<std::uint16_t>(*number), *status);
  }

  void read_redirect() {
    const auto found = keys_.take("redirect");
    if (!found || found->is_off()) return;
    answer_with(path_action::redirect, usual_redirect, *found);
    read_redirect_of(*found, rule_);
  }

 public:
  /// A location, or a mapping of `to` and `status`.
  static void read_redirect_of(const value& from, path_rule& rule) {
    const bool has_keys = from.tree().kind == node_kind::mapping;
    if (!has_keys) return read_location(from, rule);
    mapping keys(from);
    const auto to = keys.take("to");
    if (to) read_location(*to, rule);
    if (!to || to->is_null()) fail_at(keys, errc::missing_field, "missing field to: where the redirect leads");
    if (const auto status = keys.take("status")) {
      const auto number = status->integer(300, 399);
      if (number && std::find(redirect_statuses.begin(), redirect_statuses.end(), *number) == redirect_statuses.end())
        status->expected("301, 302, 303, 307 or 308");
      else if (number)
        rule.status = static_cast<std::uint16_t>(*number);
    }
    keys.finish();
  }

 private:
  static void read_location(const value& from, path_rule& rule) {
    const auto text = from.text();
    if (!text) return;
    parsed_location parsed = parse_location(*text, rule.parameters, rule.ending != path_ending::nothing);
    if (parsed.found)
      rule.location = std::move(*parsed.found);
    else
      from.expected("a location", parsed.why);
  }

  void read_target() {
    std::optional<value> found;
    if (auto name = text_of(keys_, "route", found)) {
      rule_.route = base::normalise_dns_name(*name);
      forwards_ = true;
    }
    read_own_backend();
    if (own_ && !rule_.route.empty())
      fail_at(keys_, errc::duplicate, "the rule names a route and a backend; write one of both");
  }

  void read_own_backend() {
    std::optional<value> scheme;
    std::optional<value> host;
    const auto scheme_text = text_of(keys_, "scheme", scheme);
    const auto host_text = text_of(keys_, "host", host);
    const auto port = keys_.take("port");
    const auto port_number = port ? port->integer(1, 65'535) : std::nullopt;
    if (!scheme_text && !host_text && !port_number) return;
    forwards_ = true;
    own_ = of_;
    const bool was_files = of_.scheme == route_scheme::fileserver;
    const std::string name = scheme_text ? base::to_lower(*scheme_text) : "";
    if (scheme_text && name != "http" && name != "https") scheme->expected("http or https");
    if (scheme_text)
      own_->scheme = name == "https" ? route_scheme::https : route_scheme::http;
    else if (port_number)
      own_->scheme = *port_number % 1'000 == 443 ? route_scheme::https : route_scheme::http;
    else if (was_files)
      own_->scheme = route_scheme::http;
    const bool is_https = own_->scheme == route_scheme::https;
    own_->port = static_cast<std::uint16_t>(port_number.value_or(is_https ? 443 : 80));
    own_->host = "localhost";
    if (!host_text) return;
    std::string_view bare = *host_text;
    if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
    if (is_host(bare))
      own_->host = base::to_lower(bare);
    else
      host->expected("a host name or an IP address");
  }

  void read_edits() {
    const auto strip = keys_.take("strip_prefix");
    if (strip && !strip->is_off()) read_strip(*strip);
    std::optional<value> found;
    const auto text = text_of(keys_, "rewrite", found);
    if (!text) return;
    forwards_ = true;
    parsed_location parsed = parse_rewrite(*text, rule_.parameters, rule_.ending != path_ending::nothing);
    if (!rule_.strip.empty())
      found->fail(errc::duplicate, "the rule has strip_prefix too; write one of both");
    else if (parsed.found)
      rule_.rewrite = std::move(parsed.found);
    else
      found->expected("a path", parsed.why);
  }

  // The rule's own literal begin, or a part of it.
  void read_strip(const value& from) {
    forwards_ = true;
    std::string literal;
    for (const path_segment& each : rule_.segments) {
      if (each.is_parameter) break;
      literal += '/' + each.text;
    }
    const auto text = from.text();
    if (!text) return;
    std::string wanted = parse_boolean(*text) ? literal : *text;
    if (wanted.ends_with('/')) wanted.pop_back();
    const bool fits = !wanted.empty() && (wanted == literal || literal.starts_with(wanted + "/"));
    if (fits)
      rule_.strip = std::move(wanted);
    else
      from.expected("true, or the begin of the rule's own path, without parameters");
  }

  mapping keys_;
  const route_section& of_;
  path_rule rule_;
  std::optional<route_section> own_;
  bool forwards_ = false;
};

bool overlap(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  if (left.empty() || right.empty()) return left.empty() && right.empty();
  return std::any_of(left.begin(), left.end(), [&](const std::string& each) {
    return std::find(right.begin(), right.end(), each) != right.end();
  });
}

// Whatever its parameters are called.
bool same_paths(const path_rule& left, const path_rule& right) {
  const auto same = [](const path_segment& a, const path_segment& b) {
    return a.is_parameter == b.is_parameter && (a.is_parameter || a.text == b.text);
  };
  return left.ending == right.ending && std::equal(left.segments.begin(), left.segments.end(), right.segments.begin(),
                                                   right.segments.end(), same);
}

// Only what is not given: for its own backend a rule is a route of its own.
route_section backend_for(route_section own, const path_rule& rule, std::size_t number, const route_section& of) {
  own.alias = fmt::format("{} {} #{}", of.alias, rule.written, number + 1);
  own.names.clear();
  own.internal = true;
  own.paths = {};
  own.backends.clear();
  own.load_balance = {};
  own.middlewares.clear();
  if (own.scheme != route_scheme::https) own.tls = {};
  return own;
}

void read_rules(const value& list, route_section& route, std::vector<rule_backend>& own) {
  const std::vector<value> items = list.items();
  if (items.size() > path_section::rules_max)
    return list.fail(errc::limit_exceeded, fmt::format("more than {} rules", path_section::rules_max));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto section = items[i].as_mapping();
    if (!section) {
      if (items[i].is_null()) items[i].expected("a rule");
      continue;
    }
    rule_reader reader(*section, route);
    path_rule rule = reader.read();
    for (std::size_t other = 0; other < route.paths.rules.size(); ++other)
      if (const path_rule& known = route.paths.rules[other]; same_paths(known, rule) && overlap(known.methods, rule.methods))
        items[i].fail(errc::duplicate, fmt::format("the same paths and methods as {}[{}]: {}", list.where().path, other,
                                                   known.written));
    if (reader.own_backend()) {
      own.push_back({backend_for(*reader.own_backend(), rule, i, route), items[i].where()});
      rule.route = own.back().route.alias;
    }
    route.paths.rules.push_back(std::move(rule));
  }
}

void read_rejected(const value& from, path_characters& into) {
  const std::array<std::pair<std::string_view, bool*>, 6> known{{{"slash", &into.slash},
                                                                 {"backslash", &into.backslash},
                                                                 {"semicolon", &into.semicolon},
                                                                 {"percent", &into.percent},
                                                                 {"question_mark", &into.question_mark},
                                                                 {"hash", &into.hash}}};
  into = {};
  for (const value& item : from.items()) {
    const auto text = item.text();
    if (!text) continue;
    const auto* const at =
        std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.first == base::to_lower(*text); });
    if (at != known.end())
      *at->second = true;
    else
      item.expected("slash, backslash, semicolon, percent, question_mark or hash");
  }
}

// The whole host leads elsewhere: a rule for all of its paths.
void read_host_redirect(const value& from, route_section& route) {
  if (from.is_off()) return;
  if (!route.paths.rules.empty()) return from.fail(errc::duplicate, "the route has paths too; write the redirect as one of them");
  path_rule rule;
  rule.ending = path_ending::more;
  rule.action = path_action::redirect;
  rule.status = usual_redirect;
  rule.written = "redirect";
  rule_reader::read_redirect_of(from, rule);
  route.paths.rules.push_back(std::move(rule));
  route.only_redirects = true;
}

}  // namespace

std::vector<rule_backend> read_paths(mapping& keys, route_section& route) {
  std::vector<rule_backend> own;
  const auto list = keys.take("paths");
  const auto options = keys.take("path_options");
  const auto redirect = keys.take("redirect");
  const bool has_rules = list && !list->is_off();
  if (is_stream(route.scheme)) {
    for (const auto* each : {&list, &options, &redirect})
      if (*each && !(*each)->is_off()) (*each)->fail(errc::invalid_value, "a route of scheme tcp or udp has no paths");
    return own;
  }
  // Where paths decide, an escaped separator is one too many ways to read them.
  route.paths.reject.slash = route.paths.reject.backslash = has_rules;
  if (const auto section = options ? options->as_mapping() : std::nullopt) {
    mapping option_keys(*section);
    option_keys.read("merge_slashes", route.paths.merge_slashes);
    option_keys.read("normalise", route.paths.normalise);
    if (const auto found = option_keys.take("reject")) read_rejected(*found, route.paths.reject);
    option_keys.finish();
  }
  if (has_rules) read_rules(*list, route, own);
  if (redirect) read_host_redirect(*redirect, route);
  return own;
}

}  // namespace cardea::config
