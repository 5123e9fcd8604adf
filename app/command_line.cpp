#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

namespace cardea::app {
namespace {

constexpr const char* description = R"(Cardea: a TLS front door that gets its own certificates.

Try it, with a certificate authority of its own and a welcome page:
  cardea run --quickstart
  curl --cacert certs/internal-root.crt https://localhost:8443/

Use it:
  cardea validate                 check config/config.yml and the files it includes
  cardea run                      serve in the foreground, log to stderr; SIGHUP reloads, SIGTERM drains and ends
  cardea upgrade                  let the binary that is on disk now take over, without losing a connection
  cardea certs                    what is managed, until when, renewed when
  cardea certs rollover           give the accounts at the CAs new keys
  cardea certs revoke NAME        replace a certificate, then revoke the old one
)";

// A command of its own when nothing follows: the callback of what follows comes first.
void add_certs(CLI::App& app, command_line& out) {
  CLI::App* const certs = app.add_subcommand("certs", "list the managed certificates as they are on disk");
  certs->require_subcommand(0, 1);
  certs->callback([&out, certs] {
    if (certs->get_subcommands().empty()) out.wanted = command::certs;
  });
  certs->add_option("-c,--config", out.config_path, "the main configuration file")->capture_default_str();
  certs->add_flag("--json", out.json, "as the API says it, for programs");

  CLI::App* const rollover = certs->add_subcommand(
      "rollover", "give accounts at CAs a new key (RFC 8555); a running server takes it up");
  rollover->callback([&out] { out.wanted = command::certs_rollover; });
  rollover->add_option("-c,--config", out.config_path, "the main configuration file")->capture_default_str();
  rollover->add_option("NAME", out.certificate, "only those of this certificate: main, extra[N] or a domain");

  CLI::App* const revoke = certs->add_subcommand(
      "revoke", "install a new certificate with a new key, then revoke the old one at its CA");
  revoke->callback([&out] { out.wanted = command::certs_revoke; });
  revoke->add_option("-c,--config", out.config_path, "the main configuration file")->capture_default_str();
  revoke->add_option("NAME", out.certificate, "main, extra[N] or a domain")->required();
  revoke
      ->add_option(
          "--reason", out.reason,
          "unspecified, keyCompromise, superseded or cessationOfOperation (the last one orders no other)")
      ->check(CLI::IsMember({"unspecified", "keyCompromise", "superseded", "cessationOfOperation"}))
      ->capture_default_str();
}

}  // namespace

parsed_command_line parse_command_line(int argc, char** argv) {
  command_line out;
  CLI::App app{description, "cardea"};
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, command which) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->callback([&out, which] { out.wanted = which; });
    return sub;
  };
  const auto add_config = [&](CLI::App* sub) {
    sub->add_option("-c,--config", out.config_path, "the main configuration file")->capture_default_str();
  };
  CLI::App* run = add("run", "serve until SIGTERM or SIGINT", command::run);
  add_config(run);
  run->add_flag("--quickstart", out.quickstart,
                "no file: https on :8443, http on :8080, the internal authority, a welcome page");
  run->add_option("--log-level", out.log_level, "trace, debug, info, warn or error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  CLI::App* const upgrade = add(
      "upgrade", "let the binary on disk take the running process's place (as SIGUSR2), and wait for the outcome",
      command::upgrade);
  add_config(upgrade);
  upgrade->add_flag("--quickstart", out.quickstart, "of a process that runs with --quickstart");
  add_config(add("validate", "check the configuration and list every error", command::validate));
  add_certs(app, out);
  add("version", "the version and what it was built with", command::version);
  CLI::App* providers =
      add("dns-providers", "the DNS providers, or one with its options", command::dns_providers);
  providers->add_option("NAME", out.dns_provider, "a provider");
  providers->add_flag("--markdown", out.markdown, "all of them, as docs/dns-providers.md");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return {std::nullopt, app.exit(problem)};
  }
  return {out, 0};
}

}  // namespace cardea::app
