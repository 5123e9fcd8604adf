#pragma once

#include "config/load.hpp"
#include "proxy/middleware/chain.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::tests {

/// The configuration of these routes, read as the program reads it.
[[nodiscard]] inline config::configuration written_configuration(const std::string& routes,
                                                                 const std::string& entrypoint = {}) {
  config::load_options options;
  options.lookup = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  options.read = [](const std::string&) -> base::result<std::string> { return base::error(base::errc::not_found); };
  const std::string text = "entrypoint: {http_addr: '', https_addr: ''" + entrypoint +
                           "}\napi: {addr: ''}\nroutes:\n" + routes;
  auto loaded = config::load_text("config.yml", text, options);
  EXPECT_TRUE(loaded.loaded) << config::format_issues(loaded.errors);
  return loaded.loaded ? std::move(*loaded.loaded) : config::configuration{};
}

/// Routes with their paths and middlewares; every backend is on 127.0.0.1, at the port that is written.
[[nodiscard]] inline std::vector<proxy::routing::route> written_routes(const std::string& routes) {
  std::vector<proxy::routing::route> out;
  for (const config::route_section& section : written_configuration(routes).routes) {
    proxy::routing::route one = section.only_redirects ? proxy::routing::route() : route_to(section.port, section.alias);
    if (section.only_redirects) one.kind = proxy::routing::route::kind::nothing;
    one.name = section.alias;
    one.names = section.names;
    one.internal = section.internal;
    one.paths = proxy::routing::path_rules(section.paths);
    one.middlewares = proxy::middleware::make_chain(section.middlewares);
    one.error_pages_of_backends = config::replaces_errors(section.middlewares);
    one.facts = {section.alias, "http", "127.0.0.1", std::to_string(section.port),
                 "127.0.0.1:" + std::to_string(section.port), "http://127.0.0.1:" + std::to_string(section.port)};
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace cardea::tests
