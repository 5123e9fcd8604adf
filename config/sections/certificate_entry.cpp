#include "config/sections/certificate_entry.hpp"

#include "base/dns_name.hpp"
#include "base/idn.hpp"
#include "base/ip_text.hpp"
#include "base/text.hpp"
#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

namespace cardea::config {
namespace {

constexpr std::array<std::string_view, 4> built_in_providers{"local", "pseudo", "custom", "internal"};

bool is_built_in(std::string_view provider) {
  return std::find(built_in_providers.begin(), built_in_providers.end(), provider) !=
         built_in_providers.end();
}

struct key_type_name {
  std::string_view name;  // first of its type: ours; others: lego's tokens, which old files have
  key_type type;
};
constexpr std::array<key_type_name, 14> key_type_names{{{"EC256", key_type::ec256},
                                                        {"EC384", key_type::ec384},
                                                        {"RSA2048", key_type::rsa2048},
                                                        {"RSA3072", key_type::rsa3072},
                                                        {"RSA4096", key_type::rsa4096},
                                                        {"RSA8192", key_type::rsa8192},
                                                        {"P256", key_type::ec256},
                                                        {"P384", key_type::ec384},
                                                        {"2048", key_type::rsa2048},
                                                        {"3072", key_type::rsa3072},
                                                        {"4096", key_type::rsa4096},
                                                        {"8192", key_type::rsa8192},
                                                        {"EC-256", key_type::ec256},
                                                        {"EC-384", key_type::ec384}}};

// The form in which names are compared and ordered; empty for what is none.
std::string name_of_certificate(std::string_view text) {
  if (auto ip = base::canonical_ip(base::trim(text))) return std::move(*ip);
  const std::string written = base::normalise_dns_name(text);
  const bool is_wildcard = base::is_wildcard(written);
  const auto ascii = base::to_ascii_name(is_wildcard ? written.substr(2) : written);
  if (!ascii) return {};
  std::string name = (is_wildcard ? "*." : "") + base::to_lower(*ascii);
  return base::is_dns_name(name) ? name : std::string();
}

constexpr std::chrono::milliseconds propagation_max = std::chrono::hours(24);

class entry_reader {
 public:
  entry_reader(certificate_entry& entry, const value& from,
               std::span<const std::string_view> dns_provider_names)
      : entry_(entry), keys_(from), dns_provider_names_(dns_provider_names) {}

  void read_fields() {
    read_provider();
    read_email();
    read_domains();
    read_text("cert_path", entry_.request.cert_path);
    read_text("key_path", entry_.request.key_path);
    read_options();
    read_resolvers();
    read_key_type();
    if (const auto found = given("reuse_key", "reuse_key"))
      entry_.request.reuse_key = found->boolean().value_or(entry_.request.reuse_key);
    read_issuer_keys();
    read_challenge();
    read_propagation();
  }

  mapping& keys() { return keys_; }

 private:
  std::optional<value> given(std::string_view key, std::string_view field) {
    return take_field(keys_, key, field, entry_.own);
  }

  void read_text(std::string_view field, std::string& into) {
    if (const auto found = given(field, field)) into = found->text().value_or("");
  }

  void read_email() {
    const auto found = given("email", "email");
    const auto text = found ? found->text() : std::nullopt;
    if (!text) return;
    const auto at = text->find('@');
    if (at == 0 || at == std::string::npos || at + 1 == text->size() || text->find(' ') != std::string::npos)
      found->expected("an e-mail address");
    else
      entry_.request.email = *text;
  }

  void read_provider() {
    const auto found = given("provider", "provider");
    if (!found) return;
    entry_.provider_known = false;
    const auto text = found->text();
    if (!text) return;
    std::string name = base::to_lower(*text);
    const auto& others = dns_provider_names_;
    if (is_built_in(name) || std::find(others.begin(), others.end(), name) != others.end()) {
      if (name != entry_.request.provider) {
        entry_.request.options.clear();  // another vendor's secrets
        entry_.request.challenges.clear();  // and what needs a vendor
      }
      entry_.request.provider = std::move(name);
      entry_.provider_known = true;
      return;
    }
    std::vector<std::string_view> candidates(others.begin(), others.end());
    candidates.insert(candidates.end(), built_in_providers.begin(), built_in_providers.end());
    found->fail(errc::unknown_provider,
                fmt::format("unknown provider {}{}", found->found(), did_you_mean(name, candidates)));
  }

  void read_domains() {
    const auto found = given("domains", "domains");
    if (!found) return;
    entry_.request.domains.clear();
    entry_.domain_places.clear();
    std::set<std::string> seen;
    for (const value& item : found->items()) {
      const auto text = item.text();
      if (!text) {
        if (item.is_null()) item.expected("a domain");
        continue;
      }
      std::string name = name_of_certificate(*text);
      if (name.empty()) {
        item.fail(errc::invalid_domain, fmt::format("invalid domain {}", item.found()));
      } else if (!seen.insert(name).second) {
        item.warn(fmt::format("domain {} is there already", item.found()));
      } else {
        entry_.request.domains.push_back(std::move(name));
        entry_.domain_places.push_back(item.where());
      }
    }
  }

