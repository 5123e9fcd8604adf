#include "tests/support/vendor_script.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tests/support/published_rsa_key.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace cardea::test_support {
namespace {

const std::string path = "/zones/example.com./records/_acme-challenge.www.example.com";

exchange list(const std::string& items) {
  return {"GET", path + "?rtype=TXT&compartmentId=ocid1.compartment", "", 200, "{\"items\":" + items + "}"};
}
exchange patch(const std::string& item) {
  return {"PATCH", path + "?compartmentId=ocid1.compartment", R"({"items":[)" + item + "]}", 200,
          R"({"items":[]})"};
}
exchange add(std::string_view value) {
  return patch(R"({"domain":"_acme-challenge.www.example.com","rdata":")" + std::string(value) +
               R"(","rtype":"TXT","ttl":120,"isProtected":false})");
}
exchange removal(const std::string& hash) {
  return patch(R"({"recordHash":")" + hash + R"(","operation":"REMOVE"})");
}
std::string item(const std::string& hash, std::string_view value) {
  return R"({"domain":"_acme-challenge.www.example.com","recordHash":")" + hash + R"(","rdata":"\")" +
         std::string(value) + R"(\"","rtype":"TXT","ttl":300,"rrsetVersion":"8","isProtected":false})";
}

vendor_script script() {
  return {
      .provider = "oraclecloud",
      .options = {{"compartment_id", "ocid1.compartment"},
                  {"region", "eu-frankfurt-1"},
                  {"tenancy_ocid", "ocid1.tenancy"},
                  {"user_ocid", "ocid1.user"},
                  {"fingerprint", "20:3b:97"},
                  {"private_key", published_rsa_key}},
      .headers = {{"Date", "Fri, 02 Jan 2026 03:04:05 GMT"}},
      .present = {list("[]"), add(first_value)},
      .clean_up = {list("[" + item("a", "foreign") + "," + item("b", first_value) + "]"), removal("b")},
  };
}

// The GET example of Oracle's page "Request Signatures": the key, the padding and the form of
// the signing string are what the vendor means by them.
TEST(oraclecloud, is_checked_by_a_signature_that_the_vendor_published) {
  const std::string text =
      "date: Thu, 05 Jan 2014 21:31:40 GMT\n"
      "(request-target): get /20160918/instances?availabilityDomain=Pjwf%3A%20PHX-AD-1&compartmentId="
      "ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa&displayName="
      "TeamXInstances&volumeId="
      "ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q\n"
      "host: iaas.us-phoenix-1.oraclecloud.com";
  EXPECT_EQ(
      base::base64(
          base::rsa_sign(published_rsa_key, base::digest::sha256, base::rsa_padding::pkcs1, text).value()),
      "GBas7grhyrhSKHP6AVIj/h5/Vp8bd/peM79H9Wv8kjoaCivujVXlpbKLjMPeDUhxkFIWtTtLBj3sUzaFj34XE6YZAHc9r2Dm"
      "E4pMwOAy/kiITcZxa1oHPOeRheC0jP2dqbTll8fmTZVwKZOKHYPtrLJIJQHJjNvxFWeHQjMaR7M=");
}

// Computed with the openssl command.
TEST(oraclecloud, signs_each_request) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  ASSERT_EQ(play.requests().size(), 2U);
  const std::string key = "keyId=\"ocid1.tenancy/ocid1.user/20:3b:97\",algorithm=\"rsa-sha256\",signature=\"";
  EXPECT_EQ(play.requests()[0].headers.back().name, "Authorization");
  EXPECT_EQ(play.requests()[0].headers.back().value,
            "Signature version=\"1\",headers=\"date (request-target) host\"," + key +
                "NmJk4x8lOiUGkl9VJiu3u9wCen3cCiTUq5lT4kRQvhLa+6hmQMchi/U/n1EUNhLPMRJvqowYH/"
                "qZhUHoXej7SmSg5jMPgFJJeyQBMNTWDM4zuF3JvPvdQy1VfQXKxLaCRZn6awQ3/"
                "KA5cSxEvKvLkPjQsocfSHk2GlpffrjVEaU=\"");
  EXPECT_EQ(play.requests()[1].headers.back().value,
            "Signature version=\"1\",headers=\"date (request-target) host content-length content-type "
            "x-content-sha256\"," +
                key +
                "jbclYZ9uK7U26SLY9SREVzkwE1aOoP43+86dqv1mh3MFzPonph+mjkGAMHRXqrRld6ZW1dXzjlULfqyeu7BPPxT8"
                "lWoI6dQkr1Ot3VLdGbgF3aNrkjU7k8nMlkxC8t/"
                "BrTjB52a6ZOI3DNRxe53xYIKIgZBMAPtM4cfpTHPydmo=\"");
  const auto& hash = play.requests()[1].headers[play.requests()[1].headers.size() - 2];
  EXPECT_EQ(hash.name + " " + hash.value, "x-content-sha256 R+6oVRtTwgdGePbPNzkYi9ouNuhicokI81ZCsVWNyY0=");
}

