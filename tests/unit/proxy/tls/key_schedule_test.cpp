// Goal: OpenSSL's handshake gets from us what its own key schedule would give it; RFC 8448 section 3 and OpenSSL judge.
#include "proxy/tls/key_schedule.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cardea::proxy::tls {
namespace {

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

octets octets_of(const std::string& text) { return {reinterpret_cast<const unsigned char*>(text.data()), text.size()}; }

const std::string shared_secret = from_hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
const std::string early_secret = from_hex("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
const std::string handshake_secret = from_hex("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac");

/// One implementation of the derivation, asked as a library asks it.
class implementation {
 public:
  explicit implementation(const char* query) : function_(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_3_KDF, query)) {
    if (function_) context_.reset(EVP_KDF_CTX_new(function_.get()));
  }

  struct wish {
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    std::string digest = "SHA256";
    std::string key{}, salt{}, label{}, data{};
    std::size_t size = 32;
    bool ahead = false;  ///< parameters first, then the derivation
  };

  /// Nothing when it was refused.
  std::string derive(wish from) {
    std::string prefix(tls13_label_prefix);
    std::vector<OSSL_PARAM> with{OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &from.mode),
                                 OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, from.digest.data(), 0)};
    const auto add = [&](const char* name, std::string& value) {
      if (!value.empty()) with.push_back(OSSL_PARAM_construct_octet_string(name, value.data(), value.size()));
    };
    add(OSSL_KDF_PARAM_KEY, from.key);
    add(OSSL_KDF_PARAM_SALT, from.salt);
    add(OSSL_KDF_PARAM_PREFIX, prefix);
    add(OSSL_KDF_PARAM_LABEL, from.label);
    add(OSSL_KDF_PARAM_DATA, from.data);
    with.push_back(OSSL_PARAM_construct_end());
    EVP_KDF_CTX_reset(context_.get());
    if (from.ahead && EVP_KDF_CTX_set_params(context_.get(), with.data()) != 1) return {};
    std::string out(from.size, '\0');
    const int done = EVP_KDF_derive(context_.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                    from.ahead ? nullptr : with.data());
    return done == 1 ? out : std::string();
  }

  std::string provider() const { return OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(function_.get())); }
  std::size_t size() const { return EVP_KDF_CTX_get_kdf_size(context_.get()); }

 private:
  struct deleter {
    void operator()(EVP_KDF* value) const { EVP_KDF_free(value); }
    void operator()(EVP_KDF_CTX* value) const { EVP_KDF_CTX_free(value); }
  };
  std::unique_ptr<EVP_KDF, deleter> function_;
  std::unique_ptr<EVP_KDF_CTX, deleter> context_;
};

struct key_schedule : testing::Test {
  implementation ours{key_schedule_query()};
  implementation theirs{"provider=default"};
};

TEST_F(key_schedule, is_what_the_query_finds) {
  EXPECT_EQ(ours.provider(), "cardea");
  EXPECT_EQ(theirs.provider(), "default");
}

TEST_F(key_schedule, extracts_the_secrets_of_the_trace) {
  implementation::wish early{.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY};
  EXPECT_EQ(ours.derive(early), early_secret);
  implementation::wish handshake = early;
  handshake.key = shared_secret;
  handshake.salt = early_secret;
  handshake.label = "derived";
  EXPECT_EQ(ours.derive(handshake), handshake_secret);
  EXPECT_EQ(ours.derive({.key = early_secret, .label = "derived",
                         .data = from_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")}),
            from_hex("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"));
}

TEST_F(key_schedule, says_what_openssl_says) {
  for (const char* digest : {"SHA256", "SHA2-384", "sha384", "SHA2-256"})
    for (const std::size_t key : {1, 32, 48, 64, 65, 128, 129, 1024})
      for (const std::size_t size : {1, 12, 32, 48, 49, 200})
        for (const std::size_t data : {0, 32, 48, 255})
          for (const bool ahead : {false, true}) {
            const implementation::wish from{.digest = digest, .key = std::string(key, 'k'), .label = "s ap traffic",
                                            .data = std::string(data, 'd'), .size = size, .ahead = ahead};
            const std::string expected = theirs.derive(from);
            ASSERT_FALSE(expected.empty());
            ASSERT_EQ(ours.derive(from), expected) << digest << ' ' << key << ' ' << size << ' ' << data << ' ' << ahead;
          }
  for (const char* digest : {"SHA256", "SHA384"})
    for (const std::size_t key : {0, 32, 48, 64, 1024})
      for (const bool salted : {false, true}) {
        const std::size_t size = digest == std::string("SHA384") ? 48 : 32;
        const implementation::wish from{.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .digest = digest,
                                        .key = std::string(key, 'k'), .salt = std::string(salted ? size : 0, 's'),
                                        .label = "derived", .size = size};
        const std::string expected = theirs.derive(from);
        ASSERT_FALSE(expected.empty());
        ASSERT_EQ(ours.derive(from), expected) << digest << ' ' << key << ' ' << salted;
      }
}

TEST_F(key_schedule, refuses_what_it_cannot_derive) {
  EXPECT_EQ(ours.derive({.digest = "SHA512", .key = "k", .label = "key"}), "");
  EXPECT_EQ(ours.derive({.key = "", .label = "key"}), "");
  EXPECT_EQ(ours.derive({.key = "k", .label = ""}), "") << "a label of TLS has at least one letter behind the prefix";
  EXPECT_EQ(ours.derive({.key = "k", .label = std::string(250, 'l')}), "");
  EXPECT_EQ(ours.derive({.key = "k", .label = "key", .data = std::string(256, 'd')}), "");
  EXPECT_EQ(ours.derive({.mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, .key = "k", .label = "key"}), "");
  EXPECT_EQ(ours.derive({.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .key = "k", .size = 31}), "");
  EXPECT_EQ(ours.derive({.key = "k", .label = "key", .size = 255 * 32 + 1}), "");
}

TEST_F(key_schedule, tells_how_much_an_extraction_gives) {
  EXPECT_EQ(ours.size(), SIZE_MAX);
  ASSERT_NE(ours.derive({.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .digest = "SHA384", .key = "k", .size = 48, .ahead = true}),
            "");
  EXPECT_EQ(ours.size(), 48U);
}

TEST_F(key_schedule, tells_the_application_secrets_to_the_listener_of_this_thread_alone) {
  const auto derive = [](const char* label) {
    return implementation(key_schedule_query()).derive({.key = "secret", .label = label});
  };
  handshake_secrets heard;
  std::string client;
  {
    const secret_listener listener(&heard);
    (void)derive("c hs traffic");
    std::thread([&] { (void)derive("s ap traffic"); }).join();
    client = derive("c ap traffic");
  }
  (void)derive("s ap traffic");
  EXPECT_EQ(std::string(heard.client().begin(), heard.client().end()), client);
  EXPECT_TRUE(heard.server().empty());
}

TEST(hkdf, is_rfc_5869s_in_its_first_step) {
  const std::string input(22, '\x0b');
  const std::string salt = from_hex("000102030405060708090a0b0c");
  std::string out(32, '\0');
  const std::span<unsigned char> into(reinterpret_cast<unsigned char*>(out.data()), out.size());
  ASSERT_TRUE(hkdf_extract(hash_function::sha256, octets_of(salt), octets_of(input), into));
  EXPECT_EQ(out, from_hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
  EXPECT_FALSE(hkdf_extract(hash_function::sha384, octets_of(salt), octets_of(input), into)) << "a size of another hash";
}

}  // namespace
}  // namespace cardea::proxy::tls
