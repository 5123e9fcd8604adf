#include "autocert/acme/jws.hpp"

#include "autocert/acme/problem.hpp"
#include "base/text.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace cardea::autocert::acme {
namespace {

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

std::string assemble(const std::string& header, const std::string& payload, std::string_view signature) {
  return R"({"protected":")" + header + R"(","payload":")" + payload + R"(","signature":")" +
         base::base64url(signature) + R"("})";
}

}  // namespace

base::result<std::string> make_jws(const signer& by, std::string_view url, std::string_view nonce,
                                   std::string_view payload) {
  std::string header = R"({"alg":"ES256",)";
  header += by.account_url.empty() ? R"("jwk":)" + by.key.jwk() : R"("kid":)" + quoted(by.account_url);
  header += R"(,"nonce":)" + quoted(nonce) + R"(,"url":)" + quoted(url) + "}";
  const std::string encoded_header = base::base64url(header);
  const std::string encoded_payload = base::base64url(payload);
  const auto signature = by.key.sign(encoded_header + "." + encoded_payload);
  if (!signature) return signature.error();
  return assemble(encoded_header, encoded_payload, *signature);
}

base::result<std::string> make_external_binding(const account_key& account, std::string_view kid,
                                                std::string_view hmac, std::string_view url) {
  const auto secret = base::from_base64(base::trim(hmac));
  if (!secret || secret->empty()) return base::error(errc::account_key, "eab_hmac is not base64url");
  const std::string header =
      base::base64url(R"({"alg":"HS256","kid":)" + quoted(kid) + R"(,"url":)" + quoted(url) + "}");
  const std::string payload = base::base64url(account.jwk());
  const std::string input = header + "." + payload;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret->data(), static_cast<int>(secret->size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data(), &size);
  return assemble(header, payload, {reinterpret_cast<const char*>(digest.data()), size});
}

base::result<std::string> make_key_change(const account_key& fresh, const account_key& old,
                                          std::string_view account_url, std::string_view url) {
  const std::string header =
      base::base64url(R"({"alg":"ES256","jwk":)" + fresh.jwk() + R"(,"url":)" + quoted(url) + "}");
  const std::string payload =
      base::base64url(R"({"account":)" + quoted(account_url) + R"(,"oldKey":)" + old.jwk() + "}");
  const auto signature = fresh.sign(header + "." + payload);
  if (!signature) return signature.error();
  return assemble(header, payload, *signature);
}

}  // namespace cardea::autocert::acme
