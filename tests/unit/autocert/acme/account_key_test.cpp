#include "autocert/acme/account_key.hpp"

#include "autocert/acme/error.hpp"
#include "autocert/key.hpp"
#include "base/atomic_file.hpp"
#include "base/text.hpp"
#include "tests/support/jws_reader.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace cardea::autocert::acme {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// As OpenSSL's command line writes one.
constexpr std::string_view sec1_pem =
    "-----BEGIN EC PARAMETERS-----\n"
    "BggqhkjOPQMBBw==\n"
    "-----END EC PARAMETERS-----\n"
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";
// It is the key of RFC 7515, appendix A.3.
constexpr std::string_view rfc7515_x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view rfc7515_thumbprint = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";

std::string content(const std::string& path) { return base::read_file(path, 1U << 20U).value(); }

void put(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

unsigned mode_of(const std::string& path) {
  struct stat found {};
  ::stat(path.c_str(), &found);
  return found.st_mode & 0777U;
}

// The bytes between the markers.
std::string sec1_der() {
  const auto begin = sec1_pem.find("MHcC");
  std::string text;
  for (const char c : sec1_pem.substr(begin, sec1_pem.rfind("-----END") - begin))
    if (c != '\n') text += c;
  return base::from_base64(text).value();
}

std::string pkcs8_pem_of_rfc_key() {
  const std::string der = sec1_der();
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  const base::key_ptr key(d2i_AutoPrivateKey(nullptr, &data, static_cast<long>(der.size())));
  return key_to_pem(key.get());
}

TEST(account_key, is_made_once_and_read_ever_after) {
  const test_support::scratch_folder folder;
  const std::string path = folder / "new/below/acme.key";
  const auto made = account_key::load_or_create(path);
  ASSERT_TRUE(made) << made.error().message();
  const std::string stored = content(path);
  const auto again = account_key::load_or_create(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(made->jwk(), again->jwk());
  EXPECT_EQ(content(path), stored);
}

TEST(account_key, is_stored_as_sec1_der_for_the_owner_alone) {
  const test_support::scratch_folder folder;
  const std::string path = folder / "keys/acme.key";
  const ::mode_t before = ::umask(0);
  const auto made = account_key::load_or_create(path);
  ::umask(before);
  ASSERT_TRUE(made);
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(mode_of(folder / "keys"), 0700U);
  const std::string der = content(path);
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  std::size_t left = der.size();
  EVP_PKEY* parsed = nullptr;
  OSSL_DECODER_CTX* const sec1 =
      OSSL_DECODER_CTX_new_for_pkey(&parsed, "DER", "type-specific", "EC", 0, nullptr, nullptr);
  EXPECT_EQ(OSSL_DECODER_from_data(sec1, &data, &left), 1) << "not SEC1, which is all that GoDoxy reads";
  EXPECT_EQ(left, 0U);
  EXPECT_EQ(EVP_PKEY_eq(parsed, made->get()), 1);
  OSSL_DECODER_CTX_free(sec1);
  EVP_PKEY_free(parsed);
}

TEST(account_key, two_files_hold_two_keys) {
  const test_support::scratch_folder folder;
  const auto one = account_key::load_or_create(folder / "acme_1.key");
  const auto other = account_key::load_or_create(folder / "acme_2.key");
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->thumbprint(), other->thumbprint());
}

TEST(account_key, every_usual_form_is_read_and_left_as_it_is) {
  const test_support::scratch_folder folder;
  const struct {
    const char* name;
    std::string bytes;
  } rows[] = {{"SEC1 DER, as GoDoxy writes it", sec1_der()},
              {"SEC1 PEM with parameters", std::string(sec1_pem)},
              {"PKCS#8 PEM", pkcs8_pem_of_rfc_key()}};
  for (const auto& row : rows) {
    const std::string path = folder / "acme.key";
    put(path, row.bytes);
    const auto key = account_key::load_or_create(path);
    ASSERT_TRUE(key) << row.name << ": " << key.error().message();
    EXPECT_THAT(key->jwk(), HasSubstr(rfc7515_x)) << row.name;
    EXPECT_EQ(content(path), row.bytes) << row.name;
  }
}

TEST(account_key, what_is_no_p256_key_is_an_error_with_path_and_remedy_and_stays) {
  const test_support::scratch_folder folder;
  const std::string der = sec1_der();
  const struct {
    const char* name;
    std::string bytes;
  } rows[] = {{"empty", ""},
              {"torn in the middle", der.substr(0, der.size() / 2)},
              {"torn at the last byte", der.substr(0, der.size() - 1)},
              {"torn PEM", std::string(sec1_pem.substr(0, sec1_pem.size() - 40))},
              {"foreign text", "this is not a key\n"},
              {"P-384", key_to_pem(make_key(config::key_type::ec384).value().get())},
              {"RSA", key_to_pem(make_key(config::key_type::rsa2048).value().get())}};
  for (const auto& row : rows) {
    const std::string path = folder / "acme.key";
    put(path, row.bytes);
    const auto key = account_key::load_or_create(path);
    ASSERT_FALSE(key) << row.name;
    EXPECT_EQ(key.error().code, errc::account_key) << row.name;
    EXPECT_THAT(key.error().message(), AllOf(HasSubstr(path), HasSubstr("move it away"))) << row.name;
    EXPECT_EQ(content(path), row.bytes) << row.name;
  }
}

TEST(account_key, a_key_that_is_damaged_anywhere_is_never_used_as_another_one) {
  const test_support::scratch_folder folder;
  const std::string path = folder / "acme.key";
  const std::string good = sec1_der();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    put(path, damaged);
    const auto key = account_key::load_or_create(path);
    if (key) {
      EXPECT_EQ(key->thumbprint(), rfc7515_thumbprint) << "byte " << i;
      EXPECT_TRUE(test_support::verify_es256(key->get(), "x", key->sign("x").value())) << "byte " << i;
    }
    EXPECT_EQ(content(path), damaged) << "byte " << i;
  }
}

TEST(account_key, what_cannot_be_read_or_written_is_an_error) {
  const test_support::scratch_folder folder;
  std::filesystem::create_directory(folder / "acme.key");
  EXPECT_FALSE(account_key::load_or_create(folder / "acme.key"));
  put(folder / "file", "");
  const auto below_a_file = account_key::load_or_create(folder / "file/acme.key");
  ASSERT_FALSE(below_a_file);
  EXPECT_THAT(below_a_file.error().message(), HasSubstr("account key"));
}

}  // namespace
}  // namespace cardea::autocert::acme
