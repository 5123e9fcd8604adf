#include "config/sections/read_inbound_mtls.hpp"

#include "base/trust_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cardea::config {
namespace {

std::shared_ptr<const base::trust_store> read_profile(const value& from, const pem_source& read) {
  const auto section = from.as_mapping();
  if (!section) {
    if (from.is_null()) from.expected("a mapping with use_system_cas or ca_files");
    return nullptr;
  }
  mapping keys(*section);
  bool use_system_cas = false;
  keys.read("use_system_cas", use_system_cas);
  std::vector<std::string> texts;
  bool is_sound = true;
  if (const auto files = keys.take("ca_files")) {
    for (const value& item : files->items()) {
      auto text = read_pem_file(item, read);
      is_sound = is_sound && text;
      if (!text) continue;
      // One at a time, so that the message names the file that is wrong.
      const auto alone = base::trust_store::create({&*text, 1}, false);
      if (!alone) item.fail(errc::invalid_value, alone.error().message());
      is_sound = is_sound && alone;
      texts.push_back(std::move(*text));
    }
  }
  keys.finish();
  if (!is_sound) return nullptr;
  if (texts.empty() && !use_system_cas) {
    from.fail(errc::invalid_value, "at least one trust source is required: use_system_cas or ca_files");
    return nullptr;
  }
  auto made = base::trust_store::create(texts, use_system_cas);
  if (!made) {
    from.fail(errc::invalid_value, made.error().message());
    return nullptr;
  }
  return std::move(*made);
}

}  // namespace

std::optional<std::string> read_pem_file(const value& item, const pem_source& read) {
  const auto path = item.text();
  if (!path || path->empty()) {
    if (path || item.is_null()) item.expected("the path of a PEM file");
    return std::nullopt;
  }
  auto text = read(*path);
  if (text) return std::move(*text);
  const bool is_missing = text.error() == base::make_error_code(base::errc::not_found);
  item.fail(errc::unreadable_file,
            is_missing ? fmt::format("no such file: {} (names are relative to the working directory)", printable(*path))
                       : fmt::format("{}: {}", printable(*path), text.error().message()));
  return std::nullopt;
}

std::vector<inbound_mtls_profile> read_inbound_mtls(const value& from, const pem_source& read) {
  std::vector<inbound_mtls_profile> out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  for (const member& one : section->tree().members) {
    if (one.unresolved) continue;
    const auto same = [&](const inbound_mtls_profile& each) { return each.name == one.key; };
    if (std::any_of(out.begin(), out.end(), same)) continue;
    const place where{from.where().file, one.key_at, child_path(from.where().path, one.key)};
    out.push_back({one.key, read_profile(value(from.sink(), one.value, where, false), read)});
  }
  return out;
}

std::shared_ptr<const base::trust_store> read_profile_reference(mapping& keys, std::string_view key,
                                                                std::span<const inbound_mtls_profile> known) {
  const auto found = keys.take(key);
  const auto name = found ? found->text() : std::nullopt;
  if (!name || name->empty()) return nullptr;
  std::vector<std::string_view> names;
  for (const inbound_mtls_profile& each : known) {
    if (each.name == *name) return each.trusted;
    names.push_back(each.name);
  }
  found->fail(errc::invalid_value, fmt::format("no such profile in inbound_mtls_profiles: {}{}", found->found(),
                                               did_you_mean(*name, names)));
  return nullptr;
}

}  // namespace cardea::config
