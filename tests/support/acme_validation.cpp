#include "tests/support/acme_validation.hpp"

#include "base/certificate.hpp"
#include "base/text.hpp"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace cardea::test_support {
namespace {

std::string sha256(const std::string& bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, EVP_sha256(),
             nullptr);
  out.resize(size);
  return out;
}

// Ten bytes are eighty bits: sixteen digits of five.
std::string base32_of_ten(const std::string& bytes) {
  std::string out;
  for (unsigned digit = 0; digit < 16; ++digit) {
    unsigned value = 0;
    for (unsigned bit = digit * 5; bit < digit * 5 + 5; ++bit)
      value = value * 2 + (static_cast<unsigned char>(bytes[bit / 8]) >> (7 - bit % 8) & 1U);
    out += "abcdefghijklmnopqrstuvwxyz234567"[value];
  }
  return out;
}

// The name that RFC 8738 section 6 wants in the handshake, built from the text as a person would.
std::string server_name(const std::string& domain) {
  in_addr v4{};
  if (inet_pton(AF_INET, domain.c_str(), &v4) == 1) {
    std::string out = "in-addr.arpa";
    std::string left = domain + ".";
    for (auto dot = left.find('.'); dot != std::string::npos; dot = left.find('.')) {
      out.insert(0, left.substr(0, dot) + ".");
      left.erase(0, dot + 1);
    }
    return out;
  }
  return domain;
}

// RFC 8737 section 3.
bool is_proof(const base::certificate& shown, const std::string& domain, const std::string& digest) {
  const base::x509_ptr owned = shown.leaf();
  X509* const leaf = owned.get();
  ASN1_OBJECT* const kind = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
  const int at = X509_get_ext_by_OBJ(leaf, kind, -1);
  ASN1_OBJECT_free(kind);
  if (at < 0) return false;
  X509_EXTENSION* const extension = X509_get_ext(leaf, at);
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(extension);
  const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                          static_cast<std::size_t>(ASN1_STRING_length(value)));
  const bool is_address = server_name(domain) != domain;
  const auto& names = shown.dns_names();
  const auto addresses = shown.ip_addresses();
  const bool has_name = is_address ? names.empty() && addresses == std::vector<std::string>{domain}
                                   : addresses.empty() && names == std::vector<std::string>{domain};
  return X509_EXTENSION_get_critical(extension) == 1 && bytes == std::string("\x04\x20", 2) + digest &&
         has_name && X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) == 0 &&
         X509_verify(leaf, X509_get0_pubkey(leaf)) == 1;
}

// draft-ietf-acme-dns-persist section 4.1.
bool is_persistent(const validation& what, const txt_records& zone) {
  std::string account = what.account_url;
  if (!what.hash_prefix.empty())
    account = what.hash_prefix + "sha-256/" +
              base::base64url(sha256(std::string(1, static_cast<char>(what.domain.size())) + what.domain +
                                     what.thumbprint + what.account_url));
  return std::any_of(zone.begin(), zone.end(), [&](const auto& each) {
    if (each.first != "_validation-persist." + what.domain) return false;
    const std::string& value = each.second;
    const bool has_issuer =
        std::any_of(what.issuers.begin(), what.issuers.end(),
                    [&](const std::string& name) { return value.starts_with(name + ";"); });
    const std::string padded = value + ";";
    return has_issuer && padded.find("accounturi=" + account + ";") != std::string::npos &&
           (!what.wildcard || padded.find("policy=wildcard;") != std::string::npos);
  });
}

}  // namespace

bool is_proven(const validation& what, const txt_records& zone, const base::challenge_snapshot& listeners) {
  const std::string authorization = what.token + "." + what.thumbprint;
  const std::string digest = sha256(authorization);
  if (what.type == "dns-01")
    return zone.contains({"_acme-challenge." + what.domain, base::base64url(digest)});
  if (what.type == "dns-account-01") {
    const std::string label = "_" + base32_of_ten(sha256(what.account_url));
    return zone.contains({label + "._acme-challenge." + what.domain, base::base64url(digest)});
  }
  if (what.type == "dns-persist-01") return is_persistent(what, zone);
  if (listeners == nullptr) return false;
  if (what.type == "http-01") {
    const std::string* const body = listeners->find_http01(what.domain, what.token);
    return body != nullptr && *body == authorization;
  }
  const base::certificate* const shown = listeners->find_tls_alpn01(server_name(what.domain));
  return what.type == "tls-alpn-01" && shown != nullptr && is_proof(*shown, what.domain, digest);
}

}  // namespace cardea::test_support
