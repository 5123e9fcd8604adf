#include "api/endpoints.hpp"

#include "api/about.hpp"
#include "api/cert.hpp"
#include "api/metrics.hpp"
#include "api/process.hpp"

#include <algorithm>
#include <array>

namespace cardea::api {
namespace {

constexpr std::array table{
    endpoint{"/api/v1/version", version},
    endpoint{"/api/v1/health", health},
    endpoint{"/api/v1/process", process},
    endpoint{"/api/v1/metrics", metrics},
    endpoint{"/api/v1/cert/info", cert_info},
    endpoint{"/api/v1/cert/renew", nullptr},
};

answer wrong_method(std::string_view allowed) {
  answer out = failure(405, "method not allowed");
  out.fields.push_back({"Allow", std::string(allowed)});
  return out;
}

answer upgrade_required() {
  answer out = failure(426, "this endpoint speaks WebSocket only");
  out.fields.push_back({"Upgrade", "websocket"});
  out.fields.push_back({"Connection", "Upgrade"});
  return out;
}

}  // namespace

std::span<const endpoint> endpoints() noexcept { return table; }

decision decide(const request_line& line, const services& from) {
  if (!line.target.starts_with('/')) return {nullptr, failure(400, "the request target is not a path")};
  const std::string_view path = line.target.substr(0, line.target.find('?'));
  const auto* const found =
      std::find_if(table.begin(), table.end(), [path](const endpoint& row) { return row.path == path; });
  if (found == table.end()) return {nullptr, failure(404, "no such endpoint")};
  const bool is_get = line.method == "GET";
  if (found->read == nullptr) {
    if (!is_get) return {nullptr, wrong_method("GET")};
    if (!line.is_websocket) return {nullptr, upgrade_required()};
    return {found, {}};
  }
  if (!is_get && line.method != "HEAD") return {nullptr, wrong_method("GET, HEAD")};
  return {nullptr, found->read(from)};
}

}  // namespace cardea::api
