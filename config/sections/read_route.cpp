#include "config/sections/read_route.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "config/scalars.hpp"
#include "config/sections/body_limits.hpp"
#include "config/sections/read_backend_tls.hpp"
#include "config/sections/read_backends.hpp"
#include "config/sections/read_healthcheck.hpp"
#include "config/sections/read_inbound_mtls.hpp"
#include "config/sections/read_load_balance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace cardea::config {
namespace {

// Each of these changes who may reach the backend, how it is trusted, or
// whether it runs at all.
constexpr std::array<std::string_view, 13> refused{"middlewares",
                                                   "rules",
                                                   "rule_file",
                                                   "idlewatcher",
                                                   "access_log",
                                                   "bind",
                                                   "agent",
                                                   "proxmox",
                                                   "relay_proxy_protocol_header",
                                                   "tls_termination",
                                                   "path_patterns",
                                                   "hide_headers",
                                                   "set_headers"};

constexpr std::array<std::string_view, 3> schemes{"http", "https", "fileserver"};
constexpr std::array<std::string_view, 3> refused_schemes{"h2c", "tcp", "udp"};

// Applications whose usual port GoDoxy knows by the alias.
struct known_application {
  std::string_view alias;
  std::uint16_t port;
};
constexpr std::array<known_application, 2> https_applications{{{"portainer", 9443}, {"crafty", 8080}}};

class route_reader {
 public:
  route_reader(route_section& route, const value& from, const route_surroundings& around)
      : route_(route), keys_(from), around_(around) {}

  void read() {
    const auto scheme = read_scheme();
    const auto port = read_port();
    has_host_ = port.has_value();
    choose_scheme_and_port(scheme, port);
    read_host();
    const bool may_be_https = route_.scheme == route_scheme::https || keys_.take("backends");
    route_.tls = read_backend_tls(keys_, may_be_https, around_.read_pem);
    read_client_policy();
    read_body_limits();
    read_timeouts();
    read_upstream();
    read_files();
    read_unimplemented();
    keys_.refuse(refused);
    keys_.finish();
  }

 private:
  std::optional<route_scheme> read_scheme() {
    const auto found = keys_.take("scheme");
    const auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return std::nullopt;
    const std::string name = base::to_lower(*text);
    if (name == "http") return route_scheme::http;
    if (name == "https") return route_scheme::https;
    if (name == "fileserver") return route_scheme::fileserver;
    if (std::find(refused_schemes.begin(), refused_schemes.end(), name) != refused_schemes.end())
      found->fail(
          errc::unsupported,
          fmt::format("scheme {} is known from GoDoxy but not supported by this version of Cardea", name));
    else
      found->expected("http, https or fileserver", did_you_mean(name, schemes));
    return std::nullopt;
  }

