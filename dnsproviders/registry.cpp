#include "dnsproviders/registry.hpp"

#include "base/text.hpp"
#include "dnsproviders/cloudflare.hpp"
#include "dnsproviders/exec.hpp"
#include "dnsproviders/httpreq.hpp"
#include "dnsproviders/rfc2136.hpp"
#include "dnsproviders/vendors/alidns.hpp"
#include "dnsproviders/vendors/desec.hpp"
#include "dnsproviders/vendors/digitalocean.hpp"
#include "dnsproviders/vendors/dnsmadeeasy.hpp"
#include "dnsproviders/vendors/duckdns.hpp"
#include "dnsproviders/vendors/edgedns.hpp"
#include "dnsproviders/vendors/exoscale.hpp"
#include "dnsproviders/vendors/inwx.hpp"
#include "dnsproviders/vendors/namecheap.hpp"
#include "dnsproviders/vendors/tencentcloud.hpp"
#include "dnsproviders/vendors/websupport.hpp"

#include <vector>

namespace cardea::dnsproviders {
namespace {

struct entry {
  const provider_metadata& (*metadata)();
  maker make;
};

// Adding a provider is a file beside the others and one line here.
constexpr entry providers[] = {
    {alidns_metadata, make_alidns},
    {cloudflare_metadata, make_cloudflare},
    {desec_metadata, make_desec},
    {digitalocean_metadata, make_digitalocean},
    {dnsmadeeasy_metadata, make_dnsmadeeasy},
    {duckdns_metadata, make_duckdns},
    {edgedns_metadata, make_edgedns},
    {exec_metadata, make_exec},
    {exoscale_metadata, make_exoscale},
    {httpreq_metadata, make_httpreq},
    {inwx_metadata, make_inwx},
    {namecheap_metadata, make_namecheap},
    {rfc2136_metadata, make_rfc2136},
    {tencentcloud_metadata, make_tencentcloud},
    {websupport_metadata, make_websupport},
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

std::vector<const provider_metadata*> all_providers() {
  std::vector<const provider_metadata*> out;
  for (const entry& each : providers) out.push_back(&each.metadata());
  return out;
}

base::result<const provider_metadata*> find_provider(const std::string& name) {
  const entry* found = find(name);
  if (found == nullptr) return unknown(name);
  return &found->metadata();
}

}  // namespace cardea::dnsproviders
