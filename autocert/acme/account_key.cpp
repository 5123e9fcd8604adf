#include "autocert/acme/account_key.hpp"

#include "autocert/acme/problem.hpp"
#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/private_file.hpp"
#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <array>
#include <filesystem>
#include <memory>

namespace cardea::autocert::acme {
namespace {

constexpr std::size_t key_file_bytes_max = 16 * 1024;
constexpr int coordinate_bytes = 32;

struct bignum_deleter {
  void operator()(BIGNUM* value) const noexcept { BN_free(value); }
};
using bignum_ptr = std::unique_ptr<BIGNUM, bignum_deleter>;

base::key_ptr parse(const std::string& bytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  base::key_ptr key(d2i_AutoPrivateKey(nullptr, &data, static_cast<long>(bytes.size())));
  if (!key) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(
        BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), BIO_free);
    const auto refuse_password = [](char*, int, int, void*) { return -1; };
    key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_password, nullptr));
  }
  ERR_clear_error();
  return key;
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 32> name{};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
         std::string_view(name.data(), size) == "prime256v1";
}

// A file with a damaged byte can still be read: it signs what no CA accepts.
bool is_sound(EVP_PKEY* key) {
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(EVP_PKEY_CTX_new(key, nullptr),
                                                                       EVP_PKEY_CTX_free);
  const bool sound = EVP_PKEY_check(context.get()) == 1;
  ERR_clear_error();
  return sound;
}

std::string coordinate(const EVP_PKEY* key, const char* which) {
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(key, which, &raw);
  const bignum_ptr number(raw);
  std::array<unsigned char, coordinate_bytes> bytes{};
  BN_bn2binpad(number.get(), bytes.data(), coordinate_bytes);
  return base::base64url(bytes);
}

// SEC1 (RFC 5915), which is what existing installations have on disk.
std::string to_der(const EVP_PKEY* key) {
  unsigned char* data = nullptr;
  const int size = i2d_PrivateKey(key, &data);
  std::string out(reinterpret_cast<char*>(data), static_cast<std::size_t>(size > 0 ? size : 0));
  OPENSSL_clear_free(data, out.size());
  return out;
}

// Who reads this key can revoke every certificate of the account.
void guard(const std::string& path) {
  const auto exposed = base::exposure_of(path);
  if (!exposed) return;
  const base::logger log("acme");
  if (exposed->is_mode && base::make_private(path)) {
    log.warn("the account key could be read by others and is its owner's alone now", {{"path", path}});
    return;
  }
  log.warn("the account key is not its owner's alone",
           {{"path", path}, {"why", exposed->why}, {"remedy", exposed->remedy}});
}

}  // namespace

base::result<account_key> account_key::load(const std::string& path) {
  auto stored = base::read_file(path, key_file_bytes_max);
  if (!stored) return stored.error().at("account key");
  base::key_ptr key = parse(*stored);
  OPENSSL_cleanse(stored->data(), stored->size());
  if (!key || !is_p256(key.get()) || !is_sound(key.get()))
    return base::error(errc::account_key,
                       "'" + path +
                           "' is not an undamaged P-256 private key (SEC1 DER or PEM); move "
                           "it away to register a new account");
  guard(path);
  return account_key(std::move(key));
}

base::result<account_key> account_key::generate() {
  base::key_ptr fresh(EVP_EC_gen("P-256"));
  if (!fresh) return base::error(errc::account_key, "cannot generate an account key");
  return account_key(std::move(fresh));
}

base::result<void> account_key::save(const std::string& path) const {
  if (const auto made = base::make_directories(base::directory_of(path), 0700); !made)
    return made.error().at("account key");
  std::string der = to_der(get());
  const auto written = base::write_file_atomically(path, der, 0600);
  OPENSSL_cleanse(der.data(), der.size());
  if (!written) return written.error().at("account key");
  return {};
}

base::result<account_key> account_key::load_or_create(const std::string& path) {
  auto stored = load(path);
  if (stored || stored.error().code != base::errc::not_found) return stored;
  auto fresh = generate();
  if (!fresh) return fresh;
  // Processes that start together must end up with one key, or one of the accounts is lost: a link
  // is made by the first only.
  std::array<unsigned char, 8> random{};
  RAND_bytes(random.data(), static_cast<int>(random.size()));
  const std::string draft = path + ".first-" + base::hex(random);
  if (const auto saved = fresh->save(draft); !saved) return saved.error();
  std::error_code exists;
  std::filesystem::create_hard_link(draft, path, exists);
  if (exists && exists != std::errc::file_exists) {
    const auto saved = fresh->save(path);  // a file system without links
    if (!saved) return saved.error();
  }
  if (const auto removed = base::remove_file(draft); !removed) return removed.error().at("account key");
  return load(path);
}

std::string account_key::jwk() const {
  return R"({"crv":"P-256","kty":"EC","x":")" + coordinate(get(), OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")" +
         coordinate(get(), OSSL_PKEY_PARAM_EC_PUB_Y) + R"("})";
}

std::string account_key::thumbprint() const {
  const auto digest = base::sha256(jwk());
  return base::base64url(digest);
}

base::result<std::string> account_key::sign(std::string_view bytes) const {
  const base::error failed(errc::account_key, "the account key cannot sign");
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, get()) != 1) return failed;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::array<unsigned char, 128> der{};
  std::size_t size = der.size();
  if (EVP_DigestSign(context.get(), der.data(), &size, data, bytes.size()) != 1) return failed;

  const unsigned char* at = der.data();
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
  if (!signature) return failed;
  std::array<unsigned char, 2 * coordinate_bytes> out{};
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), coordinate_bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + coordinate_bytes, coordinate_bytes);
  return std::string(reinterpret_cast<const char*>(out.data()), out.size());
}

}  // namespace cardea::autocert::acme
