#include "config/sections/read_route.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "config/scalars.hpp"
#include "config/sections/body_limits.hpp"
#include "config/sections/read_access_log.hpp"
#include "config/sections/read_backend_tls.hpp"
#include "config/sections/read_backends.hpp"
#include "config/sections/read_files.hpp"
#include "config/sections/read_healthcheck.hpp"
#include "config/sections/read_inbound_mtls.hpp"
#include "config/sections/read_load_balance.hpp"
#include "config/sections/read_middlewares.hpp"
#include "config/sections/read_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace cardea::config {
namespace {

// Each of these changes who may reach the backend, how it is trusted, or
// whether it runs at all.
constexpr std::array<std::string_view, 8> refused{"rules",
                                                   "rule_file",
                                                   "idlewatcher",
                                                   "agent",
                                                   "proxmox",
                                                   "path_patterns",
                                                   "hide_headers",
                                                   "set_headers"};

struct named_scheme {
  std::string_view name;
  route_scheme scheme;
};
constexpr std::array<named_scheme, 6> schemes{{{"http", route_scheme::http},
                                               {"https", route_scheme::https},
                                               {"h2c", route_scheme::h2c},
                                               {"fileserver", route_scheme::fileserver},
                                               {"tcp", route_scheme::tcp},
                                               {"udp", route_scheme::udp}}};
constexpr std::array<std::string_view, 6> scheme_names{"http", "https", "h2c", "fileserver", "tcp", "udp"};

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
    auto scheme = read_scheme();
    const auto port = read_port();
    has_host_ = port.has_value();
    if (!scheme && route_.listen_port != 0) scheme = route_scheme::tcp;
    choose_scheme_and_port(scheme, port);
    read_stream();
    read_host();
    const bool may_be_https = route_.scheme == route_scheme::https || keys_.take("backends");
    route_.tls = read_backend_tls(keys_, may_be_https, around_.read_pem);
    read_client_policy();
    read_log();
    read_body_limits();
    read_timeouts();
    read_upstream();
    route_.files = read_files(keys_, route_.scheme == route_scheme::fileserver);
    read_middlewares();
    if (const auto internal = keys_.take("internal")) {
      route_.internal = internal->boolean().value_or(false);
      if (route_.internal && is_stream(route_.scheme))
        internal->fail(errc::invalid_value, "a route of scheme tcp or udp is no part of another");
    }
    rule_backends_ = read_paths(keys_, route_);
    read_unimplemented();
    keys_.refuse(refused);
    keys_.finish();
  }
  /// Routes that rules of `paths` made.
  [[nodiscard]] std::vector<rule_backend> take_rule_backends() { return std::move(rule_backends_); }

 private:
  std::optional<route_scheme> read_scheme() {
    const auto found = keys_.take("scheme");
    const auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return std::nullopt;
    const std::string name = base::to_lower(*text);
    for (const named_scheme& each : schemes)
      if (name == each.name) return each.scheme;
    found->expected("http, https, h2c, fileserver, tcp or udp", did_you_mean(name, scheme_names));
    return std::nullopt;
  }

  // A number, or "listen:target", of which the first part may be empty or 0.
  std::optional<std::uint16_t> read_port() {
    port_ = keys_.take("port");
    const auto text = port_ ? port_->text() : std::nullopt;
    if (!text || text->empty()) return std::nullopt;
    std::string_view target = *text;
    const auto colon = target.find(':');
    if (colon != std::string_view::npos) {
      const auto listen = target.substr(0, colon);
      target.remove_prefix(colon + 1);
      const auto number = listen.empty() ? 0 : parse_integer(listen);
      if (!number || *number < 0 || *number > 65'535)
        target = {};
      else
        route_.listen_port = static_cast<std::uint16_t>(*number);
    }
    const auto port = parse_integer(target);
    if (port && *port >= 1 && *port <= 65'535) return static_cast<std::uint16_t>(*port);
    if (port != 0 || route_.listen_port != 0)
      port_->expected(colon == std::string_view::npos ? "a port from 1 to 65535"
                                                      : "listen:target, two ports from 1 to 65535");
    return std::nullopt;
  }

  // What routes below HTTP have and others have not, and the other way round.
  void read_stream() {
    const bool is_tcp = route_.scheme == route_scheme::tcp;
    const auto bind = keys_.take("bind");
    const auto text = bind ? bind->text() : std::nullopt;
    if (text && !text->empty()) read_bind(*bind, *text);
    read_tcp_switch("tls_termination", route_.tls_termination, is_tcp);
    read_tcp_switch("relay_proxy_protocol_header", route_.relay_proxy_protocol_header, is_tcp);
    if (is_stream(route_.scheme) && route_.listen_port == 0)
      fail_port(errc::missing_field,
                "expected listen:target, like \"25565:25565\": a route of this scheme listens on a port of its own");
    if (is_stream(route_.scheme) && !route_.names.empty())
      fail_port(errc::invalid_value, "a route of scheme tcp or udp has one name");
    if (!is_stream(route_.scheme) && route_.listen_port != 0)
      fail_port(errc::unsupported,
                "a listening port of its own is known from GoDoxy but not supported by this version of Cardea for "
                "this scheme; write the target port alone");
  }

  // At the value, or where it is missing.
  void fail_port(errc code, std::string message) {
    const place where = port_ && !port_->is_null() ? port_->where() : keys_.place_of("port");
    keys_.whole().sink().error({code, std::string(where.file), where.at, where.path, std::move(message)});
  }

  void read_bind(const value& found, std::string_view text) {
    if (!is_stream(route_.scheme)) {
      found.fail(errc::unsupported, "known from GoDoxy but not supported by this version of Cardea; remove it");
      return;
    }
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    if (is_ip(text))
      route_.bind = text == "0.0.0.0" || text == "::" ? std::string() : std::string(text);
    else
      found.expected("an IP address of this machine");
  }

  void read_tcp_switch(std::string_view key, bool& into, bool is_tcp) {
    const auto found = keys_.take(key);
    if (!found) return;
    into = found->boolean().value_or(false);
    if (into && !is_tcp) found->fail(errc::invalid_value, "only routes with scheme tcp have it; remove it");
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

  void read_log() {
    const auto found = keys_.take("access_log");
    if (found && !found->is_off() && is_stream(route_.scheme))
      return found->fail(errc::unsupported, "routes of scheme tcp and udp carry no requests to log; remove it");
    route_.access_log = read_access_log(keys_);
  }

  void read_body_limits() {
    if (const auto found = keys_.take("request_body_bytes_max"))
      route_.request_body_bytes_max = found->size(0, body_bytes_max);
    if (const auto found = keys_.take("request_body_rate_min"))
      route_.request_body_rate_min = found->size(0, body_rate_max);
  }

  void read_client_policy() {
    const auto found = keys_.take("inbound_mtls_profile");
    if (found && !found->is_off() && is_stream(route_.scheme))
      return found->fail(errc::invalid_value, "a route of scheme tcp or udp asks no client for a certificate");
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
    if (const auto found = keys_.take("healthcheck")) {
      route_.healthcheck = read_healthcheck(*found);
      if (route_.scheme == route_scheme::h2c) refuse_http_check(*found);
    }
    if (is_stream(route_.scheme)) return refuse_upstream();
    if (const auto found = keys_.take("load_balance"); found && !found->is_off())
      route_.load_balance = read_load_balance(*found);
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

  // The checks speak HTTP/1.1, which no h2c backend need understand: those are asked for a connection.
  void refuse_http_check(const value& found) {
    const healthcheck_section& own = route_.healthcheck;
    if (own.path || own.use_get || own.type == check_kind::http)
      found.fail(errc::unsupported,
                 "backends of scheme h2c are checked by connecting to them; write only type: tcp, interval, timeout "
                 "and retries");
  }

  // A stream has one backend; all addresses of its name are tried.
  void refuse_upstream() {
    for (const std::string_view key : {"load_balance", "backends"})
      if (const auto found = keys_.take(key); found && !found->is_off())
        found->fail(errc::unsupported, "not supported for routes of scheme tcp and udp; name one host");
    if (route_.max_conns_per_host != 0)
      if (const auto found = keys_.take("max_conns_per_host"))
        found->fail(errc::unsupported, "not supported for routes of scheme tcp and udp; see entrypoint.limits");
  }

  void read_middlewares() {
    const auto found = keys_.take("middlewares");
    if (!found || found->is_off()) return;
    if (is_stream(route_.scheme))
      return found->fail(errc::invalid_value, "a route of scheme tcp or udp has no middlewares");
    route_.middlewares = read_route_middlewares(*found);
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
  std::optional<value> port_;
  std::vector<rule_backend> rule_backends_;
};

// Unlike in a certificate, `*.lan` is as good as `*.example.com`.
bool is_alias(std::string_view name) {
  const bool is_suffix = base::is_wildcard(name) && !base::is_wildcard(name.substr(2));
  return base::is_dns_name(is_suffix ? name.substr(2) : name);
}

bool is_skipped(std::string_view alias) { return alias.starts_with("x-") || alias.starts_with("X-"); }

// The names of a route, in lower case: one, or several with commas between them. Empty when one is none.
std::vector<std::string> names_of(const value& body, std::string_view key) {
  std::vector<std::string> out;
  for (std::string_view rest = key;;) {
    const auto comma = rest.find(',');
    const std::string_view one = base::trim(rest.substr(0, comma));
    std::string name = base::normalise_dns_name(one);
    if (!is_alias(name)) {
      body.fail(errc::invalid_value, "expected an alias (a label, a host name or *.suffix)");
      return {};
    }
    out.push_back(std::move(name));
    if (comma == std::string_view::npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

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
    route.source = fmt::format("{}:{}:{}", where.file, where.at.line, where.at.column);
    route.names = names_of(body, one.key);
    if (route.names.empty()) continue;
    const std::size_t errors_before = from.sink().error_count();
    for (const std::string& name : route.names) {
      const auto [known, is_new] = seen.try_emplace(name, one.key_at);
      if (!is_new)
        body.fail(errc::duplicate, fmt::format("duplicate route, first at line {}, column {}",
                                               known->second.line, known->second.column));
    }
    if (from.sink().error_count() != errors_before) continue;
    route.alias = route.names.front();
    route.names.erase(route.names.begin());
    std::vector<rule_backend> more;
    if (one.value.kind == node_kind::null) {
      const node empty{.kind = node_kind::mapping,
                       .at = one.key_at,
                       .text = {},
                       .written = {},
                       .items = {},
                       .members = {}};
      route_reader(route, value(from.sink(), from.sink().keep(empty), where, false), around).read();
    } else if (const auto keys = body.as_mapping()) {
      route_reader reader(route, *keys, around);
      reader.read();
      more = reader.take_rule_backends();
    }
    const bool is_sound = from.sink().error_count() == errors_before;
    out.push_back({std::move(route), where, is_sound});
    for (rule_backend& each : more) out.push_back({std::move(each.route), std::move(each.where), is_sound});
  }
  return out;
}

}  // namespace cardea::config
