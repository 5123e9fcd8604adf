#include "autocert/ocsp.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <optional>

namespace cardea::autocert::ocsp {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds clock_skew = 5min;

struct deleter {
  void operator()(OCSP_REQUEST* value) const noexcept { OCSP_REQUEST_free(value); }
  void operator()(OCSP_RESPONSE* value) const noexcept { OCSP_RESPONSE_free(value); }
  void operator()(OCSP_BASICRESP* value) const noexcept { OCSP_BASICRESP_free(value); }
  void operator()(OCSP_CERTID* value) const noexcept { OCSP_CERTID_free(value); }
  void operator()(X509_STORE* value) const noexcept { X509_STORE_free(value); }
  void operator()(STACK_OF(X509) * value) const noexcept { sk_X509_free(value); }
};
template <class T>
using owned = std::unique_ptr<T, deleter>;

base::error refused(const char* why) {
  ERR_clear_error();
  return {base::errc::protocol, why};
}

X509* issuer_of(const base::certificate& about, X509* leaf) {
  for (const base::x509_ptr& each : about.intermediates())
    if (X509_check_issued(each.get(), leaf) == X509_V_OK) return each.get();
  ERR_clear_error();
  return nullptr;
}

std::optional<base::wall_time> time_of(const ASN1_GENERALIZEDTIME* from) {
  std::tm parts{};
  if (from == nullptr || ASN1_TIME_to_tm(from, &parts) != 1) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

// The issuer is the only one to be trusted here: it signs itself, or the certificate of its responder.
bool is_signed(OCSP_BASICRESP* response, X509* issuer, base::wall_time now) {
  const owned<X509_STORE> trusted(X509_STORE_new());
  const owned<STACK_OF(X509)> known(sk_X509_new_null());
  if (!trusted || !known || X509_STORE_add_cert(trusted.get(), issuer) != 1 ||
      sk_X509_push(known.get(), issuer) == 0)
    return false;
  X509_STORE_set_flags(trusted.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trusted.get()), std::chrono::system_clock::to_time_t(now));
  return OCSP_basic_verify(response, known.get(), trusted.get(), 0) == 1;
}

}  // namespace

std::string responder_of(const base::certificate& about) {
  const base::x509_ptr leaf = about.leaf();
  if (!leaf) return {};
  STACK_OF(OPENSSL_STRING)* const urls = X509_get1_ocsp(leaf.get());
  std::string out;
  for (int i = 0; i < sk_OPENSSL_STRING_num(urls) && out.empty(); ++i) {
    const std::string_view url = sk_OPENSSL_STRING_value(urls, i);
    if (url.starts_with("http://")) out = url;
  }
  X509_email_free(urls);
  return out;
}

base::result<std::string> make_request(const base::certificate& about) {
  const base::x509_ptr leaf = about.leaf();
  X509* const issuer = leaf ? issuer_of(about, leaf.get()) : nullptr;
  if (issuer == nullptr)
    return base::error(base::errc::invalid_argument, "the chain lacks the certificate's issuer");
  const owned<OCSP_REQUEST> request(OCSP_REQUEST_new());
  OCSP_CERTID* const id =
      OCSP_cert_to_id(EVP_sha1(), leaf.get(), issuer);  // the hash that all responders know
  if (!request || id == nullptr || OCSP_request_add0_id(request.get(), id) == nullptr)
    return refused("OpenSSL could not make the request");
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &der);
  if (size <= 0) return refused("OpenSSL could not make the request");
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

base::result<checked_response> check_response(std::string_view der, const base::certificate& about,
                                              base::wall_time now) {
  if (der.size() > response_bytes_max) return refused("the response is too long");
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const owned<OCSP_RESPONSE> response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (!response) return refused("it is no OCSP response");
  if (const int status = OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return base::error(base::errc::protocol,
                       std::string("the responder answers ") + OCSP_response_status_str(status));
  const owned<OCSP_BASICRESP> basic(OCSP_response_get1_basic(response.get()));
  const base::x509_ptr leaf = about.leaf();
  X509* const issuer = leaf ? issuer_of(about, leaf.get()) : nullptr;
  if (!basic) return refused("it is no basic OCSP response");
  if (issuer == nullptr) return refused("the chain lacks the certificate's issuer");
  if (!is_signed(basic.get(), issuer, now)) return refused("its signature is not the issuer's");

  const owned<OCSP_CERTID> id(OCSP_cert_to_id(EVP_sha1(), leaf.get(), issuer));
  int status = -1;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  if (!id || OCSP_resp_find_status(basic.get(), id.get(), &status, nullptr, nullptr, &this_update,
                                   &next_update) != 1)
    return refused("it is about another certificate");
  const auto from = time_of(this_update);
  const auto until = time_of(next_update);
  if (!from || !until) return refused("it does not say until when it holds");
  if (*from > now + clock_skew) return refused("it does not hold yet");
  if (*until <= now) return refused("it holds no more");
  if (status != V_OCSP_CERTSTATUS_GOOD && status != V_OCSP_CERTSTATUS_REVOKED)
    return refused("the responder does not know the certificate");
  return checked_response{status == V_OCSP_CERTSTATUS_GOOD ? verdict::good : verdict::revoked, *from, *until};
}

}  // namespace cardea::autocert::ocsp
