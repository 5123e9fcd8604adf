#include "app/commands.hpp"

#include "app/issuers.hpp"
#include "app/quickstart.hpp"
#include "app/version.hpp"
#include "autocert/certificate_folder.hpp"
#include "autocert/renewal.hpp"
#include "autocert/request_check.hpp"
#include "base/atomic_file.hpp"
#include "base/certificate.hpp"
#include "base/crypto.hpp"
#include "base/rfc3339.hpp"
#include "base/tls_names.hpp"
#include "config/sections/challenge_choice.hpp"
#include "dnsproviders/description.hpp"
#include "dnsproviders/registry.hpp"

#include <fmt/format.h>

#include <boost/version.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace cardea::app {
namespace {

// What --quickstart serves; not a file, because a fresh folder has none.
config::load_result load_quickstart(const config::load_options& options) {
  config::load_result out =
      config::load_text(std::string(quickstart_name), quickstart_configuration, options);
  if (!out.loaded) return out;
  for (const char* host : {"localhost", "*.cardea.localhost"}) {
    config::route_section welcome;
    welcome.alias = host;
    welcome.scheme = config::route_scheme::fileserver;
    out.loaded->routes.push_back(std::move(welcome));
  }
  return out;
}

void print_row(const std::string& name, const std::string& names, const std::string& issuer,
               const std::string& until, const std::string& renewal) {
  fmt::print("{:<10} {:<40} {:<24} {:<21} {}\n", name, names, issuer, until, renewal);
}

constexpr std::size_t pem_bytes_max = 1U << 20U;

base::result<std::shared_ptr<const base::certificate>> read_pair(const config::certificate_request& request) {
  const auto chain = base::read_file(request.cert_path, pem_bytes_max);
  if (!chain) return chain.error();
  const auto key = base::read_file(request.key_path, pem_bytes_max);
  if (!key) return key.error();
  return base::certificate::from_pem(*chain, *key);
}

void print_certificate(const config::certificate_request& request) {
  std::string names;
  for (const std::string& domain : request.domains) names += (names.empty() ? "" : ",") + domain;
  const auto stored = read_pair(request);
  if (!stored && request.provider != "local" &&
      stored.error() == base::make_error_code(base::errc::not_found)) {
    print_row(request.name, names, "-", "-", "none yet: cardea run gets it");
    return;
  }
  if (!stored) {
    print_row(request.name, names, "-", "-", stored.error().message());
    return;
  }
  const base::certificate& found = **stored;
  const bool renews = request.provider != "local" && request.provider != "pseudo";
  const auto due = autocert::renewal_due(found.not_before(), found.not_after());
  print_row(request.name, names, found.issuer(), base::to_rfc3339(found.not_after()),
            renews ? base::to_rfc3339(due) : "never (files are managed by others)");
}

// A line for the folder, since it may hold a hundred thousand; what is unusable in it is logged.
void print_folder(const std::string& path, std::uint32_t number) {
  autocert::certificate_folder folder(path, number);
  static_cast<void>(folder.scan());
  std::size_t usable = 0;
  std::size_t expired = 0;
  base::wall_time first_end = base::wall_time::max();
  const auto found = folder.certificates();
  for (const auto& [file, certificate] : found) {
    if (!certificate) continue;
    ++usable;
    if (certificate->not_after() <= std::chrono::system_clock::now())
      ++expired;
    else
      first_end = std::min(first_end, certificate->not_after());
  }
  print_row(fmt::format("folder[{}]", number), path,
            fmt::format("{} usable, {} expired, {} not usable", usable - expired, expired, found.size() - usable),
            usable > expired ? base::to_rfc3339(first_end) : "-", "never (files are managed by others)");
}

bool proves_by_persistent_records(const config::certificate_request& request) {
  const bool is_acme = autocert::kind_of(request.provider) == autocert::provider_kind::custom ||
                       autocert::kind_of(request.provider) == autocert::provider_kind::dns;
  const auto types = config::challenges_of(request);
  return is_acme && std::find(types.begin(), types.end(), config::challenge_type::dns_persist01) != types.end();
}

// Which records the operator has to publish, once, for each CA that may be asked (B71).
void print_persistent_records(const std::vector<config::certificate_request>& requests) {
  for (const config::certificate_request& each : requests) {
    if (!proves_by_persistent_records(each)) continue;
    for (const config::certificate_request& at_ca : config::requests_by_issuer(each)) {
      const std::string ca = config::directory_of(at_ca);
      const auto noted = base::read_file(persist_records_path(at_ca), pem_bytes_max);
      if (noted)
        fmt::print("\n{}: dns-persist-01 needs these records for {}\n{}", each.name, ca, *noted);
      else if (noted.error() == base::make_error_code(base::errc::not_found))
        fmt::print("\n{}: dns-persist-01 needs records that are known once cardea run has an account at {}\n",
                   each.name, ca);
      else
        fmt::print("\n{}: dns-persist-01 needs records for {}: {}\n", each.name, ca, noted.error().message());
    }
  }
}

}  // namespace

application::loader configuration_loader(const command_line& line) {
  config::load_options options;
  options.dns_provider_names = dns_provider_names();
  options.check_request = check_request;
  if (line.quickstart) return [options] { return load_quickstart(options); };
  return [options, path = line.config_path] { return config::load(path, options); };
}

int validate(const command_line& line) {
  config::load_result loaded = configuration_loader(line)();
  for (const config::issue& each : loaded.warnings)
    fmt::print(stderr, "warning: {}\n", config::format_issue(each));
  for (const config::issue& each : loaded.notes) fmt::print(stderr, "note: {}\n", config::format_issue(each));
  if (!loaded.loaded) {
    fmt::print(stderr, "{}{} error{}\n", config::format_issues(loaded.errors), loaded.errors.size(),
               loaded.errors.size() == 1 ? "" : "s");
    return 1;
  }
  fmt::print("{}: {} routes, {} certificates: no errors\n", line.config_path, loaded.loaded->routes.size(),
             1 + loaded.loaded->autocert.extra.size());
  return 0;
}

int print_version() {
  fmt::print("cardea {}\n{}\nBoost {}.{}.{}\n{}: {}\n", version_text(), base::crypto_library(),
             BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100, base::post_quantum_group,
             base::has_post_quantum_group() ? "yes" : "no, this OpenSSL lacks it (3.5 has it)");
  return 0;
}

int print_dns_providers(const command_line& line) {
  if (line.markdown) {
    fmt::print("{}", dnsproviders::markdown_page());
    return 0;
  }
  const auto text = dnsproviders::describe(line.dns_provider);
  if (!text) {
    fmt::print(stderr, "{}\n", text.error().message());
    return 1;
  }
  fmt::print("{}", *text);
  return 0;
}

int print_certificates(const command_line& line) {
  const config::load_result loaded = configuration_loader(line)();
  if (!loaded.loaded) {
    fmt::print(stderr, "{}", config::format_issues(loaded.errors));
    return 1;
  }
  print_row("NAME", "DOMAINS", "ISSUER", "EXPIRES", "NEXT RENEWAL");
  std::vector<config::certificate_request> entries{loaded.loaded->autocert.main};
  entries.insert(entries.end(), loaded.loaded->autocert.extra.begin(), loaded.loaded->autocert.extra.end());
  for (const config::certificate_request& entry : entries)
    for (const config::certificate_request& each : config::by_key_type(entry)) print_certificate(each);
  std::uint32_t number = 0;
  for (const std::string& path : loaded.loaded->autocert.folders) print_folder(path, number++);
  print_persistent_records(entries);
  return 0;
}

}  // namespace cardea::app
