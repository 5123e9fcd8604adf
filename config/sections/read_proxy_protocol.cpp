#include "config/sections/read_proxy_protocol.hpp"

#include "base/text.hpp"

#include <array>

namespace cardea::config {
namespace {

constexpr std::array<std::string_view, 3> modes{"disabled", "mixed", "required"};

// Nothing when it is none, which was reported.
std::optional<proxy_protocol_mode> read_mode(mapping& keys) {
  const std::size_t errors_before = keys.whole().sink().error_count();
  const auto found = keys.take("mode");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) {
    const place where = keys.place_of("mode");
    const bool is_silent = keys.whole().sink().error_count() == errors_before && !(found && found->tree().unresolved);
    if (is_silent)
      keys.whole().sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                                 "missing field mode: disabled, mixed or required"});
    return std::nullopt;
  }
  const std::string name = base::to_lower(*text);
  if (name == "disabled") return proxy_protocol_mode::disabled;
  if (name == "mixed") return proxy_protocol_mode::mixed;
  if (name == "required") return proxy_protocol_mode::required;
  found->expected("disabled, mixed or required", did_you_mean(name, modes));
  return std::nullopt;
}

proxy_protocol_section read_section(const value& from) {
  proxy_protocol_section out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  const auto mode = read_mode(keys);
  const auto trusted = keys.take("trusted_proxies");
  const std::size_t errors_before = from.sink().error_count();
  if (trusted) {
    for (const value& item : trusted->items()) {
      const auto text = item.text();
      if (!text) continue;
      const auto parsed = base::address_range::parse(*text);
      if (parsed)
        out.trusted_proxies.push_back(*parsed);
      else
        item.fail(errc::invalid_value, parsed.error().message());
    }
  }
  const bool needs_some = mode == proxy_protocol_mode::mixed || mode == proxy_protocol_mode::required;
  if (needs_some && out.trusted_proxies.empty() && from.sink().error_count() == errors_before) {
    const place where = keys.place_of("trusted_proxies");
    from.sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                       "missing field trusted_proxies: the IP addresses or networks of the proxies in front"});
  }
  keys.finish();
  out.mode = mode.value_or(proxy_protocol_mode::disabled);
  if (out.mode == proxy_protocol_mode::disabled) out.trusted_proxies.clear();
  return out;
}

}  // namespace

proxy_protocol_section read_proxy_protocol(mapping& entrypoint) {
  const auto section = entrypoint.take("proxy_protocol");
  const auto deprecated = entrypoint.take("support_proxy_protocol");
  const bool is_given = section && !section->is_null();
  const bool is_supported = deprecated && deprecated->boolean().value_or(false);
  if (is_given) {
    if (is_supported) deprecated->warn("has no effect, because there is proxy_protocol; remove it");
    return read_section(*section);
  }
  if (!is_supported) return {};
  deprecated->warn(
      "deprecated: every client may claim any address; write proxy_protocol with a mode and trusted_proxies");
  return {proxy_protocol_mode::anybody, {}};
}

}  // namespace cardea::config
