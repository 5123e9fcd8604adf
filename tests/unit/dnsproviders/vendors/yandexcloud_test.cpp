#include "tests/support/published_rsa_key.hpp"
#include "tests/support/vendor_script.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <memory>

namespace cardea::test_support {
namespace {

std::string key_file(const std::string& key) {
  return base::base64(boost::json::serialize(boost::json::object{{"id", "key-1"},
                                                                 {"service_account_id", "account-1"},
                                                                 {"key_algorithm", "RSA_2048"},
                                                                 {"private_key", key}}));
}

bool is_signed(const std::string& text, const std::string& signature) {
  BIO* const bio = BIO_new_mem_buf(published_rsa_key, -1);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr), EVP_PKEY_free);
  BIO_free(bio);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* how = nullptr;
  EVP_DigestVerifyInit(context.get(), &how, EVP_sha256(), nullptr, key.get());
  EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
  EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 32);
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

// The salt makes each signature another one.
void check_request(const base::fetch_request& got) {
  std::string authorization;
  for (const base::http_field& each : got.headers)
    if (each.name == "Authorization") authorization = each.value;
  if (!got.url.starts_with("https://iam.")) {
    EXPECT_EQ(authorization, "Bearer yandex-token");
    return;
  }
  EXPECT_EQ(authorization, "");
  const std::string jwt = boost::json::parse(got.body).as_object().at("jwt").as_string().c_str();
  const auto first = jwt.find('.');
  const auto last = jwt.rfind('.');
  EXPECT_EQ(base::from_base64(jwt.substr(0, first)), R"({"typ":"JWT","alg":"PS256","kid":"key-1"})");
  EXPECT_EQ(
      base::from_base64(jwt.substr(first + 1, last - first - 1)),
      R"({"iss":"account-1","aud":"https://iam.api.cloud.yandex.net/iam/v1/tokens","iat":1767323045,"exp":1767326645})");
  EXPECT_TRUE(is_signed(jwt.substr(0, last), base::from_base64(jwt.substr(last + 1)).value_or("")));
}

constexpr const char* zones = "/zones?folderId=folder-1&pageSize=1000";
constexpr const char* set = "/zones/z-1:getRecordSet?name=_acme-challenge.www&type=TXT";
constexpr const char* update = "/zones/z-1:updateRecordSets";

vendor_script script() {
  return {
      .provider = "yandexcloud",
      .options = {{"iam_token",
                   key_file(std::string("PLEASE DO NOT REMOVE THIS LINE!\n") + published_rsa_key)},
                  {"folder_id", "folder-1"}},
      .present =
          {{"POST", "https://iam.api.cloud.yandex.net/iam/v1/tokens", "*", 200,
            R"({"iamToken":"yandex-token","expiresAt":"2026-01-02T15:04:05.123456789Z"})"},
           {"GET", zones, "", 200,
            R"({"dnsZones":[{"id":"z-9","zone":"example.com.","privateVisibility":{}}],"nextPageToken":"p2"})"},
           {"GET", std::string(zones) + "&pageToken=p2", "", 200,
            R"({"dnsZones":[{"id":"z-0","zone":"ample.com.","publicVisibility":{}}]})"},
           {"GET", "/zones/z-9:getRecordSet?name=_acme-challenge.www&type=TXT", "", 404,
            R"({"code":5,"message":"RecordSet not found"})"},
           {"POST", "/zones/z-9:updateRecordSets",
            R"({"deletions":[],"additions":[{"name":"_acme-challenge.www","type":"TXT","ttl":"60","data":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"]}]})",
            200, R"({"id":"op-1","done":false})"},
           {"GET", "https://operation.api.cloud.yandex.net/operations/op-1", "", 200,
            R"({"id":"op-1","done":true,"response":{}})"}},
      .clean_up =
          {{"GET", "/zones/z-9:getRecordSet?name=_acme-challenge.www&type=TXT", "", 200,
            R"({"name":"_acme-challenge.www","type":"TXT","ttl":"600","data":["\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\"","\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})"},
           {"POST", "/zones/z-9:updateRecordSets",
            R"({"deletions":[{"name":"_acme-challenge.www","type":"TXT","ttl":"600","data":["\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\"","\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]}],
                        "additions":[{"name":"_acme-challenge.www","type":"TXT","ttl":"600","data":["xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE"]}]})",
            200, R"({"id":"op-2","done":true})"}},
      .verify = check_request,
  };
}

// The zones of the account, with a public one beside the private one.
std::vector<exchange> with_public_zone(const std::vector<exchange>& then) {
  std::vector<exchange> out{script().present[0], script().present[1]};
  out[1].answer = R"({"dnsZones":[{"id":"z-9","zone":"example.com.","privateVisibility":{}},
                     {"id":"z-1","zone":"example.com.","publicVisibility":{}}]})";
  out.insert(out.end(), then.begin(), then.end());
  return out;
}

TEST(yandexcloud, signs_its_login_merges_its_value_and_waits_for_the_operation) { check_vendor(script()); }

TEST(yandexcloud, prefers_a_public_zone_and_deletes_the_set_with_its_last_value) {
  vendor_play play(script());
  const std::string own =
      R"({"name":"_acme-challenge.www","type":"TXT","ttl":"60","data":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"]})";
  EXPECT_TRUE(play.clean_up(with_public_zone(
      {{"GET", set, "", 200, own},
       {"POST", update, R"({"deletions":[)" + own + R"(],"additions":[]})", 200, R"({"done":true})"}})));
}

TEST(yandexcloud, reads_again_when_the_set_changed_in_between) {
  vendor_play play(script());
  const exchange none{"GET", set, "", 404, R"({"code":5,"message":"RecordSet not found"})"};
  exchange write{
      "POST", update,
      R"({"deletions":[],"additions":[{"name":"_acme-challenge.www","type":"TXT","ttl":"60","data":["LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo"]}]})",
      409, R"({"code":9,"message":"changed"})"};
  const exchange raced = write;
  write.status = 200;
  write.answer = R"({"done":true})";
  EXPECT_TRUE(play.present(with_public_zone({none, raced, none, write})));
}

TEST(yandexcloud, says_why_an_operation_failed) {
  vendor_play play(script());
  std::vector<exchange> expected = script().present;
  expected.back().answer = R"({"id":"op-1","done":true,"error":{"code":3,"message":"invalid record"}})";
  const auto outcome = play.present(expected);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "yandexcloud: the vendor answered 200: invalid record");
}

TEST(yandexcloud, wants_a_key_that_can_sign) {
  const auto why = [](const std::string& token) {
    return refusal_of_options("yandexcloud", {{"folder_id", "f"}, {"iam_token", token}});
  };
  EXPECT_EQ(why("t1.plain"),
            "yandexcloud: option 'iam_token' is not the key file of a service account in base64");
  EXPECT_EQ(
      why(key_file("no key")),
      "yandexcloud: option 'iam_token' holds no id, no service_account_id or no private_key that can sign");
}

}  // namespace
}  // namespace cardea::test_support
