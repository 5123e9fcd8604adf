#include "config/sections/autocert.hpp"

#include "config/sections/known_cas.hpp"

#include <algorithm>
#include <filesystem>

namespace cardea::config {
namespace {

std::string with_family(const std::string& path, const std::string& family) {
  std::filesystem::path out(path);
  const std::string ending = out.extension().string();
  out.replace_extension();
  return out.string() + '.' + family + ending;
}

}  // namespace

std::vector<certificate_request> requests_by_issuer(const certificate_request& of) {
  std::vector<certificate_request> out(1 + of.fallbacks.size(), of);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i > 0) static_cast<certificate_issuer&>(out[i]) = of.fallbacks[i - 1];
    out[i].fallbacks.clear();
  }
  return out;
}

std::string directory_of(const certificate_issuer& ca) {
  return ca.ca_dir_url.empty() ? std::string(lets_encrypt_directory) : ca.ca_dir_url;
}

std::optional<certificate_request> rehearsal_of(const certificate_request& of) {
  std::string where = of.staging_dir_url.value_or("");
  // An external account counts in one directory only.
  if (!of.staging_dir_url && of.eab_kid.empty()) where = staging_of(directory_of(of)).value_or("");
  if (where.empty()) return std::nullopt;
  // The operator's record names one account, and the rehearsal's is another.
  const auto& types = of.challenges;
  if (std::find(types.begin(), types.end(), challenge_type::dns_persist01) != types.end()) return std::nullopt;
  certificate_request out = of;
  out.fallbacks.clear();
  out.ca_dir_url = where;
  out.staging_dir_url = "";
  out.eab_kid.clear();
  out.eab_hmac = {};
  out.eab_url.reset();
  out.preferred_chain.clear();
  out.acme_key_path += ".staging";  // a key that two directories know would link both accounts
  return out;
}

std::vector<certificate_request> by_key_type(const certificate_request& entry) {
  std::vector<certificate_request> out{entry};
  out.front().second_key_type.reset();
  if (!entry.second_key_type) return out;
  certificate_request second = out.front();
  second.certificate_key_type = *entry.second_key_type;
  const std::string family = is_rsa(*entry.second_key_type) ? "rsa" : "ecdsa";
  second.name += '/' + family;
  second.cert_path = with_family(entry.cert_path, family);
  second.key_path = with_family(entry.key_path, family);
  out.push_back(std::move(second));
  return out;
}

}  // namespace cardea::config