  void read_options() {
    const auto found = given("options", "options");
    if (!found) return;
    const value hidden(found->sink(), found->tree(), found->where(), true);
    const auto options = hidden.as_mapping();
    if (!options || options->tree().members.empty()) return;
    entry_.request.options.clear();
    flatten(*options, {});
  }

  void flatten(const value& from, const std::string& prefix) {
    mapping level(from);  // reports names that are the same but for case and underscores
    for (const member& one : from.tree().members) {
      const value item(from.sink(), one.value,
                       {from.where().file, one.value.at, child_path(from.where().path, one.key)}, true);
      const std::string name = prefix + one.key;
      if (one.unresolved || one.value.unresolved) entry_.options_known = false;
      entry_.own.insert_or_assign("options." + folded(name),
                                  place{item.where().file, one.key_at, item.where().path});
      if (one.value.kind == node_kind::mapping) {
        flatten(item, name + '.');
      } else if (one.value.kind == node_kind::sequence) {
        store_option(name, joined(item));
      } else if (auto text = item.text()) {
        store_option(name, std::move(*text));
      }
    }
  }

  static std::string joined(const value& list) {
    std::string out;
    for (const value& item : list.items())
      if (const auto text = item.text()) out += (out.empty() ? "" : ",") + *text;
    return out;
  }

  void store_option(const std::string& name, std::string text) {
    if (!text.empty()) entry_.request.options.insert_or_assign(name, base::secret(std::move(text)));
  }

  void read_resolvers() {
    const auto found = given("resolvers", "resolvers");
    if (!found) return;
    entry_.request.resolvers.clear();
    for (const value& item : found->items()) {
      const auto text = item.text();
      if (text && is_host_with_optional_port(*text))
        entry_.request.resolvers.push_back(*text);
      else if (text)
        item.expected("a name server (host, host:port or [ipv6]:port)");
    }
  }

  // One issuer by its own keys, or a list of them: never both in one entry.
  void read_issuer_keys() {
    const std::string main_ca = entry_.request.ca_dir_url;
    const field_places before = std::exchange(entry_.own, {});
    read_issuer(keys_, entry_.request, entry_.own);
    const field_places single = std::exchange(entry_.own, before);
    entry_.own.insert(single.begin(), single.end());
    if (entry_.request.ca_dir_url != main_ca) {  // what belonged to the other CA
      if (!single.contains("staging_dir_url")) entry_.request.staging_dir_url.reset();
      if (!single.contains("eab_url")) entry_.request.eab_url.reset();
    }
    if (const auto tries = given("issuer_tries", "issuer_tries"))
      entry_.request.issuer_tries =
          static_cast<unsigned>(tries->integer(1, 100).value_or(entry_.request.issuer_tries));
    const auto list = given("issuers", "issuers");
    if (list && !single.empty()) {
      list->fail(errc::invalid_value,
                 fmt::format("issuers and {} exclude one another: write {} into the list",
                             single.begin()->first, single.begin()->first));
    } else if (list) {
      take_issuers(read_issuers(*list));
    } else if (single.contains("ca_dir_url")) {
      entry_.request.fallbacks.clear();  // a CA of its own
      entry_.issuers.clear();
    } else if (!single.empty() && !entry_.issuers.empty()) {
      const auto& [field, where] = *single.begin();
      entry_.fail(errc::invalid_value, where,
                  fmt::format("{} of which issuer? main has a list: write one here, too", field));
    }
  }

  void take_issuers(std::vector<issuer_entry> list) {
    entry_.issuers = std::move(list);
    entry_.request.fallbacks.clear();
    if (entry_.issuers.empty()) return;
    static_cast<certificate_issuer&>(entry_.request) = entry_.issuers.front().issuer;
    if (entry_.issuers.front().own.contains("acme_key_path"))
      entry_.own.insert_or_assign("acme_key_path", entry_.issuers.front().own.at("acme_key_path"));
    entry_.own.insert_or_assign("ca_dir_url", entry_.issuers.front().whole);
    for (auto each = std::next(entry_.issuers.begin()); each != entry_.issuers.end(); ++each)
      entry_.request.fallbacks.push_back(each->issuer);
  }

  void read_challenge() {
    const auto found = given("challenge", "challenge");
    if (!found) return;
    auto& types = entry_.request.challenges;
    types.clear();
    for (const value& item : found->items()) {
      const auto text = item.text();
      if (!text) continue;
      const auto type = challenge_type_of(base::trim(*text));
      if (!type)
        item.expected(fmt::format("{}", fmt::join(challenge_type_names(), ", ")),
                      did_you_mean(base::to_lower(*text), challenge_type_names()));
      else if (std::find(types.begin(), types.end(), *type) != types.end())
        item.fail(errc::duplicate, fmt::format("{} is there already", to_text(*type)));
      else
        types.push_back(*type);
    }
  }

