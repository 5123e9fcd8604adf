#include "proxy/upstream/backend.hpp"

namespace cardea::proxy::upstream {

std::string backend::name() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]:" : host + ":") + std::to_string(port);
}

std::string backend::pool_key() const {
  std::string key = tls ? "https " + tls_options.key() : http2 ? "h2c" : "http";
  key += '|' + host + '|' + std::to_string(port);
  for (const base::address& each : addresses) key += '|' + each.to_string();
  return key;
}

}  // namespace cardea::proxy::upstream
