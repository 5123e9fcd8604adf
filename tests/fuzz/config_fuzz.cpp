#include "config/load.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// Any bytes as a main file and as the file that it includes: the load ends,
/// within its limits, with a configuration or with a reason, never with both.
namespace {

constexpr std::array<std::string_view, 3> provider_names{"cloudflare", "rfc2136", "exec"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cardea::config::load_options options;
  options.lookup = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "8080";
    if (name == "B") return "[x, y]";
    return std::nullopt;
  };
  options.read = [&](const std::string& path) -> cardea::base::result<std::string> {
    if (path.ends_with("a.yml")) return std::string(text);
    return cardea::base::error(cardea::base::errc::not_found);
  };
  options.dns_provider_names = provider_names;
  const auto result = cardea::config::load_text("config.yml", text, options);
  if (result.loaded.has_value() != result.errors.empty()) std::abort();
  const std::string printed = cardea::config::format_issues(result.errors);
  for (const char c : printed)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') std::abort();
  return 0;
}
