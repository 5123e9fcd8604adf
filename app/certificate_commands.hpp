#pragma once

#include "app/application.hpp"
#include "app/command_line.hpp"

/// The commands that change something at a CA. They work on the files; a server
/// that runs takes the result up by itself. Each returns the exit code.
namespace cardea::app {

/// A new key for the accounts of all certificates, or of one.
[[nodiscard]] int roll_over_accounts(const command_line& line, const application::loader& load);

/// Revokes a certificate, after another one is installed in its place.
[[nodiscard]] int revoke_certificate(const command_line& line, const application::loader& load);

}  // namespace cardea::app
