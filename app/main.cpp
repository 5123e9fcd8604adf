#include "app/application.hpp"
#include "app/certificate_commands.hpp"
#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/program.hpp"
#include "app/upgrade_command.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <exception>
#include <utility>

namespace {

using namespace std::string_view_literals;

cardea::base::log_level level_named(std::string_view name) {
  using cardea::base::log_level;
  if (name == "trace"sv) return log_level::trace;
  if (name == "debug"sv) return log_level::debug;
  if (name == "warn"sv) return log_level::warn;
  if (name == "error"sv) return log_level::error;
  return log_level::info;
}

// A core dump would hold every private key (B86). The hard limit stays: whoever debugs raises it again
// from outside (prlimit).
void forbid_core_dumps() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_CORE, &limit);
}

int execute(const cardea::app::command_line& line, cardea::app::program self) {
  using cardea::app::command;
  switch (line.wanted) {
    case command::run: {
      forbid_core_dumps();
      cardea::base::set_log_level(level_named(line.log_level));
      cardea::app::application running(cardea::app::configuration_loader(line), std::move(self));
      return running.run();
    }
    case command::validate:
      return cardea::app::validate(line);
    case command::version:
      return cardea::app::print_version();
    case command::dns_providers:
      return cardea::app::print_dns_providers(line);
    case command::certs:
      return cardea::app::print_certificates(line);
    case command::certs_rollover:
      return cardea::app::roll_over_accounts(line, cardea::app::configuration_loader(line));
    case command::upgrade:
      return cardea::app::upgrade(line);
    case command::certs_revoke:
      return cardea::app::revoke_certificate(line, cardea::app::configuration_loader(line));
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) try {
  cardea::app::program self = cardea::app::program::of(argc, argv);
  const cardea::app::parsed_command_line line = cardea::app::parse_command_line(argc, argv);
  return line.values ? execute(*line.values, std::move(self)) : line.exit_code;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "cardea: %s\n", failure.what());
  return 1;
}
