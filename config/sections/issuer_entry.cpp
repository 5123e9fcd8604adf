#include "config/sections/issuer_entry.hpp"

#include "base/text.hpp"
#include "config/scalars.hpp"
#include "config/sections/known_cas.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace cardea::config {
namespace {

// Why an address of a CA cannot be used; empty when it can.
std::string_view problem_of_address(std::string_view url) {
  const std::string lower = base::to_lower(url);
  const bool https = lower.starts_with("https://");
  if (!https && !lower.starts_with("http://")) return "an https:// address";
  std::string_view authority = std::string_view(lower).substr(https ? 8 : 7);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (!is_host_with_optional_port(authority)) return "an https:// address with a host name and no password";
  const bool loopback =
      authority.starts_with("localhost") || authority.starts_with("127.") || authority.starts_with("[::1]");
  // RFC 8555 section 6.1.
  return https || loopback ? "" : "an https:// address (http:// only on this host)";
}

// An address of a service that is asked over HTTP; nothing after a report.
std::optional<std::string> address_of(const value& from) {
  const auto text = from.text();
  if (!text) return std::nullopt;
  const auto problem = problem_of_address(*text);
  if (problem.empty()) return text;
  from.expected(problem);
  return std::nullopt;
}

// An address as it is, or that of a well-known CA by its name; the default CA by its name is "".
std::optional<std::string> directory_in(const value& from) {
  const auto text = from.text();
  if (!text) return std::nullopt;
  if (const auto known = directory_of_known_ca(*text))
    return std::string(*known == lets_encrypt_directory ? std::string_view() : *known);
  const auto problem = problem_of_address(*text);
  if (problem.empty()) return text;
  if (text->find_first_of(":/.") == std::string::npos)
    from.expected(fmt::format("an https:// address or one of {}", fmt::join(known_ca_names(), ", ")),
                  did_you_mean(base::to_lower(*text), known_ca_names()));
  else
    from.expected(problem);
  return std::nullopt;
}

class issuer_reader {
 public:
  issuer_reader(mapping& keys, certificate_issuer& into, field_places& own)
      : keys_(keys), into_(into), own_(own) {}

  void read() {
    if (const auto found = given("ca_dir_url", "ca_dir_url"))
      into_.ca_dir_url = directory_in(*found).value_or(into_.ca_dir_url);
    read_certificates();
    read_text("acme_key_path", into_.acme_key_path);
    read_text("eab_kid", into_.eab_kid);
    read_eab_hmac("eab_hmac");
    read_eab_hmac("eab_hmac_key");  // acme.sh's and certbot's word for it
    read_address_or_off("eab_url", into_.eab_url);
    read_address_or_off("staging_dir_url", into_.staging_dir_url);
    read_profile();
    if (const auto found = given("profile_fallback", "profile_fallback"))
      into_.profile_fallback = found->boolean().value_or(into_.profile_fallback);
    read_text("preferred_chain", into_.preferred_chain);
  }

 private:
  std::optional<value> given(std::string_view key, std::string_view field) {
    return take_field(keys_, key, field, own_);
  }

  void read_text(std::string_view field, std::string& into) {
    if (const auto found = given(field, field)) into = found->text().value_or("");
  }

  void read_certificates() {
    const auto found = given("ca_certs", "ca_certs");
    if (!found) return;
    into_.ca_certs.clear();
    for (const value& item : found->items()) {
      const auto text = item.text();
      if (text && !text->empty())
        into_.ca_certs.push_back(*text);
      else if (text || item.is_null())
        item.expected("the path of a PEM file");
    }
  }

  void read_address_or_off(std::string_view field, std::optional<std::string>& into) {
    const auto found = given(field, field);
    const auto text = found ? found->text() : std::nullopt;
    if (!text) return;
    if (base::equal_ignoring_case(*text, "off"))
      into = "";
    else if (const auto address = field == "staging_dir_url" ? directory_in(*found) : address_of(*found))
      into = address->empty() ? std::string(lets_encrypt_directory) : *address;
  }

  void read_eab_hmac(std::string_view key) {
    const bool is_second = key != "eab_hmac" && own_.contains("eab_hmac");
    const auto found = given(key, "eab_hmac");
    const auto text = found ? found->text() : std::nullopt;
    if (!text) return;
    if (is_second) return found->fail(errc::duplicate, "duplicate key, eab_hmac is there already");
    if (!base::from_base64(base::trim(*text))) return found->expected("base64url (RFC 4648)");
    into_.eab_hmac = base::secret(std::string(base::trim(*text)));
  }

  void read_profile() {
    const auto found = given("profile", "profile");
    const auto text = found ? found->text() : std::nullopt;
    if (!text) return;
    const bool is_name = std::all_of(text->begin(), text->end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    });
    if (is_name)
      into_.profile = *text;
    else
      found->expected("the name of a profile (letters, digits, - and _)");
  }

  mapping& keys_;
  certificate_issuer& into_;
  field_places& own_;
};

issuer_entry read_element(const value& item) {
  issuer_entry out;
  out.whole = item.where();
  if (item.tree().kind == node_kind::scalar) {  // just a name or an address
    if (const auto found = directory_in(item)) {
      out.issuer.ca_dir_url = *found;
      out.own.insert_or_assign("ca_dir_url", item.where());
    }
    return out;
  }
  const auto section = item.as_mapping();
  if (!section) {
    if (item.is_off()) item.expected("the name or address of a CA, or a mapping");
    return out;
  }
  mapping keys(*section);
  read_issuer(keys, out.issuer, out.own);
  keys.finish();
  if (!out.own.contains("ca_dir_url")) {
    place where = out.whole;
    where.path = child_path(where.path, "ca_dir_url");
    const value missing(item.sink(), item.tree(), where, false);
    missing.fail(errc::missing_field, "missing field ca_dir_url: an issuer is a CA");
  }
  return out;
}

}  // namespace

std::optional<value> take_field(mapping& keys, std::string_view key, std::string_view field,
                                field_places& own) {
  auto found = keys.take(key);
  if (!found || found->is_null()) return std::nullopt;
  const node& tree = found->tree();
  if (tree.kind == node_kind::scalar && tree.text.empty() && !tree.unresolved) return std::nullopt;
  if (tree.kind == node_kind::sequence && tree.items.empty()) return std::nullopt;
  own.insert_or_assign(std::string(field), found->where());
  return found;
}

void read_issuer(mapping& keys, certificate_issuer& into, field_places& own) {
  issuer_reader(keys, into, own).read();
}

std::vector<issuer_entry> read_issuers(const value& list) {
  std::vector<issuer_entry> out;
  // A single mapping is a list of one.
  std::vector<value> items = list.tree().kind == node_kind::mapping ? std::vector<value>{list} : list.items();
  if (items.size() > issuers_max) {
    list.expected(fmt::format("at most {} issuers", issuers_max));
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(issuers_max), items.end());
  }
  for (const value& item : items) {
    issuer_entry next = read_element(item);
    const auto same = std::find_if(out.begin(), out.end(), [&](const issuer_entry& each) {
      return each.issuer.ca_dir_url == next.issuer.ca_dir_url && each.own.contains("ca_dir_url");
    });
    if (same != out.end() && next.own.contains("ca_dir_url")) {
      item.fail(errc::duplicate, fmt::format("this CA is there already (line {}, column {})",
                                             same->whole.at.line, same->whole.at.column));
      continue;
    }
    out.push_back(std::move(next));
  }
  return out;
}

}  // namespace cardea::config
