#include "config/sections/route.hpp"

namespace cardea::config {

std::vector<std::string> names_of(const route_section& route) {
  std::vector<std::string> out{route.alias};
  out.insert(out.end(), route.names.begin(), route.names.end());
  return out;
}

std::vector<backend_entry> backends_of(const route_section& route) {
  if (route.scheme == route_scheme::fileserver || route.only_redirects) return {};
  if (!route.backends.empty()) return route.backends;
  backend_entry only;
  only.host = route.host;
  only.port = route.port;
  only.tls = route.scheme == route_scheme::https;
  only.http2 = route.scheme == route_scheme::h2c;
  only.tls_options = route.tls;
  only.max_conns_per_host = route.max_conns_per_host;
  return {only};
}

}  // namespace cardea::config
