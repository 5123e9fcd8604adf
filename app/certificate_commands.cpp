#include "app/certificate_commands.hpp"

#include "app/issuers.hpp"
#include "autocert/metadata_store.hpp"
#include "autocert/request_check.hpp"
#include "autocert/revocation.hpp"
#include "base/dns_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace cardea::app {
namespace {

using autocert::acme::revocation_reason;
using config::certificate_request;

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

int fail(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  return 1;
}

bool is_acme(const certificate_request& request) {
  const auto kind = autocert::kind_of(request.provider);
  return kind == autocert::provider_kind::dns || kind == autocert::provider_kind::custom;
}

std::vector<certificate_request> all_of(const config::autocert_section& section) {
  std::vector<certificate_request> out = config::by_key_type(section.main);
  for (const certificate_request& extra : section.extra)
    for (certificate_request& each : config::by_key_type(extra)) out.push_back(std::move(each));
  return out;
}

// By "main", "main/rsa" or "extra[N]", or all that are for a name.
std::vector<certificate_request> find(const config::autocert_section& section, const std::string& name) {
  const std::string domain = base::normalise_dns_name(name);
  std::vector<certificate_request> out;
  for (certificate_request& each : all_of(section)) {
    if (each.name == name) return {std::move(each)};
    const auto& names = each.domains;
    if (std::find(names.begin(), names.end(), domain) != names.end()) out.push_back(std::move(each));
  }
  return out;
}

std::string names_of(const std::vector<certificate_request>& all) {
  std::string out;
  for (const certificate_request& each : all) out += (out.empty() ? "" : ", ") + each.name;
  return out;
}

std::string unknown_name(const config::autocert_section& section, const std::string& name) {
  return fmt::format("no certificate '{}'; there are {}, and their domains are names, too", name,
                     names_of(all_of(section)));
}

// Runs one operation to its end.
template <class Operation>
base::result<void> complete(base::asio::io_context& context, Operation operation) {
  base::result<void> out = base::error(base::errc::io, "it ended unexpectedly");
  base::task_group tasks(context.get_executor(), base::logger("app"));
  const auto store = [](Operation what, base::result<void>& into) -> base::awaitable<void> {
    into = co_await std::move(what);
  };
  tasks.spawn(store(std::move(operation), out));
  context.run();
  return out;
}

// The issuer that a certificate on disk came from, as its metadata says.
base::result<certificate_request> issuer_of(const certificate_request& request) {
  const autocert::metadata_store known(request.cert_path, base::logger("app"));
  const std::string ca = known.peek().ca;
  for (certificate_request& each : config::requests_by_issuer(request))
    if (ca.empty() || config::directory_of(each) == ca) return std::move(each);
  return base::error(
      base::errc::not_found,
      fmt::format("{} was issued by {}, which is not among its issuers: add it", request.cert_path, ca));
}

base::awaitable<base::result<void>> ask_to_revoke(std::shared_ptr<autocert::acme::account> by,
                                                  std::string leaf_der, revocation_reason why) {
  auto done = co_await by->revoke(std::move(leaf_der), why);
  co_return done;
}

}  // namespace

int roll_over_accounts(const command_line& line, const application::loader& load) {
  base::set_log_level(base::log_level::warn);
  const config::load_result loaded = load();
  if (!loaded.loaded) return fail(config::format_issues(loaded.errors));
  std::vector<certificate_request> wanted = all_of(loaded.loaded->autocert);
  if (!line.certificate.empty()) {
    wanted = find(loaded.loaded->autocert, line.certificate);
    if (wanted.empty()) return fail(unknown_name(loaded.loaded->autocert, line.certificate));
  }
  int exit_code = 0;
  std::set<std::string> done;
  for (const certificate_request& each : wanted) {
    if (!is_acme(each)) continue;
    for (const certificate_request& one : config::requests_by_issuer(each)) {
      std::error_code ignored;  // an account without a key is one that nobody used yet
      if (!done.insert(one.acme_key_path).second || !std::filesystem::exists(one.acme_key_path, ignored))
        continue;
      say(fmt::format("{}: new key for the account at {}", one.acme_key_path, config::directory_of(one)));
      base::asio::io_context context{1};
      issuers factory(context.get_executor(), {});
      const auto account = factory.account_of(one);
      const auto changed =
          account ? complete(context, (*account)->roll_over()) : base::result<void>(account.error());
      if (changed) {
        say(fmt::format("{}: done", one.acme_key_path));
      } else {
        exit_code = fail(fmt::format("{}: {}", one.acme_key_path, changed.error().message()));
      }
    }
  }
  if (done.empty()) return fail("no certificate of an ACME CA is configured");
  return exit_code;
}

int revoke_certificate(const command_line& line, const application::loader& load) {
  const std::map<std::string, revocation_reason> reasons{
      {"unspecified", revocation_reason::unspecified},
      {"keyCompromise", revocation_reason::key_compromise},
      {"superseded", revocation_reason::superseded},
      {"cessationOfOperation", revocation_reason::cessation_of_operation}};
  base::set_log_level(base::log_level::warn);
  const config::load_result loaded = load();
  if (!loaded.loaded) return fail(config::format_issues(loaded.errors));
  const auto all = find(loaded.loaded->autocert, line.certificate);
  if (all.empty()) return fail(unknown_name(loaded.loaded->autocert, line.certificate));
  if (all.size() > 1)
    return fail(
        fmt::format("several certificates are for '{}': say which of {}", line.certificate, names_of(all)));
  const certificate_request* const found = &all.front();
  if (!is_acme(*found))
    return fail(fmt::format("{} is of provider {}: only an ACME CA revokes", found->name, found->provider));
  const auto from = issuer_of(*found);
  if (!from) return fail(fmt::format("{}: {}", found->name, from.error().message()));

  base::asio::io_context context{1};
  issuers factory(context.get_executor(), {});
  auto ca = factory.make(*from);
  if (!ca) return fail(fmt::format("{}: {}", found->name, ca.error().message()));
  auto account = factory.account_of(*from);
  if (!account) return fail(fmt::format("{}: {}", found->name, account.error().message()));
  const revocation_reason why = reasons.at(line.reason);
  autocert::revocation work(
      *from, {**ca, config::directory_of(*from),
              [by = *account, why](std::string der) { return ask_to_revoke(by, std::move(der), why); },
              [&](const std::string& step) { say(fmt::format("{}: {}", found->name, step)); }});
  const auto done = complete(context, work.run(why != revocation_reason::cessation_of_operation));
  if (!done) return fail(fmt::format("{}: {}", found->name, done.error().message()));
  return 0;
}

}  // namespace cardea::app
