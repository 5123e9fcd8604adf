#include "api/about.hpp"

#include "api/services.hpp"
#include "proxy/status.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>
#include <utility>

namespace cardea::api {
namespace {

namespace json = boost::json;

std::string_view word(proxy::health_status status) {
  switch (status) {
    case proxy::health_status::unknown: return "unknown";
    case proxy::health_status::healthy: return "healthy";
    case proxy::health_status::unhealthy: return "unhealthy";
  }
  return "unknown";
}

// GoDoxy's members and units; `sleep_in` belongs to routes that fall asleep.
json::object described(const proxy::backend_health& from) {
  const std::string_view status = word(from.status);
  return {{"status", json::string_view(status.data(), status.size())},
          {"uptime", from.uptime.count()},
          {"latency", from.latency.count()},
          {"sleep_in", 0},
          {"detail", from.detail}};
}

}  // namespace

answer version(const services& from) { return {200, boost::json::value(from.version)}; }

answer health(const services& from) {
  json::object out;
  for (const proxy::route_health& route : from.routes.health()) {
    json::object one = described(route.whole);
    if (route.backends.size() > 1) {
      json::array backends;
      for (const proxy::backend_health& each : route.backends) {
        json::object backend = described(each);
        backend.erase("sleep_in");
        backend["name"] = each.name;
        backends.push_back(std::move(backend));
      }
      one["backends"] = std::move(backends);
    }
    out[route.alias] = std::move(one);
  }
  return {200, std::move(out)};
}

}  // namespace cardea::api
