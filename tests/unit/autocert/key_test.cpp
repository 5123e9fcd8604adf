#include "autocert/key.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace cardea::autocert {
namespace {

std::vector<std::string> names_in(X509_REQ* request) {
  std::vector<std::string> out;
  auto* const extensions = X509_REQ_get_extensions(request);
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const ASN1_STRING* const text = sk_GENERAL_NAME_value(names, i)->d.ia5;
    out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  GENERAL_NAMES_free(names);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return out;
}

TEST(key, is_of_the_asked_kind_and_size) {
  const struct {
    config::key_type type;
    int kind;
    int bits;
  } rows[] = {{config::key_type::ec256, EVP_PKEY_EC, 256},
              {config::key_type::ec384, EVP_PKEY_EC, 384},
              {config::key_type::rsa2048, EVP_PKEY_RSA, 2048},
              {config::key_type::rsa3072, EVP_PKEY_RSA, 3072}};
  for (const auto& row : rows) {
    const auto key = make_key(row.type);
    ASSERT_TRUE(key);
    EXPECT_EQ(EVP_PKEY_get_base_id(key->get()), row.kind);
    EXPECT_EQ(EVP_PKEY_get_bits(key->get()), row.bits);
  }
}

TEST(key, is_written_as_pkcs8_pem_and_never_twice_the_same) {
  const std::string first = key_to_pem(make_key(config::key_type::ec256).value().get());
  EXPECT_TRUE(first.starts_with("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_TRUE(first.ends_with("-----END PRIVATE KEY-----\n"));
  EXPECT_NE(first, key_to_pem(make_key(config::key_type::ec256).value().get()));
}

TEST(signing_request, b44_has_exactly_the_names_in_order_no_subject_and_a_good_signature) {
  const std::vector<std::string> domains{"b.test", "*.a.test", std::string(70, 'x') + ".test",
                                         "a.test,DNS:evil.test"};
  for (const auto type : {config::key_type::ec384, config::key_type::rsa2048}) {
    const auto key = make_key(type).value();
    const std::string der = make_csr(key.get(), domains).value();
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    X509_REQ* const request = d2i_X509_REQ(nullptr, &bytes, static_cast<long>(der.size()));
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(X509_REQ_verify(request, key.get()), 1);
    EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request)), 0);
    EXPECT_EQ(names_in(request), domains);
    X509_REQ_free(request);
  }
}

TEST(signing_request, b44_has_addresses_as_bytes_in_entries_of_their_own) {
  const auto key = make_key(config::key_type::ec256).value();
  const std::string der = make_csr(key.get(), {"a.test", "192.0.2.1", "2001:DB8::1"}).value();
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  X509_REQ* const request = d2i_X509_REQ(nullptr, &bytes, static_cast<long>(der.size()));
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(names_in(request),
            (std::vector<std::string>{"a.test", std::string("\xc0\x00\x02\x01", 4),
                                      std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16)}));
  X509_REQ_free(request);
}

TEST(signing_request, needs_a_name) {
  const auto key = make_key(config::key_type::ec256).value();
  EXPECT_FALSE(make_csr(key.get(), {}));
}

}  // namespace
}  // namespace cardea::autocert
