#include "autocert/acme/jws.hpp"

#include "autocert/acme/error.hpp"
#include "base/text.hpp"
#include "tests/support/jws_reader.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>

namespace cardea::autocert::acme {
namespace {

using test_support::text_in;

constexpr std::string_view url = "https://ca.test/acme/new-order";

// RFC 7515, appendix A.1 and A.3: one payload under two keys.
constexpr std::string_view rfc_payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr std::string_view rfc_hmac_key =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
constexpr std::string_view rfc_jwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
// The same private key in SEC1 DER.
constexpr std::string_view rfc_key_der =
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7"
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==";

class jws : public testing::Test {
 protected:
  jws() {
    std::ofstream(folder_ / "acme.key", std::ios::binary) << base::from_base64(rfc_key_der).value();
    key_.emplace(account_key::load_or_create(folder_ / "acme.key").value());
  }
  test_support::opened_jws opened(const std::string& account_url, std::string_view payload) const {
    const signer by{*key_, account_url};
    return test_support::open_jws(make_jws(by, url, "nonce-1", payload).value()).value();
  }
  test_support::opened_jws binding(std::string_view hmac) const {
    const std::string text = make_external_binding(*key_, "kid \"1\"", hmac, url).value();
    return test_support::open_jws(text).value();
  }
  base::key_ptr public_key() const {
    return test_support::key_of_jwk(boost::json::parse(key_->jwk()).as_object());
  }

  test_support::scratch_folder folder_;
  std::optional<account_key> key_;
};

std::string decoded(std::string_view text) { return base::from_base64(text).value(); }

// The checks below lean on the reader: it must agree with the published examples.
TEST(jws_reader, accepts_the_examples_of_rfc_7515_and_nothing_next_to_them) {
  const base::key_ptr key = test_support::key_of_jwk(boost::json::parse(rfc_jwk).as_object());
  ASSERT_TRUE(key);
  const std::string input = "eyJhbGciOiJFUzI1NiJ9." + std::string(rfc_payload);
  std::string signature =
      decoded("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE(test_support::verify_es256(key.get(), input, signature));
  EXPECT_FALSE(test_support::verify_es256(key.get(), input + "x", signature));
  signature[40] = static_cast<char>(signature[40] ^ 1);
  EXPECT_FALSE(test_support::verify_es256(key.get(), input, signature));

  const std::string hmac_input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + std::string(rfc_payload);
  EXPECT_EQ(base::base64url(test_support::hmac_sha256(decoded(rfc_hmac_key), hmac_input)),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

TEST_F(jws, the_jwk_is_in_the_order_of_rfc_7638_and_its_digest_is_the_thumbprint) {
  EXPECT_EQ(key_->jwk(), R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                         R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  // Computed with Python's hashlib: RFC 7638 itself has no example of an EC key.
  EXPECT_EQ(key_->thumbprint(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

TEST_F(jws, an_account_without_address_signs_with_its_public_key_inside) {
  const auto got = opened("", R"({"a":1})");
  EXPECT_EQ(got.payload, R"({"a":1})");
  EXPECT_EQ(got.header.size(), 4U);
  EXPECT_EQ(text_in(got.header, "alg"), "ES256");
  EXPECT_EQ(text_in(got.header, "nonce"), "nonce-1");
  EXPECT_EQ(text_in(got.header, "url"), url);
  const auto inside = test_support::key_of_jwk(got.header.at("jwk").as_object());
  EXPECT_TRUE(test_support::verify_es256(inside.get(), got.input, got.signature));
}

TEST_F(jws, an_account_with_address_signs_with_kid_and_without_jwk) {
  const auto got = opened("https://ca.test/acct/\"1\"", "{}");
  EXPECT_EQ(got.header.size(), 4U);
  EXPECT_EQ(text_in(got.header, "kid"), "https://ca.test/acct/\"1\"");
  EXPECT_FALSE(got.header.contains("jwk"));
  EXPECT_TRUE(test_support::verify_es256(public_key().get(), got.input, got.signature));
}

TEST_F(jws, post_as_get_has_the_empty_payload_and_not_an_empty_object) {
  const signer by{*key_, "https://ca.test/acct/1"};
  const std::string text = make_jws(by, url, "n", "").value();
  EXPECT_EQ(text_in(boost::json::parse(text).as_object(), "payload"), "");
  const auto got = test_support::open_jws(text).value();
  EXPECT_TRUE(test_support::verify_es256(public_key().get(), got.input, got.signature));
}

// One value in 128 has a leading zero in r or s, which a shorter encoding would lose.
TEST_F(jws, every_signature_is_64_bytes_and_good) {
  const base::key_ptr key = public_key();
  int short_numbers = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string input = std::to_string(i);
    const std::string signature = key_->sign(input).value();
    ASSERT_EQ(signature.size(), 64U);
    ASSERT_TRUE(test_support::verify_es256(key.get(), input, signature)) << i;
    short_numbers += signature[0] == '\0' || signature[32] == '\0' ? 1 : 0;
  }
  EXPECT_GT(short_numbers, 0) << "the case that matters did not occur";
}

TEST_F(jws, b49_the_external_binding_is_hs256_over_the_accounts_jwk_for_the_new_account_address) {
  const auto got = binding(rfc_hmac_key);
  EXPECT_EQ(got.header.size(), 3U);
  EXPECT_EQ(text_in(got.header, "alg"), "HS256");
  EXPECT_EQ(text_in(got.header, "kid"), "kid \"1\"");
  EXPECT_EQ(text_in(got.header, "url"), url);
  EXPECT_EQ(got.payload, key_->jwk());
  EXPECT_EQ(got.signature, test_support::hmac_sha256(decoded(rfc_hmac_key), got.input));
}

TEST_F(jws, b49_the_hmac_key_is_taken_in_every_alphabet_with_and_without_padding) {
  const std::string secret = "\xfb\xff\xfe" + std::string(29, 'k');
  const std::string unpadded = base::base64url(secret);
  const std::string standard = base::base64(secret);
  ASSERT_NE(unpadded.find_first_of("-_"), std::string::npos);
  ASSERT_NE(standard.find('='), std::string::npos);
  for (const std::string& form : {unpadded, unpadded + "=", standard, " " + standard + "\n"}) {
    const auto got = binding(form);
    EXPECT_EQ(got.signature, test_support::hmac_sha256(secret, got.input)) << form;
  }
}

TEST_F(jws, b49_an_hmac_key_that_is_not_base64_is_an_error_without_the_key_in_it) {
  for (const std::string_view bad : {"", "  ", "not*base64", "secret value", "äöü"}) {
    const auto made = make_external_binding(*key_, "kid", bad, url);
    ASSERT_FALSE(made) << bad;
    EXPECT_EQ(made.error().code, errc::account_key);
    EXPECT_THAT(made.error().message(), testing::HasSubstr("eab_hmac"));
    EXPECT_THAT(made.error().message(), testing::Not(testing::HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace cardea::autocert::acme
