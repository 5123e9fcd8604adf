#include "base/certificate.hpp"

#include "tests/support/test_ca.hpp"

#include <gtest/gtest.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace cardea::base {
namespace {

using tests::pem_pair;
using tests::test_ca;

const test_ca& authority() {
  static const test_ca made("certificate test CA");
  return made;
}

std::string written(const std::function<int(BIO*)>& write) {
  BIO* const out = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(out), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

struct key_form {
  std::string name;
  key_ptr key;
  key_kind kind;
  bool has_old_form = true;  ///< PKCS#1, SEC 1
};

std::vector<key_form> key_forms() {
  std::vector<key_form> out;
  out.push_back({"P-256", key_ptr(EVP_EC_gen("P-256")), key_kind::ec_p256});
  out.push_back({"P-384", key_ptr(EVP_EC_gen("P-384")), key_kind::ec_p384});
  out.push_back({"P-521", key_ptr(EVP_EC_gen("P-521")), key_kind::ec_p521});
  out.push_back({"secp256k1", key_ptr(EVP_EC_gen("secp256k1")), key_kind::other});
  out.push_back({"RSA", key_ptr(EVP_RSA_gen(2048)), key_kind::rsa});
  out.push_back(
      {"Ed25519", key_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")), key_kind::ed25519, false});
  return out;
}

std::string pkcs8(EVP_PKEY* key) {
  return written(
      [&](BIO* to) { return PEM_write_bio_PKCS8PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
}
std::string old_form(EVP_PKEY* key) {
  return written([&](BIO* to) {
    return PEM_write_bio_PrivateKey_traditional(to, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

TEST(certificate, is_read_with_every_kind_and_form_of_key) {
  for (const key_form& each : key_forms()) {
    const std::string leaf =
        authority().certify(each.key.get(), "DNS:A.test,DNS:*.b.test,IP:127.0.0.1,IP:2001:db8::1");
    std::vector<std::string> keys{pkcs8(each.key.get())};
    if (each.has_old_form) keys.push_back(old_form(each.key.get()));
    for (const std::string& key : keys) {
      for (const auto read : {&certificate::from_pem, &certificate::from_pem_lazily}) {
        const auto got = read(leaf + authority().pem(), key);
        ASSERT_TRUE(got) << each.name << ": " << got.error().message();
        EXPECT_EQ((*got)->kind(), each.kind) << each.name;
        EXPECT_EQ((*got)->dns_names(), (std::vector<std::string>{"a.test", "*.b.test"}));
        EXPECT_EQ((*got)->ip_addresses(), (std::vector<std::string>{"127.0.0.1", "2001:db8::1"}));
        EXPECT_EQ((*got)->intermediates().size(), 1U);
        const auto opened = (*got)->open();
        ASSERT_TRUE(opened) << each.name << ": " << opened.error().message();
        EXPECT_EQ(EVP_PKEY_eq(opened->key.get(), each.key.get()), 1) << each.name;
        EXPECT_EQ(EVP_PKEY_get_bits(opened->key.get()), EVP_PKEY_get_bits(each.key.get()));
      }
    }
  }
}

TEST(certificate, an_opened_key_signs_what_its_certificate_verifies) {
  for (const key_form& each : key_forms()) {
    const auto got = certificate::from_pem_lazily(authority().certify(each.key.get(), "DNS:a.test"),
                                                  pkcs8(each.key.get()));
    ASSERT_TRUE(got) << each.name;
    const auto opened = (*got)->open();
    ASSERT_TRUE(opened) << each.name;
    const auto* const text = reinterpret_cast<const unsigned char*>("text");
    const EVP_MD* const digest = each.kind == key_kind::ed25519 ? nullptr : EVP_sha256();
    std::array<unsigned char, 512> signature;
    std::size_t size = signature.size();
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, digest, nullptr, opened->key.get()), 1) << each.name;
    EXPECT_EQ(EVP_DigestSign(context, signature.data(), &size, text, 4), 1) << each.name;
    EVP_MD_CTX_reset(context);
    EXPECT_EQ(EVP_DigestVerifyInit(context, nullptr, digest, nullptr, X509_get0_pubkey(opened->leaf.get())),
              1);
    EXPECT_EQ(EVP_DigestVerify(context, signature.data(), size, text, 4), 1) << each.name;
    EVP_MD_CTX_free(context);
  }
}

TEST(certificate, a_key_of_somebody_else_is_refused_however_it_is_read) {
  const auto forms = key_forms();
  for (const key_form& each : forms) {
    const std::string leaf = authority().certify(each.key.get(), "DNS:a.test");
    for (const key_form& other : key_forms()) {  // fresh ones, of the same kind too
      for (const auto read : {&certificate::from_pem, &certificate::from_pem_lazily}) {
        const auto got = read(leaf, pkcs8(other.key.get()));
        ASSERT_FALSE(got) << each.name << " with the key of another " << other.name;
        EXPECT_EQ(got.error().message(), "the private key does not belong to the certificate");
      }
    }
  }
}

TEST(certificate, its_dates_are_those_that_openssl_reads) {
  using namespace std::chrono_literals;
  for (const std::chrono::seconds end :
       {std::chrono::seconds(2s), std::chrono::seconds(24h * 90), std::chrono::seconds(24h * 365 * 23),
        std::chrono::seconds(24h * 365 * 30)}) {
    const pem_pair pair = authority().issue("DNS:a.test", -3s, end);
    const auto got = certificate::from_pem(pair.certificate, pair.key).value();
    const x509_ptr leaf = got->leaf();
    for (const auto& [ours, theirs] : {std::pair(got->not_before(), X509_get0_notBefore(leaf.get())),
                                       std::pair(got->not_after(), X509_get0_notAfter(leaf.get()))})
      EXPECT_EQ(ASN1_TIME_cmp_time_t(theirs, std::chrono::system_clock::to_time_t(ours)), 0);
  }
}

TEST(certificate, certificates_of_one_chain_share_it) {
  const pem_pair one = authority().issue("DNS:a.test");
  const pem_pair two = authority().issue("DNS:b.test");
  const auto a = certificate::from_pem_lazily(one.certificate + authority().pem(), one.key).value();
  const auto b = certificate::from_pem_lazily(two.certificate + authority().pem(), two.key).value();
  const auto alone = certificate::from_pem_lazily(two.certificate, two.key).value();
  EXPECT_EQ(&a->intermediates(), &b->intermediates());
  EXPECT_TRUE(alone->intermediates().empty());
}

TEST(certificate, a_bundle_of_chain_and_key_is_read_in_any_order) {
  const pem_pair pair = authority().issue("DNS:a.test");
  for (const std::string& bundle :
       {pair.certificate + authority().pem() + pair.key, pair.key + pair.certificate + authority().pem(),
        "a comment\n" + pair.certificate + pair.key + authority().pem()}) {
    const auto got = certificate::from_pem_lazily(bundle, bundle);
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ((*got)->intermediates().size(), 1U);
  }
}

TEST(certificate, damage_is_an_error_that_says_what_is_damaged) {
  const pem_pair pair = authority().issue("DNS:a.test");
  std::string torn = pair.certificate;
  torn.erase(torn.size() / 2, 10);
  std::string cut = pair.certificate.substr(0, pair.certificate.size() / 2);
  const struct {
    std::string chain;
    std::string key;
    std::string_view why;
  } rows[] = {
      {"", pair.key, "no certificate in the PEM chain"},
      {pair.key, pair.key, "no certificate in the PEM chain"},
      {cut, pair.key, "no certificate in the PEM chain"},
      {pair.certificate + cut, pair.key, "a damaged certificate in the PEM chain"},
      {torn, pair.key, "no certificate in the PEM chain"},
      {pair.certificate, "", "no usable private key in the PEM text (encrypted keys are not supported)"},
      {pair.certificate, pair.certificate,
       "no usable private key in the PEM text (encrypted keys are not supported)"},
  };
  for (const auto& row : rows) {
    for (const auto read : {&certificate::from_pem, &certificate::from_pem_lazily}) {
      const auto got = read(row.chain, row.key);
      ASSERT_FALSE(got);
      EXPECT_EQ(got.error().message(), row.why);
    }
  }
}

// Whatever byte is damaged: either it is refused, or what is read is what OpenSSL reads.
TEST(certificate_fields, agree_with_openssl_or_refuse_for_every_damaged_byte) {
  const pem_pair pair = authority().issue("DNS:a.test,DNS:b.test,email:x@a.test,IP:10.0.0.1");
  const auto good = certificate::from_pem(pair.certificate, pair.key).value();
  const std::string der(good->leaf_der());
  std::size_t read_count = 0;
  for (std::size_t at = 0; at < der.size(); ++at) {
    for (const unsigned char flip : {0x01, 0x20, 0x80, 0xFF}) {
      std::string damaged = der;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ flip);
      const auto ours = read_certificate_fields(damaged);
      if (!ours) continue;
      ++read_count;
      const auto* bytes = reinterpret_cast<const unsigned char*>(damaged.data());
      const x509_ptr theirs(d2i_X509(nullptr, &bytes, static_cast<long>(damaged.size())));
      if (!theirs) continue;
      EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notAfter(theirs.get()),
                                     std::chrono::system_clock::to_time_t(ours->not_after)),
                0)
          << at;
      auto* names =
          static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(theirs.get(), NID_subject_alt_name, nullptr, nullptr));
      if (names == nullptr) continue;
      std::size_t dns_count = 0;
      for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i)
        dns_count += sk_GENERAL_NAME_value(names, i)->type == GEN_DNS ? 1 : 0;
      GENERAL_NAMES_free(names);
      EXPECT_EQ(ours->dns_names().size(), dns_count) << at;
    }
  }
  EXPECT_GT(read_count, der.size()) << "a signature's bytes are not looked at";
  for (std::size_t size = 0; size < der.size(); ++size)
    EXPECT_FALSE(read_certificate_fields(der.substr(0, size)));
  EXPECT_FALSE(read_certificate_fields(der + '\0'));
}

}  // namespace
}  // namespace cardea::base
