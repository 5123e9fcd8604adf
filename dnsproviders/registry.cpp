#include "dnsproviders/registry.hpp"

#include "base/text.hpp"
#include "dnsproviders/exec.hpp"
#include "dnsproviders/rfc2136.hpp"
#include "dnsproviders/vendors/acmedns.hpp"
#include "dnsproviders/vendors/alidns.hpp"
#include "dnsproviders/vendors/azuredns.hpp"
#include "dnsproviders/vendors/bunny.hpp"
#include "dnsproviders/vendors/civo.hpp"
#include "dnsproviders/vendors/clouddns.hpp"
#include "dnsproviders/vendors/cloudflare.hpp"
#include "dnsproviders/vendors/cloudns.hpp"
#include "dnsproviders/vendors/desec.hpp"
#include "dnsproviders/vendors/digitalocean.hpp"
#include "dnsproviders/vendors/dnsimple.hpp"
#include "dnsproviders/vendors/dnsmadeeasy.hpp"
#include "dnsproviders/vendors/dreamhost.hpp"
#include "dnsproviders/vendors/duckdns.hpp"
#include "dnsproviders/vendors/dynu.hpp"
#include "dnsproviders/vendors/easydns.hpp"
#include "dnsproviders/vendors/edgedns.hpp"
#include "dnsproviders/vendors/exoscale.hpp"
#include "dnsproviders/vendors/freemyip.hpp"
#include "dnsproviders/vendors/gandiv5.hpp"
#include "dnsproviders/vendors/gcloud.hpp"
#include "dnsproviders/vendors/glesys.hpp"
#include "dnsproviders/vendors/godaddy.hpp"
#include "dnsproviders/vendors/hetzner.hpp"
#include "dnsproviders/vendors/hostinger.hpp"
#include "dnsproviders/vendors/httpreq.hpp"
#include "dnsproviders/vendors/hurricane.hpp"
#include "dnsproviders/vendors/infomaniak.hpp"
#include "dnsproviders/vendors/inwx.hpp"
#include "dnsproviders/vendors/ionos.hpp"
#include "dnsproviders/vendors/joker.hpp"
#include "dnsproviders/vendors/linode.hpp"
#include "dnsproviders/vendors/luadns.hpp"
#include "dnsproviders/vendors/mythicbeasts.hpp"
#include "dnsproviders/vendors/namecheap.hpp"
#include "dnsproviders/vendors/namedotcom.hpp"
#include "dnsproviders/vendors/namesilo.hpp"
#include "dnsproviders/vendors/netcup.hpp"
#include "dnsproviders/vendors/netlify.hpp"
#include "dnsproviders/vendors/njalla.hpp"
#include "dnsproviders/vendors/ns1.hpp"
#include "dnsproviders/vendors/oraclecloud.hpp"
#include "dnsproviders/vendors/ovh.hpp"
#include "dnsproviders/vendors/pdns.hpp"
#include "dnsproviders/vendors/porkbun.hpp"
#include "dnsproviders/vendors/regru.hpp"
#include "dnsproviders/vendors/route53.hpp"
#include "dnsproviders/vendors/scaleway.hpp"
#include "dnsproviders/vendors/simply.hpp"
#include "dnsproviders/vendors/spaceship.hpp"
#include "dnsproviders/vendors/technitium.hpp"
#include "dnsproviders/vendors/tencentcloud.hpp"
#include "dnsproviders/vendors/timewebcloud.hpp"
#include "dnsproviders/vendors/transip.hpp"
#include "dnsproviders/vendors/vercel.hpp"
#include "dnsproviders/vendors/vultr.hpp"
#include "dnsproviders/vendors/websupport.hpp"
#include "dnsproviders/vendors/yandexcloud.hpp"
#include "dnsproviders/vendors/zonomi.hpp"

#include <vector>

namespace cardea::dnsproviders {
namespace {

struct entry {
  const provider_metadata& (*metadata)();
  maker make;
};

// Adding a provider is a file beside the others and one line here.
// clang-format off: one line each
constexpr entry providers[] = {
    {acmedns_metadata, make_acmedns},
    {alidns_metadata, make_alidns},
    {azuredns_metadata, make_azuredns},
    {bunny_metadata, make_bunny},
    {civo_metadata, make_civo},
    {clouddns_metadata, make_clouddns},
    {cloudflare_metadata, make_cloudflare},
    {cloudns_metadata, make_cloudns},
    {desec_metadata, make_desec},
    {digitalocean_metadata, make_digitalocean},
    {dnsimple_metadata, make_dnsimple},
    {dnsmadeeasy_metadata, make_dnsmadeeasy},
    {dreamhost_metadata, make_dreamhost},
    {duckdns_metadata, make_duckdns},
    {dynu_metadata, make_dynu},
    {easydns_metadata, make_easydns},
    {edgedns_metadata, make_edgedns},
    {exec_metadata, make_exec},
    {exoscale_metadata, make_exoscale},
    {freemyip_metadata, make_freemyip},
    {gandiv5_metadata, make_gandiv5},
    {gcloud_metadata, make_gcloud},
    {glesys_metadata, make_glesys},
    {godaddy_metadata, make_godaddy},
    {hetzner_metadata, make_hetzner},
    {hostinger_metadata, make_hostinger},
    {httpreq_metadata, make_httpreq},
    {hurricane_metadata, make_hurricane},
    {infomaniak_metadata, make_infomaniak},
    {inwx_metadata, make_inwx},
    {ionos_metadata, make_ionos},
    {joker_metadata, make_joker},
    {linode_metadata, make_linode},
    {luadns_metadata, make_luadns},
    {mythicbeasts_metadata, make_mythicbeasts},
    {namecheap_metadata, make_namecheap},
    {namedotcom_metadata, make_namedotcom},
    {namesilo_metadata, make_namesilo},
    {netcup_metadata, make_netcup},
    {netlify_metadata, make_netlify},
    {njalla_metadata, make_njalla},
    {ns1_metadata, make_ns1},
    {oraclecloud_metadata, make_oraclecloud},
    {ovh_metadata, make_ovh},
    {pdns_metadata, make_pdns},
    {porkbun_metadata, make_porkbun},
    {regru_metadata, make_regru},
    {rfc2136_metadata, make_rfc2136},
    {route53_metadata, make_route53},
    {scaleway_metadata, make_scaleway},
    {simply_metadata, make_simply},
    {spaceship_metadata, make_spaceship},
    {technitium_metadata, make_technitium},
    {tencentcloud_metadata, make_tencentcloud},
    {timewebcloud_metadata, make_timewebcloud},
    {transip_metadata, make_transip},
    {vercel_metadata, make_vercel},
    {vultr_metadata, make_vultr},
    {websupport_metadata, make_websupport},
    {yandexcloud_metadata, make_yandexcloud},
    {zonomi_metadata, make_zonomi},
};
// clang-format on

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
