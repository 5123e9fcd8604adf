#include "autocert/acme/chain.hpp"

#include "autocert/acme/problem.hpp"
#include "autocert/subject_names.hpp"
#include "base/certificate.hpp"
#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <set>

namespace cardea::autocert::acme {
namespace {

constexpr std::size_t certificates_max = 10;
constexpr std::size_t alternates_max = 8;

using bio_ptr = std::unique_ptr<BIO, int (*)(BIO*)>;

base::error unusable(std::string what) {
  ERR_clear_error();
  return {errc::unusable_certificate, std::move(what)};
}

base::result<std::vector<base::x509_ptr>> parse(std::string_view pem) {
  const bio_ptr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::vector<base::x509_ptr> out;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    out.emplace_back(next);
    if (out.size() > certificates_max) return unusable("the CA sent more than 10 certificates");
  }
  if (out.empty()) return unusable("the CA sent no certificate");
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return unusable("the CA's chain is damaged");
  ERR_clear_error();
  return out;
}

std::set<std::string> names_of(const X509* leaf) {
  const general_names_ptr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  const auto texts = texts_of(names.get());
  return {texts.begin(), texts.end()};
}

bool has_key_of(X509* leaf, std::string_view csr_der) {
  const auto* data = reinterpret_cast<const unsigned char*>(csr_der.data());
  const std::unique_ptr<X509_REQ, void (*)(X509_REQ*)> request(
      d2i_X509_REQ(nullptr, &data, static_cast<long>(csr_der.size())), X509_REQ_free);
  return request && EVP_PKEY_eq(X509_REQ_get0_pubkey(request.get()), X509_get0_pubkey(leaf)) == 1;
}

}  // namespace

base::result<std::string> check_chain(std::string_view pem, std::string_view csr_der,
                                      const std::vector<std::string>& domains, base::wall_time now) {
  const auto chain = parse(pem);
  if (!chain) return chain.error();
  X509* leaf = chain->front().get();
  if (!has_key_of(leaf, csr_der)) return unusable("the CA sent a certificate for another key");
  const std::set<std::string> names = names_of(leaf);
  for (const std::string& domain : domains)
    if (!names.contains(domain)) return unusable("the CA's certificate lacks the name " + domain);
  std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  for (std::size_t i = 0; i < chain->size(); ++i) {
    X509* each = (*chain)[i].get();
    if (X509_cmp_time(X509_get0_notAfter(each), &seconds) <= 0) return unusable("the CA's chain has expired");
    if (i + 1 == chain->size()) break;
    if (X509_verify(each, X509_get0_pubkey((*chain)[i + 1].get())) != 1)
      return unusable("the CA's chain is not linked by signatures");
  }
  const bio_ptr out(BIO_new(BIO_s_mem()), BIO_free);
  for (const base::x509_ptr& each : *chain) PEM_write_bio_X509(out.get(), each.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

bool has_issuer(std::string_view pem, std::string_view common_name) {
  const auto chain = parse(pem);
  if (!chain) return false;
  return std::any_of(chain->begin(), chain->end(), [&](const base::x509_ptr& each) {
    const X509_NAME* const issuer = X509_get_issuer_name(each.get());
    const int at = X509_NAME_get_index_by_NID(issuer, NID_commonName, -1);
    if (at < 0) return false;
    const ASN1_STRING* const text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, at));
    const auto* const bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
    return std::string_view(bytes, static_cast<std::size_t>(ASN1_STRING_length(text))) == common_name;
  });
}

std::vector<std::string> alternates_of(const base::fetch_response& answer) {
  std::vector<std::string> out;
  for (const base::http_field& field : answer.headers) {
    if (!base::equal_ignoring_case(field.name, "Link")) continue;
    // Several links may share a field; an address holds no '>' (RFC 8288 section 3).
    std::string_view left = field.value;
    while (out.size() < alternates_max) {
      const auto open = left.find('<');
      const auto close = left.find('>', open);
      if (open == std::string_view::npos || close == std::string_view::npos) break;
      const std::string_view address = left.substr(open + 1, close - open - 1);
      left.remove_prefix(close + 1);
      const std::string_view parameters = left.substr(0, left.find('<'));
      const std::string relation = base::to_lower(parameters);
      if (relation.find("rel=\"alternate\"") != std::string::npos ||
          relation.find("rel=alternate") != std::string::npos)
        out.emplace_back(address);
    }
  }
  return out;
}

}  // namespace cardea::autocert::acme