  // A mapping, or a switch: `off` looks at no name server.
  void read_propagation() {
    const auto found = given("propagation", "propagation");
    if (!found) return;
    propagation_settings& into = entry_.request.propagation;
    into = {};
    if (found->tree().kind == node_kind::scalar && found->tree().text.find(':') == std::string::npos) {
      into.check = found->boolean().value_or(true);
      return;
    }
    const auto section = found->as_mapping();
    if (!section) return;
    mapping keys(*section);
    keys.read("check", into.check);
    keys.read("delay", into.delay, std::chrono::milliseconds(0), propagation_max);
    read_duration(keys, "timeout", std::chrono::seconds(1), into.timeout);
    read_duration(keys, "polling_interval", std::chrono::milliseconds(50), into.polling_interval);
    keys.finish();
  }

  static void read_duration(mapping& keys, std::string_view key, std::chrono::milliseconds low,
                            std::optional<std::chrono::milliseconds>& into) {
    if (const auto found = keys.take(key)) into = found->duration(low, propagation_max);
  }

  void read_key_type() {
    const auto found = given("certificate_key_type", "certificate_key_type");
    if (!found) return;
    const node& tree = found->tree();
    const bool is_one = tree.kind == node_kind::scalar && tree.text.find(',') == std::string::npos;
    const std::vector<value> items = is_one ? std::vector<value>{*found} : found->items();
    std::vector<key_type> types;
    for (const value& item : items)
      if (const auto type = key_type_of(item)) types.push_back(*type);
    if (types.size() < items.size() || types.empty()) return;  // said already
    if (types.size() > 2 || (types.size() == 2 && is_rsa(types[0]) == is_rsa(types[1])))
      return found->expected("one key type, or one of ECDSA and one of RSA");
    entry_.request.certificate_key_type = types[0];
    entry_.request.second_key_type.reset();
    if (types.size() == 2) entry_.request.second_key_type = types[1];
  }

  static std::optional<key_type> key_type_of(const value& from) {
    const auto text = from.text();
    if (!text) return std::nullopt;
    for (const key_type_name& one : key_type_names)
      if (base::equal_ignoring_case(one.name, *text)) return one.type;
    from.expected("EC256, EC384, RSA2048, RSA3072, RSA4096 or RSA8192");
    return std::nullopt;
  }

  certificate_entry& entry_;
  mapping keys_;
  std::span<const std::string_view> dns_provider_names_;
};

}  // namespace

place certificate_entry::place_of(std::string_view field) const {
  for (const auto* fields : {&own, &inherited})
    if (const auto found = fields->find(field); found != fields->end()) return found->second;
  return {whole.file, whole.at, child_path(whole.path, field)};
}

bool certificate_entry::uses_acme() const {
  return request.provider == "custom" || !is_built_in(request.provider);
}

void certificate_entry::fail(errc code, const place& where, std::string_view text) const {
  sink->error(
      {code, std::string(where.file), where.at, where.path, fmt::format("{}: {}", request.name, text)});
}

certificate_entry read_main_certificate(const value& from,
                                        std::span<const std::string_view> dns_provider_names,
                                        beside_main& others) {
  certificate_entry entry;
  entry.request.name = "main";
  entry.sink = &from.sink();
  entry.whole = from.where();
  const auto section = from.as_mapping();
  if (!section) return entry;
  entry_reader reader(entry, *section, dns_provider_names);
  reader.read_fields();
  others.extra = reader.keys().take("extra");
  others.folders = reader.keys().take("folders");
  others.keep_unused = reader.keys().take("keep_unused");
  reader.keys().finish();
  return entry;
}

certificate_entry read_extra_certificate(const value& from, std::size_t index, const certificate_entry& main,
                                         std::span<const std::string_view> dns_provider_names) {
  certificate_entry entry;
  entry.request = main.request;
  entry.request.name = fmt::format("extra[{}]", index);
  entry.request.cert_path.clear();
  entry.request.key_path.clear();
  entry.inherited = main.own;
  entry.issuers = main.issuers;
  for (const char* field : {"cert_path", "key_path", "acme_key_path"}) entry.inherited.erase(field);
  entry.domain_places = main.domain_places;
  entry.provider_known = main.provider_known;
  entry.options_known = main.options_known;
  entry.sink = &from.sink();
  entry.whole = from.where();
  const auto section = from.as_mapping();
  if (!section) {
    if (from.is_off()) from.expected("a mapping");
    entry.is_readable = false;
    return entry;
  }
  entry_reader reader(entry, *section, dns_provider_names);
  reader.read_fields();
  if (const auto nested = reader.keys().take("extra"))
    nested->fail(errc::unknown_key, "an extra certificate has no extra ones of its own");
  reader.keys().finish();
  return entry;
}

}  // namespace cardea::config
