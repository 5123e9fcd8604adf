#include "proxy/health/target.hpp"

#include "proxy/upstream/upstream.hpp"

namespace cardea::proxy::health {
namespace {

upstream::backend as_backend(const target& from) {
  upstream::backend out;
  out.host = from.host;
  out.port = from.port;
  return out;
}

}  // namespace

std::string target::name() const { return as_backend(*this).name(); }

std::string target::key() const {
  upstream::upstream group;
  group.name = route;
  return group.health_key(as_backend(*this));
}

std::vector<target> targets_of(const std::vector<config::route_section>& routes) {
  std::vector<target> out;
  for (const config::route_section& route : routes)
    for (const config::backend_entry& entry : backends_of(route)) {
      out.push_back({route.alias, entry.host, entry.port, entry.tls, entry.tls_options, route.checks});
      // The checks of HTTP are made over HTTP/1.1, which these need not understand.
      if (entry.http2) out.back().plan.type = config::check_kind::tcp;
    }
  return out;
}

}  // namespace cardea::proxy::health
