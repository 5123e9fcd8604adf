#include "config/sections/read_autocert.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "config/scalars.hpp"
#include "config/sections/certificate_entry.hpp"
#include "config/sections/challenge_choice.hpp"
#include "config/sections/known_cas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace cardea::config {
namespace {

constexpr std::size_t acme_domains_max = 100;  // of Let's Encrypt and ZeroSSL, the usual CAs
constexpr std::size_t short_profile_domains_max = 25;

// Let's Encrypt's newer profiles take fewer names than its default.
std::size_t domains_max_of(const certificate_request& request) {
  const bool is_short = request.profile == "shortlived" || request.profile == "tlsserver";
  const bool is_lets_encrypt =
      request.ca_dir_url.empty() || request.ca_dir_url.find(".letsencrypt.org/") != std::string::npos;
  return is_short && is_lets_encrypt ? short_profile_domains_max : acme_domains_max;
}

// The account of another CA needs a key of its own: a key that two CAs know
// links both accounts. 16 hex digits as GoDoxy takes them, so its keys are found.
std::string derived_account_key_path(const std::string& ca_dir_url) {
  if (ca_dir_url.empty()) return certificate_request{}.acme_key_path;
  const auto digest = base::sha256(ca_dir_url);
  return "certs/acme_" + base::hex({digest.data(), 8}) + ".key";
}

void choose_account_key(certificate_entry& main, std::vector<certificate_entry>& extras) {
  if (!main.own.contains("acme_key_path") && !main.request.ca_dir_url.empty())
    main.request.acme_key_path = derived_account_key_path(main.request.ca_dir_url);
  for (certificate_entry& extra : extras) {
    if (extra.own.contains("acme_key_path")) continue;
    extra.request.acme_key_path = extra.request.ca_dir_url == main.request.ca_dir_url
                                      ? main.request.acme_key_path
                                      : derived_account_key_path(extra.request.ca_dir_url);
  }
  const auto choose_for_fallbacks = [](certificate_entry& entry) {
    for (std::size_t i = 0; i < entry.request.fallbacks.size(); ++i) {
      config::certificate_issuer& each = entry.request.fallbacks[i];
      if (!entry.issuers[i + 1].own.contains("acme_key_path"))
        each.acme_key_path = derived_account_key_path(each.ca_dir_url);
    }
  };
  choose_for_fallbacks(main);
  for (certificate_entry& extra : extras) choose_for_fallbacks(extra);
}

// A key that two CAs know links both accounts, and a rollover at one would lose the other.
void check_account_keys(const certificate_entry& entry) {
  const auto all = requests_by_issuer(entry.request);
  for (std::size_t i = 1; i < all.size() && entry.uses_acme(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (all[i].acme_key_path == all[k].acme_key_path)
        entry.fail(errc::duplicated_path, entry.issuers[i].whole,
                   fmt::format("duplicated path \"{}\": each CA needs an acme_key_path of its own",
                               printable(all[i].acme_key_path)));
}

// An empty address is Let's Encrypt's, which a custom CA has to be named as like any other.
void name_directory(certificate_entry& entry) {
  if (entry.request.provider == "custom" && entry.request.ca_dir_url.empty() && entry.has("ca_dir_url"))
    entry.request.ca_dir_url = lets_encrypt_directory;
}

class path_register {
 public:
  void claim(const certificate_entry& entry, std::string_view field, const std::string& path) {
    if (path.empty()) return;  // its variable is unset
    const place where = entry.place_of(field);
    const auto [known, is_new] = seen_.try_emplace(
        normalised(path), owner{entry.request.name, std::string(field), where, !entry.own.contains(field)});
    if (!is_new) report(entry, where, path, known->second);
  }

  // An account key may be shared, but not with a certificate.
  void check(const certificate_entry& entry, std::string_view field, const std::string& path) const {
    const auto known = seen_.find(normalised(path));
    if (known != seen_.end()) report(entry, entry.place_of(field), path, known->second);
  }

 private:
  struct owner {
    std::string name;
    std::string field;
    place where;
    bool is_default = false;
  };

  static std::string normalised(const std::string& path) {
    std::error_code ignored;  // without a working directory the path is compared as it is written
    const auto absolute = std::filesystem::absolute(path, ignored);
    return (ignored ? std::filesystem::path(path) : absolute).lexically_normal().string();
  }

  static void report(const certificate_entry& entry, const place& where, const std::string& path,
                     const owner& first) {
    const std::string origin =
        first.is_default ? "its default"
                         : fmt::format("line {}, column {}", first.where.at.line, first.where.at.column);
    entry.fail(errc::duplicated_path, where,
               fmt::format("duplicated path \"{}\", first seen as {} of {} ({})", printable(path),
                           first.field, first.name, origin));
  }

  std::map<std::string, owner> seen_;
};

void check_paths(const certificate_entry& main, const std::vector<certificate_entry>& extras) {
  path_register paths;
  const auto claim = [&](const certificate_entry& entry) {
    for (const certificate_request& each : by_key_type(entry.request)) {
      if (entry.has_path("cert_path")) paths.claim(entry, "cert_path", each.cert_path);
      if (entry.has_path("key_path")) paths.claim(entry, "key_path", each.key_path);
    }
  };
  const auto check = [&](const certificate_entry& entry) {
    if (!entry.uses_acme()) return;
    for (const certificate_request& each : requests_by_issuer(entry.request))
      paths.check(entry, "acme_key_path", each.acme_key_path);
  };
  claim(main);
  for (const certificate_entry& extra : extras) claim(extra);
  check(main);
  for (const certificate_entry& extra : extras)
    if (extra.own.contains("acme_key_path") || extra.own.contains("issuers")) check(extra);
  check_account_keys(main);
  for (const certificate_entry& extra : extras)
    if (extra.own.contains("issuers")) check_account_keys(extra);
}

void require(const certificate_entry& entry, std::string_view field, std::string_view reason) {
  if (entry.has(field)) return;
  entry.fail(errc::missing_field, {entry.whole.file, entry.whole.at, child_path(entry.whole.path, field)},
             fmt::format("missing field {}: {}", field, reason));
}

// Beyond what every name must look like: what a CA puts into a certificate, and how it can be proven.
void check_domains(const certificate_entry& entry) {
  const auto& domains = entry.request.domains;
  const bool is_public = entry.uses_acme() && entry.request.provider != "custom";
  for (std::size_t i = 0; i < domains.size(); ++i) {
    const std::string why = entry.uses_acme() ? why_unprovable(entry.request, domains[i]) : std::string();
    const bool is_single_label = domains[i].find('.') == std::string::npos && !is_ip(domains[i]);
    if (!why.empty())
      entry.fail(errc::invalid_domain, entry.domain_places[i],
                 fmt::format("invalid domain \"{}\": {}", printable(domains[i]), why));
    else if (is_single_label && is_public)
      entry.fail(
          errc::invalid_domain, entry.domain_places[i],
          fmt::format("invalid domain \"{}\": a public CA needs a name with a dot", printable(domains[i])));
  }
  const std::size_t most = domains_max_of(entry.request);
  if (entry.uses_acme() && domains.size() > most)
    entry.fail(errc::invalid_value, entry.domain_places[most],
               fmt::format("more than {} domains: the CA takes no more in one certificate; add an extra", most));
}

void check_challenges(const certificate_entry& entry) {
  const auto& types = entry.request.challenges;
  const bool writes = std::find(types.begin(), types.end(), challenge_type::dns_account01) != types.end();
  if (writes && entry.request.provider == "custom")
    entry.fail(errc::invalid_value, entry.place_of("challenge"),
               "dns-account-01 writes DNS records: name a DNS provider instead of custom");
}

void ask_provider(const certificate_entry& entry, const request_check& check) {
  const auto problem = check && entry.options_known ? check(entry.request) : std::nullopt;
  if (!problem) return;
  place where = entry.place_of("options");
  if (!problem->option.empty()) {
    const auto written = entry.own.find("options." + folded(problem->option));
    where.path = child_path(where.path, problem->option);
    if (written != entry.own.end()) where = written->second;
  }
  entry.fail(errc::invalid_value, where, problem->text);
}

void check_entry(const certificate_entry& entry, const request_check& check) {
  if (!entry.is_readable) return;
  if (entry.request.name != "main") {
    for (const std::string_view field : {"cert_path", "key_path"})
      require(entry, field, "every extra needs its own");
  }
  if (entry.has("eab_kid") != entry.has("eab_hmac"))
    require(entry, entry.has("eab_kid") ? "eab_hmac" : "eab_kid", "eab_kid and eab_hmac go together");
  for (const issuer_entry& each : entry.issuers)
    if (each.own.contains("eab_kid") != each.own.contains("eab_hmac"))
      entry.fail(errc::missing_field, each.whole, "missing field: eab_kid and eab_hmac go together");
  const std::string& provider = entry.request.provider;
  if (!entry.provider_known || provider == "local" || provider == "pseudo") return;
  const std::string reason = fmt::format("provider {} needs it", provider);
  require(entry, "domains", reason);
  check_domains(entry);
  if (provider == "custom") require(entry, "ca_dir_url", reason);
  if (!entry.uses_acme()) return;
  require(entry, "email", reason);
  check_challenges(entry);
  ask_provider(entry, check);
}

std::vector<certificate_entry> read_extras(const std::optional<value>& list, const certificate_entry& main,
                                           std::span<const std::string_view> dns_provider_names) {
  std::vector<certificate_entry> extras;
  if (!list) return extras;
  const auto items = list->items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const findings::named_scope scope(list->sink(), fmt::format("extra[{}]", i));
    extras.push_back(read_extra_certificate(items[i], i, main, dns_provider_names));
  }
  return extras;
}

std::vector<std::string> read_folders(const value& list) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const value& item : list.items()) {
    const auto text = item.text();
    if (!text || text->empty()) {
      if (text || item.is_null()) item.expected("the path of a folder");
      continue;
    }
    std::string path = std::filesystem::path(*text).lexically_normal().string();
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (seen.insert(path).second)
      out.push_back(std::move(path));
    else
      item.fail(errc::duplicated_path, fmt::format("duplicated folder {}", item.found()));
  }
  return out;
}

