#include "tests/support/jws_reader.hpp"

#include "base/text.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <boost/json/parse.hpp>

#include <array>
#include <memory>

namespace cardea::test_support {
namespace {

namespace json = boost::json;

constexpr std::size_t coordinate_bytes = 32;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> decode(std::string_view text) {
  if (text.find_first_of("=+/") != std::string_view::npos) return std::nullopt;
  return base::from_base64(text);
}

std::optional<json::object> parse(std::string_view text) {
  json::error_code failure;
  json::value value = json::parse(json::string_view(text.data(), text.size()), failure);
  if (failure || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace

std::string text_in(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  if (found == nullptr || !found->is_string()) return {};
  return {found->get_string().data(), found->get_string().size()};
}

std::optional<opened_jws> open_jws(std::string_view body) {
  const auto outer = parse(body);
  if (!outer || outer->size() != 3 || !outer->contains("payload")) return std::nullopt;
  const std::string header = text_in(*outer, "protected");
  const std::string payload = text_in(*outer, "payload");
  const auto header_text = decode(header);
  const auto payload_text = decode(payload);
  const auto signature = decode(text_in(*outer, "signature"));
  if (!header_text || !payload_text || !signature) return std::nullopt;
  auto fields = parse(*header_text);
  if (!fields) return std::nullopt;
  return opened_jws{std::move(*fields), *payload_text, *signature, header + "." + payload};
}

base::key_ptr key_of_jwk(const json::object& jwk) {
  const auto x = decode(text_in(jwk, "x"));
  const auto y = decode(text_in(jwk, "y"));
  const bool complete = text_in(jwk, "kty") == "EC" && text_in(jwk, "crv") == "P-256" && x && y &&
                        x->size() == coordinate_bytes && y->size() == coordinate_bytes;
  if (!complete) return nullptr;
  std::string point = "\x04" + *x + *y;
  std::array<char, 6> group{"P-256"};
  const std::array<OSSL_PARAM, 3> parts{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* out = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &out, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parts.data()));
  ERR_clear_error();
  return base::key_ptr(out);
}

bool verify_es256(EVP_PKEY* key, std::string_view input, std::string_view signature) {
  if (key == nullptr || signature.size() != 2 * coordinate_bytes) return false;
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* const r = BN_bin2bn(bytes_of(signature), coordinate_bytes, nullptr);
  BIGNUM* const s = BN_bin2bn(bytes_of(signature) + coordinate_bytes, coordinate_bytes, nullptr);
  ECDSA_SIG_set0(pair.get(), r, s);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool good = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), bytes_of(input),
                                     input.size()) == 1;
  OPENSSL_free(der);
  ERR_clear_error();
  return good;
}

std::string hmac_sha256(std::string_view key, std::string_view input) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(input), input.size(), digest.data(),
       &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace cardea::test_support
