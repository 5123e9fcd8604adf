#include "app/issuers.hpp"

#include "app/version.hpp"
#include "autocert/acme/acme_issuer.hpp"
#include "autocert/dns/propagation.hpp"
#include "autocert/request_check.hpp"
#include "base/fetch_client.hpp"
#include "config/environment.hpp"
#include "config/sections/known_cas.hpp"
#include "dnsproviders/registry.hpp"

namespace cardea::app {
namespace {

// A named coroutine, because a capturing lambda must not be one.
base::awaitable<base::result<std::string>> follow(base::dns_resolver resolver, std::string name) {
  auto last = co_await resolver.follow_cnames(name);
  co_return last;
}

}  // namespace

base::result<base::fetch> make_fetch(const std::vector<std::string>& ca_files) {
  base::fetch_client_options options;
  options.ca_files = ca_files;
  options.user_agent = "cardea/" + std::string(version_text());
  return base::make_fetch(options);
}

std::span<const std::string_view> dns_provider_names() { return dnsproviders::provider_names(); }

std::optional<config::request_problem> check_request(const config::certificate_request& request) {
  base::asio::io_context context{1};
  issuers factory(context.get_executor());
  for (const config::certificate_request& each : config::requests_by_issuer(request)) {
    const auto made = factory.make(each);
    if (!made)
      return config::request_problem{dnsproviders::named_option(made.error()), made.error().message()};
  }
  return std::nullopt;
}

base::result<std::shared_ptr<autocert::acme::transport>> issuers::transport_to(
    const config::certificate_request& request) {
  std::string key = config::directory_of(request);
  for (const std::string& file : request.ca_certs) key += '|' + file;
  auto& found = transports_[key];
  if (found) return found;
  auto fetch = make_fetch(request.ca_certs);
  if (!fetch) return fetch.error().at("ca_certs");
  autocert::acme::transport::limits limits;
  if (config::is_public_ca(config::directory_of(request)))
    limits.budget = autocert::acme::request_budget::of_public_ca();
  found = std::make_shared<autocert::acme::transport>(config::directory_of(request), std::move(*fetch),
                                                      base::system_wall_clock(), base::sleep_for, limits);
  return found;
}

base::result<std::shared_ptr<autocert::acme::account>> issuers::account_of(
    const config::certificate_request& request) {
  auto ca = transport_to(request);
  if (!ca) return ca.error();
  // A reload may bring another e-mail address or external account.
  auto& found =
      accounts_[config::directory_of(request) + '|' + request.acme_key_path + '|' + request.email + '|' +
                request.eab_kid + '|' + request.eab_hmac.reveal() + '|' + request.eab_url.value_or("")];
  if (found) return found;
  std::string eab_url(config::eab_url_of(config::directory_of(request)).value_or(""));
  found = std::make_shared<autocert::acme::account>(
      autocert::acme::account_settings{request.acme_key_path, request.email, request.eab_kid,
                                       request.eab_hmac, request.eab_url.value_or(eab_url)},
      std::move(*ca));
  return found;
}

base::result<std::unique_ptr<autocert::issuer>> issuers::make(const config::certificate_request& request) {
  auto resolver = base::dns_resolver::create(request.resolvers);
  if (!resolver) return resolver.error().at("resolvers");
  std::unique_ptr<dnsproviders::provider> dns;
  if (autocert::kind_of(request.provider) == autocert::provider_kind::dns) {
    auto fetch = make_fetch({});
    if (!fetch) return fetch.error();
    auto made = dnsproviders::make_provider(request.provider, request.options, config::process_environment(),
                                            {std::move(*fetch), *resolver});
    if (!made) return made.error();
    dns = std::move(*made);
  }
  auto transport = transport_to(request);
  if (!transport) return transport.error();
  auto account = account_of(request);
  if (!account) return account.error();

  const base::logger log = base::logger("dns01").with({"provider", request.name});
  auto solver = std::make_unique<autocert::solvers::dns01>(
      std::move(dns), [resolver = *resolver](std::string name) { return follow(resolver, std::move(name)); },
      [resolver = *resolver](std::string name, std::string value, dnsproviders::propagation_timing timing) {
        return autocert::dns::wait_until_visible(resolver, std::move(name), std::move(value), timing,
                                                 base::sleep_for);
      },
      request.cert_path + ".pending-dns", log);
  autocert::acme::issuer_settings settings{request.name, request.profile, request.preferred_chain};
  return std::unique_ptr<autocert::issuer>(std::make_unique<autocert::acme::acme_issuer>(
      std::move(settings), std::move(*transport), std::move(*account), std::move(solver),
      base::system_wall_clock(), base::sleep_for));
}

}  // namespace cardea::app