TEST(oraclecloud, adds_a_record_and_removes_just_that) { check_vendor(script()); }

TEST(oraclecloud, keeps_two_values_at_one_name_on_several_pages) {
  vendor_play play(script());
  exchange first = list("[" + item("a", "foreign") + "]");
  first.answer_headers = {{"opc-next-page", "p/2"}};
  exchange second = list("[" + item("b", first_value) + "]");
  second.url += "&page=p%2F2";
  EXPECT_TRUE(play.present({first, second, add(second_value)}, make_record(second_value)));
  EXPECT_TRUE(play.present({first, second})) << "it is there already";
  EXPECT_TRUE(play.clean_up({first, second, removal("b")}));
  EXPECT_TRUE(play.clean_up({list("[" + item("a", "foreign") + "]")})) << "it is gone already";
}

TEST(oraclecloud, takes_the_key_from_a_file_or_in_base64) {
  scratch_folder folder;
  std::ofstream(folder / "key.pem") << published_rsa_key;
  vendor_script from_file = script();
  from_file.options.erase("private_key");
  from_file.options.insert({"private_key_path", folder / "key.pem"});
  vendor_play play(from_file);
  EXPECT_TRUE(play.present(script().present));
  vendor_script packed = script();
  packed.options["private_key"] = base::base64(published_rsa_key);
  vendor_play other(packed);
  EXPECT_TRUE(other.present(script().present));
  EXPECT_EQ(play.requests().back().headers.back().value, other.requests().back().headers.back().value);
}

TEST(oraclecloud, knows_the_address_of_a_region) {
  vendor_script real = script();
  real.options.insert({"api_url", ""});
  real.api_url = "https://dns.eu-frankfurt-1.oci.oraclecloud.com/20180115";
  vendor_play play(real);
  EXPECT_TRUE(play.present(script().present));
}

TEST(oraclecloud, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = add(first_value);
  refused.status = 404;
  refused.answer = R"({"code":"NotAuthorizedOrNotFound","message":"Authorization failed or not found."})";
  const auto outcome = play.present({list("[]"), refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(
      outcome.error().message(),
      "oraclecloud: the vendor answered 404: NotAuthorizedOrNotFound; Authorization failed or not found.");
}

TEST(oraclecloud, names_what_is_missing_or_wrong) {
  const auto refusal = [](const std::string& key, const std::string& value) {
    auto options = script().options;
    options[key] = value;
    return refusal_of_options("oraclecloud", options);
  };
  EXPECT_EQ(refusal("private_key", ""), "oraclecloud: option 'private_key' is missing (or private_key_path)");
  EXPECT_EQ(refusal("private_key", "abcd"),
            "oraclecloud: option 'private_key' is no RSA key in PEM without a password");
  EXPECT_EQ(refusal("region", "a.b/"), "oraclecloud: option 'region' is not a region's name");
  EXPECT_EQ(refusal("auth_type", "instance_principal"),
            "oraclecloud: option 'auth_type' cannot be used: give a user's API key");
  EXPECT_EQ(refusal("private_key_password", "secret"),
            "oraclecloud: option 'private_key_password' cannot be used: give the key without a password");
}

}  // namespace
}  // namespace cardea::test_support
