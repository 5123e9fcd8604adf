#include "base/tls_names.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(tls_names, v09_ciphers_of_yesterday_are_weak) {
  for (const char* name : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES256-GCM-SHA384",
                           "ECDHE-RSA-AES128-SHA256"})
    EXPECT_EQ(judge_tls12_cipher(name), tls_name::usable) << name;
  for (const char* name : {"AES128-GCM-SHA256", "AES256-SHA", "NULL-SHA256", "ECDHE-RSA-NULL-SHA", "AECDH-AES128-SHA",
                           "ADH-AES128-GCM-SHA256", "PSK-AES128-GCM-SHA256"})
    EXPECT_EQ(judge_tls12_cipher(name), tls_name::weak) << name;
}

TEST(tls_names, what_is_no_name_of_a_cipher_is_unknown) {
  for (const char* name : {"", "ECDHE", "HIGH", "ALL", "!aNULL", "-RC4", "@SECLEVEL=0", "RC4-SHA", "EXP-RC4-MD5",
                           "ECDHE-RSA-AES128-GCM-SHA256:RC4-SHA", "ECDHE+AESGCM", "TLS_AES_128_GCM_SHA256", "x"})
    EXPECT_EQ(judge_tls12_cipher(name), tls_name::unknown) << name;
}

TEST(tls_names, suites_of_tls13_and_groups_are_known_by_their_names) {
  EXPECT_EQ(judge_tls13_ciphersuite("TLS_CHACHA20_POLY1305_SHA256"), tls_name::usable);
  for (const char* name : {"", "TLS_NULL", "ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256:TLS_X"})
    EXPECT_EQ(judge_tls13_ciphersuite(name), tls_name::unknown) << name;
  for (const char* name : {"X25519", "P-256", "secp384r1"}) EXPECT_EQ(judge_tls_group(name), tls_name::usable) << name;
  for (const char* name : {"", "X25520", "P-256:nothing"}) EXPECT_EQ(judge_tls_group(name), tls_name::unknown) << name;
}

TEST(tls_names, the_post_quantum_group_is_there_when_the_library_has_it) {
  const bool usable = judge_tls_group(std::string(post_quantum_group)) == tls_name::usable;
  EXPECT_EQ(has_post_quantum_group(), usable);
}

}  // namespace
}  // namespace cardea::base
