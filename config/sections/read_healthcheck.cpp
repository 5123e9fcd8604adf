#include "config/sections/read_healthcheck.hpp"

#include "base/text.hpp"

namespace cardea::config {
namespace {

using std::chrono::milliseconds;

// GoDoxy's least; more often would be load.
constexpr milliseconds interval_min = std::chrono::seconds(1);
constexpr milliseconds interval_max = std::chrono::hours(24);
constexpr milliseconds timeout_max = std::chrono::minutes(10);

void read_path(mapping& keys, healthcheck_section& into) {
  const auto found = keys.take("path");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  if (!text->starts_with('/') || text->find_first_of(" #") != std::string::npos)
    return found->expected("a path that begins with /");
  into.path = *text;
}

void read_type(mapping& keys, healthcheck_section& into) {
  const auto found = keys.take("type");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  const std::string name = base::to_lower(*text);
  if (name != "http" && name != "tcp") return found->expected("http or tcp");
  into.type = name == "tcp" ? check_kind::tcp : check_kind::http;
}

}  // namespace

healthcheck_section read_healthcheck(const value& from) {
  healthcheck_section out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  for (const std::string_view key : {"disable", "disabled"})
    if (const auto found = keys.take(key))
      if (const auto parsed = found->boolean()) out.disable = *parsed;
  if (const auto found = keys.take("use_get")) out.use_get = found->boolean();
  read_type(keys, out);
  read_path(keys, out);
  if (const auto found = keys.take("interval")) out.interval = found->duration(interval_min, interval_max);
  if (const auto found = keys.take("timeout")) out.timeout = found->duration(interval_min, timeout_max);
  if (const auto found = keys.take("retries")) out.retries = found->integer(-1'000, 1'000);
  keys.finish();
  return out;
}

}  // namespace cardea::config
