#include "dnsproviders/description.hpp"

#include "dnsproviders/registry.hpp"

#include <fmt/format.h>

namespace cardea::dnsproviders {
namespace {

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g}s", static_cast<double>(time.count()) / 1000);
}

// What a common option is for a provider when nobody sets it.
std::string default_of(const provider_metadata& of, const option_spec& option) {
  if (!option.fallback.empty()) return std::string(option.fallback);
  if (of.defaults.api_url.empty()) return {};
  if (option.key == "api_url") return std::string(of.defaults.api_url);
  if (option.key == "ttl") return std::to_string(of.defaults.ttl);
  if (option.key == "http_timeout") return seconds(of.defaults.http_timeout);
  if (option.key == "propagation_timeout") return seconds(of.defaults.propagation.timeout);
  if (option.key == "polling_interval") return seconds(of.defaults.propagation.polling_interval);
  return {};
}

std::string spaced(std::string names) {
  for (std::size_t at = names.find(' '); at != std::string::npos; at = names.find(' ', at + 2))
    names.insert(at, ",");
  return names;
}

std::string describe_options(const provider_metadata& of) {
  std::string out;
  for (const auto list : {of.options, common_options()})
    for (const option_spec& each : list) {
      const std::string fallback = default_of(of, each);
      const std::string environment = environment_names(of, each);
      out += fmt::format("  {:<22} {}{}{}\n", each.key, each.help, each.required ? " (required)" : "",
                         fallback.empty() ? "" : fmt::format(" (default {})", fallback));
      if (!environment.empty()) out += fmt::format("  {:<22}   environment: {}\n", "", spaced(environment));
    }
  return out;
}

std::string section(const provider_metadata& of) {
  std::string out =
      fmt::format("## {}\n\n[{}]({}){}\n\n| option | environment | default | |\n|---|---|---|---|\n", of.name,
                  of.title, of.link, of.alias.empty() ? "" : fmt::format(", also `{}`", of.alias));
  for (const option_spec& each : of.options) {
    const std::string environment = environment_names(of, each);
    out += fmt::format("| `{}` | {} | {} | {}{} |\n", each.key,
                       environment.empty() ? "" : "`" + environment + "`",
                       each.fallback.empty() ? "" : "`" + std::string(each.fallback) + "`", each.help,
                       each.required ? "; required" : "");
  }
  if (!of.defaults.api_url.empty())
    out += fmt::format("\nDefaults: api_url `{}`, ttl {}, propagation_timeout {}, polling_interval {}.\n",
                       of.defaults.api_url, of.defaults.ttl, seconds(of.defaults.propagation.timeout),
                       seconds(of.defaults.propagation.polling_interval));
  if (!of.environment_prefix.empty())
    out += fmt::format("The common options' environment names begin with `{}`.\n", of.environment_prefix);
  return out + "\n";
}

}  // namespace

base::result<std::string> describe(const std::string& name) {
  if (name.empty()) {
    std::string out;
    for (const provider_metadata* of : all_providers())
      out += fmt::format("{:<14} {}{}\n", of->name, of->title,
                         of->alias.empty() ? "" : fmt::format(" (also: {})", of->alias));
    return out + "\ncardea dns-providers NAME lists the options of one.\n";
  }
  const auto found = find_provider(name);
  if (!found) return found.error();
  const provider_metadata& of = **found;
  return fmt::format("{}: {}\n{}\n\noptions:\n{}", of.name, of.title, of.link, describe_options(of));
}

std::string markdown_page() {
  std::string out =
      "# DNS providers\n\n"
      "This page is what `cardea dns-providers --markdown` prints; `cardea dns-providers NAME` shows one.\n\n"
      "Options go under `autocert.options`, with or without underscores. One that is not there is read from "
      "the\n"
      "environment, by the first of its names that is set, or from the file that `NAME_FILE` names. Every "
      "provider\n"
      "takes these as well:\n\n| option | |\n|---|---|\n";
  for (const option_spec& each : common_options()) out += fmt::format("| `{}` | {} |\n", each.key, each.help);
  out += "\n";
  for (const provider_metadata* of : all_providers()) out += section(*of);
  out.pop_back();
  return out;
}

}  // namespace cardea::dnsproviders
