#include "app/routes.hpp"

#include "base/crypto.hpp"
#include "base/dial.hpp"
#include "base/text.hpp"
#include "proxy/http/body_allowance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

namespace cardea::app {
namespace {

using proxy::upstream::address_book;

constexpr std::chrono::seconds resolve_timeout{5};
constexpr std::size_t token_digits = 32;

std::string random_secret() {
  std::random_device device;
  std::string out;
  for (int i = 0; i < 8; ++i) out += fmt::format("{:08x}", device());
  return out;
}

// A client can neither read from a token where it leads nor make one for a backend of its choice.
void make_sticky(proxy::upstream::upstream& of, const config::load_balance_section& balance,
                 const std::string& own_secret) {
  const std::string& secret = balance.sticky_secret.empty() ? own_secret : balance.sticky_secret;
  const auto keyed = [&](const std::string& text, std::size_t digits) {
    return base::hex(base::hmac(base::digest::sha256, secret, text)).substr(0, digits);
  };
  // One host may have several routes: their cookies must not replace one another.
  of.sticky_cookie = "cardea_lb_" + keyed("cookie|" + of.name, 8);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(balance.sticky_max_age).count();
  const std::string age = seconds > 0 ? fmt::format("; Max-Age={}", seconds) : "";
  for (proxy::upstream::backend& each : of.backends) {
    each.sticky_token = keyed("backend|" + of.name + '|' + each.name(), token_digits);
    const std::string line = fmt::format("Set-Cookie: {}={}; Path=/{}; HttpOnly; SameSite=Lax", of.sticky_cookie,
                                         each.sticky_token, age);
    each.set_cookie = line + "; Secure\r\n";
    each.set_cookie_clear = line + "\r\n";
  }
}

proxy::tls::backend_options tls_options_of(const config::backend_entry& entry) {
  using version = proxy::tls::backend_options::version;
  const config::backend_tls_section& from = entry.tls_options;
  proxy::tls::backend_options out;
  out.verify = !from.no_verify;
  out.name = from.server_name.empty() ? entry.host : from.server_name;
  out.send_name = from.send_name;
  out.min_version = from.tls12 ? version::tls12 : version::tls13;
  out.max_version = from.tls13 ? version::tls13 : version::tls12;
  out.offer_http2 = from.http2;
  out.trusted = from.trusted;
  out.certificate = from.certificate;
  return out;
}

proxy::upstream::upstream make_upstream(const config::route_section& section, const address_book& book,
                                        const std::string& own_secret) {
  proxy::upstream::upstream out;
  out.name = section.alias;
  out.balance = section.load_balance;
  out.pending_max = section.max_pending;
  out.pending_timeout = section.pending_timeout.count();
  out.connect_timeout = section.connect_timeout.value_or(std::chrono::milliseconds(0)).count();
  for (const config::backend_entry& entry : backends_of(section)) {
    proxy::upstream::backend to;
    to.host = entry.host;
    to.port = entry.port;
    to.tls = entry.tls;
    to.http2 = entry.http2;
    if (entry.tls) to.tls_options = tls_options_of(entry);
    to.weight = static_cast<std::uint32_t>(entry.weight);
    to.connections_max = entry.max_conns_per_host;
    to.addresses = book.find({entry.host, entry.port});
    out.backends.push_back(std::move(to));
  }
  if (section.load_balance.sticky && out.backends.size() > 1)
    make_sticky(out, section.load_balance, own_secret);
  return out;
}

// Of several backends nobody knows which one it will be when a request is changed.
proxy::middleware::route_facts facts_of(const config::route_section& section) {
  proxy::middleware::route_facts out;
  out.name = section.alias;
  const std::vector<config::backend_entry> backends = config::backends_of(section);
  if (backends.size() != 1) return out;
  const config::backend_entry& only = backends.front();
  out.scheme = only.tls ? "https" : "http";
  out.host = only.host;
  out.port = std::to_string(only.port);
  out.addr = only.host.find(':') == std::string::npos ? fmt::format("{}:{}", only.host, only.port)
                                                      : fmt::format("[{}]:{}", only.host, only.port);
  out.url = fmt::format("{}://{}", out.scheme, out.addr);
  return out;
}

proxy::routing::route make_route(const config::route_section& section, const address_book& book,
                                 const std::string& own_secret) {
  proxy::routing::route out;
  out.name = section.alias;
  out.names = section.names;
  out.internal = section.internal;
  out.paths = proxy::routing::path_rules(section.paths);
  out.facts = facts_of(section);
  out.response_header_timeout = section.response_header_timeout;
  out.client_cas = section.client_cas;
  if (const auto max = section.request_body_bytes_max)
    out.request_body_bytes_max = *max == 0 ? proxy::http::body_limits::unlimited : *max;
  out.request_body_rate_min = section.request_body_rate_min;
  out.timeouts.body_progress = section.body_progress_timeout.value_or(std::chrono::milliseconds(0));
  if (section.only_redirects) {
    out.kind = proxy::routing::route::kind::nothing;
    return out;
  }
  if (section.scheme == config::route_scheme::fileserver) {
    out.kind = proxy::routing::route::kind::files;
    out.files = section.files;
    return out;
  }
  out.timeouts.tunnel_idle = section.tunnel_idle_timeout;
  out.timeouts.total = section.total_timeout;
  out.upstream = make_upstream(section, book, own_secret);
  return out;
}

std::set<address_book::name> names_of(const config::configuration& from) {
  std::set<address_book::name> out;
  for (const config::route_section& section : from.routes)
    for (const config::backend_entry& entry : backends_of(section)) out.emplace(entry.host, entry.port);
  return out;
}

}  // namespace

route_resolver::route_resolver() : log_("routes"), sticky_secret_(random_secret()) {}

base::awaitable<std::shared_ptr<const proxy::routing::route_table>> route_resolver::resolve(
    std::shared_ptr<const config::configuration> from, const proxy::access_log::journal& journal) {
  co_await refresh(from);
  std::vector<proxy::routing::route> routes;
  for (const config::route_section& section : from->routes) {
    if (config::is_stream(section.scheme)) continue;
    proxy::routing::route& made = routes.emplace_back(make_route(section, book_, sticky_secret_));
    if (section.access_log) made.access_log = journal.find(*section.access_log);
    made.middlewares = chains_.find(section.alias, section.middlewares);
    made.error_pages_of_backends = config::replaces_errors(section.middlewares);
  }
  entrypoint_middlewares_ = chains_.find("", from->entrypoint.middlewares);
  chains_.forget_unused();
  co_return std::make_shared<const proxy::routing::route_table>(std::move(routes), from->match_domains);
}

// All names together may take so long: a reload waits for it.
base::awaitable<void> route_resolver::refresh(std::shared_ptr<const config::configuration> from) {
  const std::set<address_book::name> names = names_of(*from);
  book_.retain(names);
  const base::deadline until = std::chrono::steady_clock::now() + resolve_timeout;
  for (const address_book::name& each : names) {
    if (!book_.due(each, std::chrono::steady_clock::now())) continue;
    std::string host = each.first;
    std::string port = std::to_string(each.second);
    const auto found = co_await base::resolve(std::move(host), std::move(port), until);
    const bool was_stale = book_.stale(each);
    const auto now = std::chrono::steady_clock::now();
    address_book::addresses addresses;
    if (found)
      for (const auto& endpoint : *found)
        addresses.emplace_back(endpoint.data(), static_cast<socklen_t>(endpoint.size()));
    book_.learn(each, std::move(addresses), now);
    tell(each, was_stale);
  }
}

void route_resolver::tell(const address_book::name& of, bool was_stale) const {
  if (book_.find(of).empty())
    log_.warn("the backend's name does not resolve", {{"host", of.first}});
  else if (book_.stale(of) && !was_stale)
    log_.warn("the backend's name does not resolve any more, its last addresses are used", {{"host", of.first}});
}

std::chrono::steady_clock::duration route_resolver::until_due() const {
  const auto now = std::chrono::steady_clock::now();
  return std::max<std::chrono::steady_clock::duration>(book_.next_due(now) - now, std::chrono::seconds(1));
}

bool same_addresses(const proxy::routing::route_table& left, const proxy::routing::route_table& right) {
  const auto same_backend = [](const auto& a, const auto& b) { return a.addresses == b.addresses; };
  return std::equal(left.routes().begin(), left.routes().end(), right.routes().begin(), right.routes().end(),
                    [&](const auto& a, const auto& b) {
                      return std::equal(a.upstream.backends.begin(), a.upstream.backends.end(),
                                        b.upstream.backends.begin(), b.upstream.backends.end(), same_backend);
                    });
}

}  // namespace cardea::app
