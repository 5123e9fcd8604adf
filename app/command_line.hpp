#pragma once

#include <optional>
#include <string>

namespace cardea::app {

enum class command { run, upgrade, validate, version, dns_providers, certs, certs_rollover, certs_revoke };

struct command_line {
  command wanted = command::run;
  std::string config_path = "config/config.yml";
  bool quickstart = false;   ///< run: the embedded configuration instead of a file
  std::string dns_provider;  ///< dns-providers NAME
  bool markdown = false;     ///< dns-providers: all of them as a page of the documentation
  std::string certificate;   ///< certs rollover, certs revoke: "main", "extra[N]" or a domain; empty: all
  std::string reason = "superseded";  ///< certs revoke: one of RFC 5280's that CAs take
  bool json = false;         ///< certs: for programs
  std::string log_level = "info";
};

struct parsed_command_line {
  std::optional<command_line> values;
  int exit_code = 0;  ///< without values: help was shown (0) or the usage is wrong
};

/// Prints help and usage errors itself.
[[nodiscard]] parsed_command_line parse_command_line(int argc, char** argv);

}  // namespace cardea::app