  // A number, or "listen:target" of which the first part must be empty or 0.
  std::optional<std::uint16_t> read_port() {
    const auto found = keys_.take("port");
    const auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return std::nullopt;
    std::string_view target = *text;
    const auto colon = target.find(':');
    if (colon != std::string_view::npos) {
      const auto listen = target.substr(0, colon);
      target.remove_prefix(colon + 1);
      if (!listen.empty() && parse_integer(listen).value_or(0) > 0 && parse_integer(target)) {
        found->fail(
            errc::unsupported,
            "a listening port of its own is known from GoDoxy but not supported by this version of Cardea; "
            "write the target port alone");
        return std::nullopt;
      }
      if (!listen.empty() && parse_integer(listen) != 0) target = {};
    }
    const auto port = parse_integer(target);
    if (port && *port >= 1 && *port <= 65'535) return static_cast<std::uint16_t>(*port);
    if (port != 0) found->expected("a port from 1 to 65535");
    return std::nullopt;
  }

  void choose_scheme_and_port(std::optional<route_scheme> scheme, std::optional<std::uint16_t> port) {
    const auto application = std::find_if(https_applications.begin(), https_applications.end(),
                                          [&](const auto& one) { return one.alias == route_.alias; });
    if (!scheme && !port && application != https_applications.end()) {
      scheme = route_scheme::https;
      port = application->port;
    }
    if (!scheme) scheme = port && *port % 1'000 == 443 ? route_scheme::https : route_scheme::http;
    route_.scheme = *scheme;
    route_.port = port.value_or(*scheme == route_scheme::https ? 443 : 80);
  }

  void read_host() {
    const auto found = keys_.take("host");
    auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return;
    has_host_ = true;
    if (text->starts_with('[') && text->ends_with(']')) text = text->substr(1, text->size() - 2);
    if (is_host(*text)) {
      route_.host = base::to_lower(*text);
      return;
    }
    const bool is_url = text->find("://") != std::string::npos;
    found->expected("a host name or an IP address", is_url ? "write scheme, host and port apart"
                                                    : parse_address(*text) ? "write the port as \"port\""
                                                                           : "");
  }

  void read_body_limits() {
    if (const auto found = keys_.take("request_body_bytes_max"))
      route_.request_body_bytes_max = found->size(0, body_bytes_max);
    if (const auto found = keys_.take("request_body_rate_min"))
      route_.request_body_rate_min = found->size(0, body_rate_max);
  }

  void read_client_policy() {
    const auto found = keys_.take("inbound_mtls_profile");
    if (found && !found->is_off() && around_.entrypoint_has_profile)
      return found->fail(errc::invalid_value,
                         "entrypoint.inbound_mtls_profile holds for all routes; remove one of the two");
    route_.client_cas = read_profile_reference(keys_, "inbound_mtls_profile", around_.profiles);
  }

  void read_timeouts() {
    using std::chrono::milliseconds;
    constexpr milliseconds low{1};
    constexpr milliseconds high = std::chrono::hours(24);
    const auto read_own = [&](std::string_view key, std::optional<milliseconds>& into) {
      if (const auto found = keys_.take(key)) into = found->duration(low, high);
    };
    keys_.read("response_header_timeout", route_.response_header_timeout, low, high);
    read_own("connect_timeout", route_.connect_timeout);
    read_own("body_progress_timeout", route_.body_progress_timeout);
    keys_.read("total_timeout", route_.total_timeout, milliseconds(0), high);
    keys_.read("tunnel_idle_timeout", route_.tunnel_idle_timeout, low, 7 * high);
  }

  void read_upstream() {
    keys_.read_integer("max_conns_per_host", route_.max_conns_per_host, 0, 1'000'000);
    keys_.read_integer("max_pending", route_.max_pending, 0, 1'000'000);
    keys_.read("pending_timeout", route_.pending_timeout, std::chrono::milliseconds(1), std::chrono::minutes(10));
    if (const auto found = keys_.take("load_balance"); found && !found->is_off())
      route_.load_balance = read_load_balance(*found);
    if (const auto found = keys_.take("healthcheck")) route_.healthcheck = read_healthcheck(*found);
    const auto list = keys_.take("backends");
    if (!list || list->is_off()) return;
    backend_entry common;
    common.tls_options = route_.tls;
    common.max_conns_per_host = route_.max_conns_per_host;
    route_.backends = read_backends(*list, common, around_.read_pem);
    if (has_host_)
      list->fail(errc::duplicate, "the route has a host or port too; write one of both");
    if (route_.scheme == route_scheme::fileserver) list->fail(errc::invalid_value, "a fileserver has no backends");
  }

  void read_files() {
    const auto root = keys_.take("root");
    if (const auto text = root ? root->text() : std::nullopt) route_.root = *text;
    keys_.read_non_empty("index", route_.index);
    if (!route_.index.starts_with('/')) route_.index.insert(0, 1, '/');
    keys_.read("spa", route_.spa);
    if (route_.scheme != route_scheme::fileserver) return;
    if (!root || root->is_null() || (route_.root.empty() && !root->tree().unresolved)) {
      const place where = keys_.place_of("root");
      keys_.whole().sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                                  "missing field root: a fileserver needs an absolute folder"});
    } else if (!route_.root.empty() && !route_.root.starts_with('/')) {
      root->expected("an absolute folder");
    }
  }

  void read_unimplemented() {
    if (const auto found = keys_.take("homepage"); found && !found->is_off())
      found->sink().note_once("homepage",
                              {errc::unsupported, std::string(found->where().file), found->where().at,
                               found->where().path, "has no effect: there is no dashboard to show it"});
    // GoDoxy asks backends for gzip by itself; Cardea never does, so either value is honoured.
    bool disable_compression = false;
    keys_.read("disable_compression", disable_compression);
  }

  route_section& route_;
  mapping keys_;
  const route_surroundings& around_;
  bool has_host_ = false;  ///< a host or a port is written
};

// Unlike in a certificate, `*.lan` is as good as `*.example.com`.
bool is_alias(std::string_view name) {
  const bool is_suffix = base::is_wildcard(name) && !base::is_wildcard(name.substr(2));
  return base::is_dns_name(is_suffix ? name.substr(2) : name);
}

bool is_skipped(std::string_view alias) { return alias.starts_with("x-") || alias.starts_with("X-"); }

}  // namespace

std::vector<placed_route> read_routes(const value& from, const route_surroundings& around) {
  std::vector<placed_route> out;
  const auto section = from.as_mapping();
  if (!section) return out;
  std::map<std::string, position> seen;
  for (const member& one : section->tree().members) {
    if (one.unresolved || is_skipped(one.key)) continue;
    const place where{from.where().file, one.key_at, child_path(from.where().path, one.key)};
    const value body(from.sink(), one.value, where, false);
    route_section route;
    route.alias = base::normalise_dns_name(one.key);
    route.source = fmt::format("{}:{}:{}", where.file, where.at.line, where.at.column);
    if (!is_alias(route.alias)) {
      body.fail(errc::invalid_value, "expected an alias (a label, a host name or *.suffix)");
      continue;
    }
    const auto [known, is_new] = seen.try_emplace(route.alias, one.key_at);
    if (!is_new) {
      body.fail(errc::duplicate, fmt::format("duplicate route, first at line {}, column {}",
                                             known->second.line, known->second.column));
      continue;
    }
    const std::size_t errors_before = from.sink().error_count();
    if (one.value.kind == node_kind::null) {
      const node empty{.kind = node_kind::mapping,
                       .at = one.key_at,
                       .text = {},
                       .written = {},
                       .items = {},
                       .members = {}};
      route_reader(route, value(from.sink(), from.sink().keep(empty), where, false), around).read();
    } else if (const auto keys = body.as_mapping()) {
      route_reader(route, *keys, around).read();
    }
    const bool is_sound = from.sink().error_count() == errors_before;
    out.push_back({std::move(route), where, is_sound});
  }
  return out;
}

}  // namespace cardea::config
