#include "proxy/stream/route_table.hpp"

namespace cardea::proxy::stream {

route_table::route_table(std::vector<route> routes, const std::vector<std::string>& match_domains) {
  for (route& each : routes) {
    if (each.by_server_name) {
      server_names_.add(each.name, routes_.size(), match_domains);
      has_server_names_ = true;
    }
    routes_.push_back(std::make_shared<const route>(std::move(each)));
  }
}

shared_route route_table::find_server_name(std::string_view name) const noexcept {
  const std::size_t found = server_names_.find(name);
  return found == routing::host_names::none ? nullptr : routes_[found];
}

std::vector<net::endpoint> route_table::endpoints() const {
  std::vector<net::endpoint> out;
  for (const shared_route& each : routes_)
    if (!each->by_server_name) out.push_back(each->at);
  return out;
}

}  // namespace cardea::proxy::stream
