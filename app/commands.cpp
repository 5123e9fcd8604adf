#include "app/commands.hpp"

#include "api/cert.hpp"
#include "app/issuers.hpp"
#include "app/quickstart.hpp"
#include "app/version.hpp"
#include "autocert/certificate_folder.hpp"
#include "autocert/description.hpp"
#include "autocert/status_table.hpp"
#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/rfc3339.hpp"
#include "base/tls_names.hpp"
#include "config/sections/challenge_choice.hpp"
#include "dnsproviders/description.hpp"
#include "dnsproviders/registry.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/version.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

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

constexpr std::size_t pem_bytes_max = 1U << 20U;

// As wide as the terminal, when there is one.
std::size_t output_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
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
  fmt::print("{}: {} usable, {} expired, {} not usable{}\n", path, usable - expired, expired,
             found.size() - usable,
             usable > expired ? ", the first ends " + base::to_rfc3339(first_end) : std::string());
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
  return [options, line] {
    config::load_options with = options;
    with.check_request = make_request_check();
    return line.quickstart ? load_quickstart(with) : config::load(line.config_path, with);
  };
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
  const base::wall_time now = std::chrono::system_clock::now();
  std::vector<config::certificate_request> entries{loaded.loaded->autocert.main};
  entries.insert(entries.end(), loaded.loaded->autocert.extra.begin(), loaded.loaded->autocert.extra.end());
  std::vector<autocert::certificate_status> all;
  for (const config::certificate_request& entry : entries)
    for (const config::certificate_request& each : config::by_key_type(entry))
      all.push_back(autocert::stored_status(each, now));
  if (!line.json) {
    fmt::print("{}", autocert::status_table(all, now, output_width()));
    std::uint32_t number = 0;
    for (const std::string& path : loaded.loaded->autocert.folders) print_folder(path, number++);
    print_persistent_records(entries);
    return 0;
  }
  boost::json::array out;
  for (const autocert::certificate_status& each : all) out.push_back(api::to_object(each));
  fmt::print("{}\n", boost::json::serialize(out));
  return 0;
}

}  // namespace cardea::app
