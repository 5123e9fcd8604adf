#include "autocert/request_check.hpp"

#include "autocert/error.hpp"
#include "base/dns_name.hpp"
#include "base/ip_text.hpp"
#include "base/text.hpp"
#include "config/sections/challenge_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace cardea::autocert {
namespace {

using config::certificate_request;

bool is_acme(provider_kind kind) { return kind == provider_kind::custom || kind == provider_kind::dns; }
bool is_ordered(provider_kind kind) { return is_acme(kind) || kind == provider_kind::internal; }

base::result<void> check_provider(const certificate_request& request,
                                  const std::vector<std::string>& dns_providers) {
  if (kind_of(request.provider) != provider_kind::dns) return {};
  if (std::find(dns_providers.begin(), dns_providers.end(), request.provider) != dns_providers.end())
    return {};
  std::vector<std::string_view> known{"local", "pseudo", "internal", "custom"};
  known.insert(known.end(), dns_providers.begin(), dns_providers.end());
  const auto meant = base::nearest(request.provider, known);
  return make_error(errc::unknown_provider,
                    fmt::format("unknown provider '{}'{}", request.provider,
                                meant ? fmt::format("; did you mean '{}'?", *meant) : std::string()));
}

base::error missing(std::string_view field, std::string_view why = {}) {
  return make_error(errc::missing_field,
                    fmt::format("missing field '{}'{}{}", field, why.empty() ? "" : ": ", why));
}

base::result<void> check_fields(const certificate_request& request) {
  const provider_kind kind = kind_of(request.provider);
  if (request.cert_path.empty()) return missing("cert_path");
  if (request.key_path.empty()) return missing("key_path");
  if (is_ordered(kind) && request.domains.empty())
    return missing("domains", fmt::format("provider '{}' needs them", request.provider));
  if (is_acme(kind) && request.email.empty())
    return missing("email", fmt::format("provider '{}' needs it for the account", request.provider));
  if (kind == provider_kind::custom && request.ca_dir_url.empty())
    return missing("ca_dir_url", "provider 'custom' needs the address of the CA's directory");
  if (request.eab_kid.empty() != request.eab_hmac.empty())
    return missing(request.eab_kid.empty() ? "eab_kid" : "eab_hmac", "eab_kid and eab_hmac belong together");
  return {};
}

// A CA of one's own may vouch for names without a dot.
bool is_allowed(std::string_view domain, provider_kind kind) {
  if (base::is_ip_text(domain)) return true;
  if (base::is_wildcard(domain)) domain.remove_prefix(2);
  if (!base::is_dns_name(domain)) return false;
  return kind != provider_kind::dns || domain.find('.') != std::string_view::npos;
}

base::result<void> check_domains(const certificate_request& request) {
  const provider_kind kind = kind_of(request.provider);
  for (const std::string& domain : request.domains) {
    if (!is_allowed(domain, kind))
      return make_error(
          errc::invalid_domain,
          fmt::format("invalid domain '{}': expected a name like example.com or *.example.com", domain));
    const std::string why = is_acme(kind) ? config::why_unprovable(request, domain) : std::string();
    if (!why.empty())
      return make_error(errc::invalid_domain, fmt::format("invalid domain '{}': {}", domain, why));
  }
  return {};
}

struct path_use {
  std::string owner;
  std::string key;
};
using path_uses = std::map<std::string, path_use>;

base::result<void> claim_paths(const certificate_request& request, path_uses& seen) {
  const std::pair<std::string, std::string> uses[] = {{"cert_path", request.cert_path},
                                                      {"key_path", request.key_path}};
  for (const auto& [key, path] : uses) {
    const std::string normal = std::filesystem::path(path).lexically_normal().string();
    const auto [first, added] = seen.try_emplace(normal, path_use{request.name, key});
    if (!added)
      return make_error(errc::duplicated_path,
                        fmt::format("duplicated path: {} '{}' is already the {} of {}", key, path,
                                    first->second.key, first->second.owner));
  }
  return {};
}

}  // namespace

provider_kind kind_of(std::string_view provider) noexcept {
  if (provider == "local") return provider_kind::local;
  if (provider == "pseudo") return provider_kind::pseudo;
  if (provider == "internal") return provider_kind::internal;
  if (provider == "custom") return provider_kind::custom;
  return provider_kind::dns;
}

base::result<void> check_requests(const config::autocert_section& section,
                                  const std::vector<std::string>& dns_providers) {
  std::vector<certificate_request> all = config::by_key_type(section.main);
  for (const certificate_request& extra : section.extra)
    for (certificate_request& each : config::by_key_type(extra)) all.push_back(std::move(each));
  path_uses seen;
  for (const certificate_request& request : all) {
    for (const auto& checked : {check_provider(request, dns_providers), check_fields(request),
                                check_domains(request), claim_paths(request, seen)}) {
      if (!checked) return checked.error().at(request.name);
    }
  }
  return {};
}

}  // namespace cardea::autocert
