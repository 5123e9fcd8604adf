#include "dnsproviders/registry.hpp"

#include "base/text.hpp"
#include "dnsproviders/cloudflare.hpp"
#include "dnsproviders/exec.hpp"
#include "dnsproviders/httpreq.hpp"
#include "dnsproviders/rfc2136.hpp"
#include "dnsproviders/vendors/desec.hpp"
#include "dnsproviders/vendors/digitalocean.hpp"
#include "dnsproviders/vendors/duckdns.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

namespace cardea::dnsproviders {
namespace {

struct entry {
  const provider_metadata& (*metadata)();
  maker make;
};

// Adding a provider is a file beside the others and one line here.
constexpr entry providers[] = {
    {cloudflare_metadata, make_cloudflare},
    {desec_metadata, make_desec},
    {digitalocean_metadata, make_digitalocean},
    {duckdns_metadata, make_duckdns},
    {exec_metadata, make_exec},
    {httpreq_metadata, make_httpreq},
    {rfc2136_metadata, make_rfc2136},
};

const entry* find(std::string_view name) {
  for (const entry& each : providers)
    if (each.metadata().name == name || (!each.metadata().alias.empty() && each.metadata().alias == name))
      return &each;
  return nullptr;
}

base::error unknown(const std::string& name) {
  std::string text = "unknown DNS provider '" + name + "'";
  if (const auto near = base::nearest(name, provider_names()))
    text += "; did you mean '" + std::string(*near) + "'?";
  return {base::errc::not_found, text};
}

std::string describe_options(const provider_metadata& of) {
  std::string out;
  for (const auto list : {of.options, common_options()})
    for (const option_spec& each : list) {
      out += fmt::format("  {:<22} {}{}{}\n", each.key, each.help, each.required ? " (required)" : "",
                         each.fallback.empty() ? "" : fmt::format(" (default {})", each.fallback));
      const std::string names = environment_names(of, each);
      if (!names.empty()) out += fmt::format("  {:<22}   environment: {}\n", "", names);
    }
  return out;
}

}  // namespace

std::span<const std::string_view> provider_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out;
    for (const entry& each : providers) {
      out.push_back(each.metadata().name);
      if (!each.metadata().alias.empty()) out.push_back(each.metadata().alias);
    }
    return out;
  }();
  return names;
}

base::result<std::unique_ptr<provider>> make_provider(const std::string& name,
                                                      const std::map<std::string, base::secret>& options,
                                                      const environment_lookup& lookup, services with) {
  const entry* found = find(name);
  if (found == nullptr) return unknown(name);
  const auto values = option_values::read(found->metadata(), options, lookup);
  if (!values) return values.error();
  return found->make(*values, std::move(with));
}

base::result<std::string> describe(const std::string& name) {
  if (name.empty()) {
    std::string out;
    for (const entry& each : providers) {
      const provider_metadata& of = each.metadata();
      out += fmt::format("{:<12} {}{}\n", of.name, of.title,
                         of.alias.empty() ? "" : fmt::format(" (also: {})", of.alias));
    }
    return out + "\ncardea dns-providers NAME lists the options of one.\n";
  }
  const entry* found = find(name);
  if (found == nullptr) return unknown(name);
  const provider_metadata& of = found->metadata();
  return fmt::format("{}: {}\n{}\n\noptions:\n{}", of.name, of.title, of.link, describe_options(of));
}

}  // namespace cardea::dnsproviders
