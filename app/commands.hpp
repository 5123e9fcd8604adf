#pragma once

#include "app/application.hpp"
#include "app/command_line.hpp"

#include <string>

/// The commands that print and end. Each returns the exit code.
namespace cardea::app {

/// How `run`, `validate` and `certs` get their configuration: the file, or the
/// embedded one for --quickstart.
[[nodiscard]] application::loader configuration_loader(const command_line& line);

/// 0 when the configuration can be used; every error goes to stderr.
[[nodiscard]] int validate(const command_line& line);
[[nodiscard]] int print_version();
/// All DNS providers, or one with its options, or the page of the documentation; 1 for an unknown name.
[[nodiscard]] int print_dns_providers(const command_line& line);
/// The managed certificates as they are on disk. Starts nothing.
[[nodiscard]] int print_certificates(const command_line& line);

}  // namespace cardea::app
