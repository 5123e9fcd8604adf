#pragma once

#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"
#include "base/certificate.hpp"
#include "base/certificate_source.hpp"
#include "base/clock.hpp"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cardea::test_support {

/// A CA that names a responder in its certificates and says what it thinks of them, by OpenSSL's own hand.
class ocsp_ca {
 public:
  static constexpr const char* responder = "http://ocsp.test/";

  /// Who signs an answer: the CA, or whom it gave a certificate for that.
  struct signer {
    base::x509_ptr certificate;
    base::key_ptr key;
  };
  struct answer {
    base::wall_time from;
    std::optional<base::wall_time> until;
    int status = V_OCSP_CERTSTATUS_GOOD;
    const signer* by = nullptr;  ///< null: the CA itself
    bool names_signer = true;    ///< its certificate is in the answer
  };

  explicit ocsp_ca(base::wall_time now, const std::string& name = "OCSP CA")
      : now_(now), key_(autocert::make_key(config::key_type::ec256).value()) {
    autocert::x509_draft draft;
    draft.common_name = name;
    draft.is_root = true;
    draft.not_before = now - std::chrono::hours(24);
    draft.not_after = now + std::chrono::hours(24 * 3650);
    root_ = autocert::sign(draft, key_.get(), nullptr, key_.get()).value();
  }

  /// A leaf with the CA behind it, and the address of the responder in it.
  [[nodiscard]] base::certificate_ptr leaf(const std::string& name, std::chrono::hours lives) const {
    const auto key = autocert::make_key(config::key_type::ec256).value();
    const base::x509_ptr made = make(name, key.get(), now_ + lives, {{NID_subject_alt_name, "DNS:" + name},
                                     {NID_info_access, std::string("OCSP;URI:") + responder}});
    return base::certificate::from_pem(autocert::to_pem(made.get()) + autocert::to_pem(root_.get()),
                                       autocert::key_to_pem(key.get()))
        .value();
  }

  /// `usage`: of the extended key usage, as OpenSSL's configuration has it; empty: none.
  [[nodiscard]] signer delegate(const std::string& usage,
                                std::chrono::seconds lives = std::chrono::hours(24 * 30)) const {
    auto key = autocert::make_key(config::key_type::ec256).value();
    extensions wanted{{NID_basic_constraints, "CA:FALSE"}};
    if (!usage.empty()) wanted.emplace_back(NID_ext_key_usage, usage);
    base::x509_ptr made = make("OCSP signer", key.get(), now_ + lives, wanted);
    return {std::move(made), std::move(key)};
  }

  /// DER of an OCSP response about a certificate of this CA's.
  [[nodiscard]] std::string say(const base::certificate& about, const answer& what) const {
    const base::x509_ptr leaf = about.leaf();
    OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
    OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), leaf.get(), root_.get());
    const auto time_of = [](base::wall_time when) {
      return ASN1_GENERALIZEDTIME_set(nullptr, std::chrono::system_clock::to_time_t(when));
    };
    ASN1_GENERALIZEDTIME* const from = time_of(what.from);
    ASN1_GENERALIZEDTIME* const until = what.until ? time_of(*what.until) : nullptr;
    const bool is_revoked = what.status == V_OCSP_CERTSTATUS_REVOKED;
    OCSP_basic_add1_status(basic, id, what.status, OCSP_REVOKED_STATUS_SUPERSEDED, is_revoked ? from : nullptr, from,
                           until);
    X509* const certificate = what.by != nullptr ? what.by->certificate.get() : root_.get();
    EVP_PKEY* const key = what.by != nullptr ? what.by->key.get() : key_.get();
    OCSP_basic_sign(basic, certificate, key, EVP_sha256(), nullptr, what.names_signer ? 0 : OCSP_NOCERTS);
    OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char* der = nullptr;
    const int size = i2d_OCSP_RESPONSE(response, &der);
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    ASN1_GENERALIZEDTIME_free(from);
    ASN1_GENERALIZEDTIME_free(until);
    OCSP_CERTID_free(id);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    return out;
  }

 private:
  using extensions = std::vector<std::pair<int, std::string>>;

  [[nodiscard]] base::x509_ptr make(const std::string& name, EVP_PKEY* key, base::wall_time until,
                                    const extensions& with) const {
    base::x509_ptr out(X509_new());
    X509_set_version(out.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial_);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(out.get(), X509_get_subject_name(root_.get()));
    const auto set = [](ASN1_TIME* at, base::wall_time when) {
      ASN1_TIME_set(at, std::chrono::system_clock::to_time_t(when));
    };
    set(X509_getm_notBefore(out.get()), now_ - std::chrono::hours(1));
    set(X509_getm_notAfter(out.get()), until);
    X509_set_pubkey(out.get(), key);
    X509V3_CTX context;
    X509V3_set_ctx(&context, root_.get(), out.get(), nullptr, nullptr, 0);
    for (const auto& [nid, text] : with) {
      X509_EXTENSION* const one = X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str());
      X509_add_ext(out.get(), one, -1);
      X509_EXTENSION_free(one);
    }
    X509_sign(out.get(), key_.get(), EVP_sha256());
    return out;
  }

  base::wall_time now_;
  base::key_ptr key_;
  base::x509_ptr root_;
  mutable long serial_ = 1000;
};

}  // namespace cardea::test_support
