#include "app/issuers.hpp"

#include "app/version.hpp"
#include "autocert/acme/acme_issuer.hpp"
#include "autocert/dns/name_servers.hpp"
#include "autocert/dns/propagation.hpp"
#include "autocert/request_check.hpp"
#include "autocert/solvers/dns01.hpp"
#include "autocert/solvers/dns_persist01.hpp"
#include "autocert/solvers/http01.hpp"
#include "autocert/solvers/tls_alpn01.hpp"
#include "base/crypto.hpp"
#include "base/fetch_client.hpp"
#include "base/text.hpp"
#include "config/environment.hpp"
#include "config/sections/challenge_choice.hpp"
#include "config/sections/known_cas.hpp"
#include "dnsproviders/registry.hpp"

namespace cardea::app {
namespace {

// Orders that run side by side keep their connections.
constexpr std::size_t idle_connections_max = 16;

// A named coroutine, because a capturing lambda must not be one.
base::awaitable<base::result<std::string>> follow(base::dns_resolver resolver, std::string name) {
  auto last = co_await resolver.follow_cnames(name);
  co_return last;
}

base::result<std::shared_ptr<dnsproviders::provider>> make_dns_provider(
    const config::certificate_request& request, const base::dns_resolver& resolver,
    base::result<base::fetch> fetch) {
  if (!fetch) return fetch.error();
  auto made = dnsproviders::make_provider(request.provider, request.options, config::process_environment(),
                                          {std::move(*fetch), resolver});
  if (!made) return made.error();
  return std::shared_ptr<dnsproviders::provider>(std::move(*made));
}

base::awaitable<base::result<void>> wait_for_record(config::propagation_settings settings,
                                                    base::dns_resolver resolver, std::string name,
                                                    std::string value,
                                                    dnsproviders::propagation_timing timing) {
  timing.timeout = settings.timeout.value_or(timing.timeout);
  timing.polling_interval = settings.polling_interval.value_or(timing.polling_interval);
  if (settings.check) {
    auto visible = co_await autocert::dns::wait_until_visible(resolver, std::move(name), std::move(value),
                                                              timing, base::sleep_for);
    if (!visible) co_return visible;
  }
  if (settings.delay.count() > 0) co_await base::sleep_for(settings.delay);
  co_return base::result<void>();
}

autocert::solvers::dns01::wait_until_visible propagation_of(const config::certificate_request& request,
                                                            const base::dns_resolver& resolver) {
  return [settings = request.propagation, resolver](std::string name, std::string value,
                                                    dnsproviders::propagation_timing timing) {
    return wait_for_record(settings, resolver, std::move(name), std::move(value), timing);
  };
}

}  // namespace

std::string persist_records_path(const config::certificate_request& request) {
  const std::string ca = config::directory_of(request);
  // Each CA has accounts, and so records, of its own.
  const bool is_usual = ca == config::lets_encrypt_directory;
  return request.cert_path + ".dns-persist" + (is_usual ? "" : "-" + base::hex(base::sha256(ca)).substr(0, 16));
}

base::result<base::fetch> make_fetch(const std::vector<std::string>& ca_files) {
  base::fetch_client_options options;
  options.ca_files = ca_files;
  options.idle_connections_max = idle_connections_max;
  options.user_agent = "cardea/" + std::string(version_text());
  return base::make_fetch(options);
}

std::span<const std::string_view> dns_provider_names() { return dnsproviders::provider_names(); }

config::request_check make_request_check() {
  struct checker {
    base::asio::io_context context{1};
    issuers factory{context.get_executor(), {}};
  };
  return [with = std::make_shared<checker>()](
             const config::certificate_request& request) -> std::optional<config::request_problem> {
    for (const config::certificate_request& each : config::requests_by_issuer(request)) {
      const auto made = with->factory.make(each);
      if (!made)
        return config::request_problem{dnsproviders::named_option(made.error()), made.error().message()};
    }
    return std::nullopt;
  };
}

base::result<base::fetch> issuers::vendor_fetch() {
  if (vendor_fetch_) return vendor_fetch_;
  auto made = make_fetch({});
  if (made) vendor_fetch_ = *made;
  return made;
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

base::result<autocert::acme::prover::solver_list> issuers::make_solvers(
    const config::certificate_request& request) {
  using config::challenge_type;
  auto resolver = base::dns_resolver::create(request.resolvers);
  if (!resolver) return resolver.error().at("resolvers");
  std::shared_ptr<dnsproviders::provider> dns;  // one for all types that write records
  autocert::acme::prover::solver_list out;
  for (const challenge_type type : config::challenges_of(request)) {
    const base::logger log =
        base::logger(std::string(config::to_text(type))).with({"provider", request.name});
    switch (type) {
      case challenge_type::http01:
        out.push_back(std::make_unique<autocert::solvers::http01>(board_));
        break;
      case challenge_type::tls_alpn01:
        out.push_back(std::make_unique<autocert::solvers::tls_alpn01>(board_, base::system_wall_clock()));
        break;
      case challenge_type::dns_persist01:
        out.push_back(std::make_unique<autocert::solvers::dns_persist01>(
            [resolver = *resolver](std::string name) {
              return autocert::dns::find_txt_values(resolver, std::move(name));
            },
            persist_records_path(request), base::system_wall_clock(), log));
        break;
      case challenge_type::dns01:
      case challenge_type::dns_account01: {
        if (!dns && autocert::kind_of(request.provider) == autocert::provider_kind::dns) {
          auto made = make_dns_provider(request, *resolver, vendor_fetch());
          if (!made) return made.error();
          dns = std::move(*made);
        }
        const bool is_of_account = type == challenge_type::dns_account01;
        out.push_back(std::make_unique<autocert::solvers::dns01>(
            dns, [resolver = *resolver](std::string name) { return follow(resolver, std::move(name)); },
            propagation_of(request, *resolver),
            request.cert_path + (is_of_account ? ".pending-dns-account" : ".pending-dns"), log, type));
        break;
      }
    }
  }
  return out;
}

base::result<std::unique_ptr<autocert::issuer>> issuers::make(const config::certificate_request& request) {
  auto by = make_solvers(request);
  if (!by) return by.error();
  auto transport = transport_to(request);
  if (!transport) return transport.error();
  auto account = account_of(request);
  if (!account) return account.error();

  autocert::acme::issuer_settings settings{request.name, request.profile, request.profile_fallback,
                                           request.preferred_chain};
  return std::unique_ptr<autocert::issuer>(std::make_unique<autocert::acme::acme_issuer>(
      std::move(settings), std::move(*transport), std::move(*account), std::move(*by),
      base::system_wall_clock(), base::sleep_for));
}

}  // namespace cardea::app
