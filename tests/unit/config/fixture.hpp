#pragma once

#include "config/load.hpp"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace cardea::config::test {

inline constexpr std::array<std::string_view, 5> dns_provider_names{"cloudflare", "duckdns", "exec",
                                                                    "httpreq", "rfc2136"};

/// Files and environment of a load that touches neither disk nor process.
struct world {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  [[nodiscard]] environment lookup() const {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
  }

  [[nodiscard]] load_options options() const {
    return {.lookup = lookup(),
            .read = [this](const std::string& path) -> base::result<std::string> {
              const auto found = files.find(path);
              if (found == files.end()) return base::error(base::errc::not_found, "no such file");
              return found->second;
            },
            .dns_provider_names = dns_provider_names};
  }

  [[nodiscard]] load_result load(const std::string& path = "config.yml") const {
    return config::load(path, options());
  }
};

inline load_result load_main(std::string text) {
  world here;
  here.files["config.yml"] = std::move(text);
  return here.load();
}

}  // namespace cardea::config::test
