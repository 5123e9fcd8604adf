#pragma once

#include <string_view>

namespace cardea::app {

/// What `cardea run --quickstart` serves: a leaf of Cardea's own authority and a welcome page.
inline constexpr std::string_view quickstart_name = "quickstart.yml";
inline constexpr std::string_view quickstart_configuration = R"(
autocert:
  provider: internal
  domains: [localhost, "*.cardea.localhost"]
entrypoint:
  http_addr: ":8080"
  https_addr: ":8443"
match_domains: []
)";

}  // namespace cardea::app