// `off`: for ever.
void read_keep_unused(const value& from, std::optional<std::chrono::milliseconds>& into) {
  constexpr std::chrono::hours low{1};
  constexpr std::chrono::hours high{10 * 365 * 24};
  const bool is_written = from.tree().kind == node_kind::scalar && !from.tree().text.empty();
  if (is_written && from.is_off())
    into.reset();
  else if (const auto kept = from.duration(low, high))
    into = kept;
}

}  // namespace

autocert_section read_autocert(const value& from, std::span<const std::string_view> dns_provider_names,
                               const request_check& check) {
  beside_main others;
  std::optional<certificate_entry> main;
  {
    const findings::named_scope scope(from.sink(), "main");
    main = read_main_certificate(from, dns_provider_names, others);
  }
  auto extras = read_extras(others.extra, *main, dns_provider_names);
  check_entry(*main, check);
  for (const certificate_entry& extra : extras) check_entry(extra, check);
  choose_account_key(*main, extras);
  name_directory(*main);
  for (certificate_entry& extra : extras) name_directory(extra);
  check_paths(*main, extras);
  autocert_section out;
  if (others.folders) out.folders = read_folders(*others.folders);
  if (others.keep_unused) read_keep_unused(*others.keep_unused, out.keep_unused);
  out.main = std::move(main->request);
  for (certificate_entry& extra : extras) out.extra.push_back(std::move(extra.request));
  return out;
}

}  // namespace cardea::config
