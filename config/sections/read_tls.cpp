#include "config/sections/read_tls.hpp"

#include "base/text.hpp"
#include "base/tls_names.hpp"

#include <algorithm>

namespace cardea::config {
namespace {

// Lists of OpenSSL's, as other servers have them, are separated by colons.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    out.emplace_back(base::trim(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return out;
}

void read_names(mapping& keys, std::string_view key, std::string_view what, base::tls_name (*judge)(const std::string&),
                std::vector<std::string>& into) {
  const auto found = keys.take(key);
  if (!found) return;
  for (const value& item : found->items()) {
    const auto text = item.text();
    if (!text) {
      if (item.is_null()) item.expected(what);
      continue;
    }
    for (std::string& name : split(*text)) {
      switch (judge(name)) {
        case base::tls_name::usable:
          if (std::find(into.begin(), into.end(), name) == into.end()) into.push_back(std::move(name));
          break;
        case base::tls_name::weak:
          item.fail(errc::invalid_value, printable(name) + " is weak: it lacks forward secrecy, proof of identity or "
                                                           "128 bits; remove it");
          break;
        case base::tls_name::unknown:
          item.expected(what, printable(name) + " is not known to the TLS library");
          break;
      }
    }
  }
}

void read_min_version(mapping& keys, tls_section::version& into) {
  const auto found = keys.take("min_version");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  std::string name = base::to_lower(*text);
  if (name.starts_with("tlsv")) name.erase(0, 4);
  if (name == "1.2")
    into = tls_section::version::tls12;
  else if (name == "1.3")
    into = tls_section::version::tls13;
  else
    found->expected("TLSv1.2 or TLSv1.3");
}

void read_stranger(mapping& keys, tls_section::stranger& into) {
  const auto found = keys.take("unknown_server_name");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  const std::string name = base::to_lower(*text);
  if (name == "default")
    into = tls_section::stranger::default_certificate;
  else if (name == "alert")
    into = tls_section::stranger::alert;
  else if (name == "close")
    into = tls_section::stranger::close;
  else
    found->expected("default, alert or close");
}

}  // namespace

tls_section read_tls(const value& from) {
  tls_section out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  read_min_version(keys, out.min_version);
  read_names(keys, "ciphers", "the name of a TLS 1.2 cipher suite", base::judge_tls12_cipher, out.ciphers);
  read_names(keys, "ciphersuites", "the name of a TLS 1.3 cipher suite", base::judge_tls13_ciphersuite,
             out.ciphersuites);
  read_names(keys, "curves", "the name of a curve or group", base::judge_tls_group, out.curves);
  read_stranger(keys, out.unknown_server_name);
  // A ticket lives a day and needs its key so long; a shorter life than an hour only costs handshakes.
  keys.read("ticket_rotation", out.ticket_rotation, std::chrono::hours(1), std::chrono::hours(24));
  keys.finish();
  return out;
}

}  // namespace cardea::config
