// Goal: what clients are offered unasked is sound, known to the library, and led by what this processor does fast.
#include "proxy/tls/cipher_preference.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>

namespace cardea::proxy::tls {
namespace {

TEST(cipher_preference, begins_with_what_the_processor_does_fast) {
  EXPECT_TRUE(default_ciphersuites(true).starts_with("TLS_AES_128_GCM_SHA256:"));
  EXPECT_TRUE(default_ciphersuites(false).starts_with("TLS_CHACHA20_POLY1305_SHA256:"));
  EXPECT_TRUE(default_ciphers(true).starts_with("ECDHE-ECDSA-AES128-GCM-SHA256:"));
  EXPECT_TRUE(default_ciphers(false).starts_with("ECDHE-ECDSA-CHACHA20-POLY1305:"));
}

TEST(cipher_preference, v09_names_the_same_suites_in_either_order_and_openssl_knows_all) {
  for (const bool instructions : {true, false}) {
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    ASSERT_EQ(SSL_CTX_set_ciphersuites(context.get(), default_ciphersuites(instructions).c_str()), 1);
    ASSERT_EQ(SSL_CTX_set_cipher_list(context.get(), default_ciphers(instructions).c_str()), 1);
    EXPECT_EQ(sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(context.get())), 3 + 6);
  }
}

TEST(cipher_preference, offers_the_post_quantum_group_first_where_there_is_one) {
  EXPECT_EQ(default_groups(false), "X25519:P-256:P-384");
  EXPECT_TRUE(default_groups(true).ends_with(":X25519:P-256:P-384"));
}

}  // namespace
}  // namespace cardea::proxy::tls
