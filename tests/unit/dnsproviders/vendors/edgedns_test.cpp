#include "tests/support/vendor_script.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "dnsproviders/registry.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace cardea::test_support {
namespace {

constexpr const char* set =
    "/config-dns/v2/zones/example.com/names/_acme-challenge.www.example.com/types/TXT";

std::string mac(const std::string& key, const std::string& text) {
  return base::base64(base::hmac(base::digest::sha256, key, text));
}

// EdgeGrid a second time: `header` up to and with `nonce=...;`.
std::string signature(const std::string& secret, const std::string& time, const std::string& method,
                      const std::string& host, const std::string& path, const std::string& body,
                      const std::string& header) {
  std::string hash;
  if (method == "POST" && !body.empty()) hash = base::base64(base::hash(base::digest::sha256, body));
  const std::vector<std::string> parts{method, "https", host, path, "", hash, header};
  std::string text;
  for (const std::string& each : parts) text += (&each == &parts.front() ? "" : "\t") + each;
  return mac(mac(secret, time), text);
}

void is_signed(const base::fetch_request& got) {
  const std::string header = got.headers.back().value;
  EXPECT_EQ(got.headers.back().name, "Authorization");
  const std::string front =
      "EG1-HMAC-SHA256 "
      "client_token=akab-client;access_token=akab-access;timestamp=20260102T03:04:05+0000;nonce=";
  ASSERT_TRUE(header.starts_with(front)) << header;
  const auto end = header.find(";signature=");
  ASSERT_NE(end, std::string::npos) << header;
  EXPECT_EQ(end - front.size(), 36U) << "a nonce is a UUID: " << header;
  const std::string host = "h.aka";
  EXPECT_EQ(header.substr(end + 11),
            signature("akab-secret", "20260102T03:04:05+0000", got.method, host,
                      got.url.substr(8 + host.size()), got.body, header.substr(0, end + 1)));
}

vendor_script script() {
  return {
      .provider = "edgedns",
      .options = {{"host", "h.aka"},
                  {"client_token", "akab-client"},
                  {"client_secret", "akab-secret"},
                  {"access_token", "akab-access"},
                  {"api_url", ""}},
      .present = {{"GET", set, "", 404, R"({"title":"Not found","status":404})"},
                  {"POST", set,
                   R"({"name":"_acme-challenge.www.example.com","type":"TXT","ttl":120,
                       "rdata":["\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})",
                   201, "{}"}},
      .clean_up = {{"GET", set, "", 200,
                    R"({"name":"_acme-challenge.www.example.com","type":"TXT","ttl":300,
                        "rdata":["\"foreign\"","\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})"},
                   {"PUT", set,
                    R"({"name":"_acme-challenge.www.example.com","type":"TXT","ttl":300,
                        "rdata":["\"foreign\""]})",
                    200, "{}"}},
      .api_url = "https://h.aka",
      .verify = is_signed,
  };
}

// The first and the third of Akamai's own vectors (its EdgeGrid libraries' test data).
TEST(edgedns, is_checked_by_a_signature_that_the_vendor_published) {
  const std::string header =
      "EG1-HMAC-SHA256 client_token=akab-client-token-xxx-xxxxxxxxxxxxxxxx;"
      "access_token=akab-access-token-xxx-xxxxxxxxxxxxxxxx;timestamp=20140321T19:34:21+0000;"
      "nonce=nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx;";
  const std::string secret = std::string(43, 'x') + "=";
  const std::string host = "akaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net";
  EXPECT_EQ(signature(secret, "20140321T19:34:21+0000", "GET", host, "/", "", header),
            "tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU=");
  EXPECT_EQ(signature(secret, "20140321T19:34:21+0000", "POST", host, "/testapi/v1/t3",
                      "datadatadatadatadatadatadatadata", header),
            "hXm4iCxtpN22m4cbZb4lVLW5rhX8Ca82vCFqXzSTPe4=");
}

TEST(edgedns, merges_its_value_into_the_set_and_takes_it_out) { check_vendor(script()); }

TEST(edgedns, keeps_two_values_and_the_ttl_of_the_set) {
  vendor_play play(script());
  const exchange both{"PUT", set,
                      R"({"name":"_acme-challenge.www.example.com","type":"TXT","ttl":300,
                          "rdata":["\"foreign\"","\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\"",
                                   "\"xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE\""]})",
                      200, "{}"};
  EXPECT_TRUE(play.present({script().clean_up.front(), both}, make_record(second_value)));
}

TEST(edgedns, removes_the_set_with_its_last_value) {
  vendor_play play(script());
  exchange read = script().clean_up.front();
  read.answer = R"({"ttl":120,"rdata":["\"LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo\""]})";
  EXPECT_TRUE(play.clean_up({read, {"DELETE", set, "", 204, ""}}));
}

TEST(edgedns, reads_again_when_the_set_changed_in_between) {
  vendor_play play(script());
  std::vector<exchange> expected = script().clean_up;
  expected.back().status = 409;
  for (const exchange& each : script().clean_up) expected.push_back(each);
  EXPECT_TRUE(play.clean_up(expected));
}

TEST(edgedns, signs_the_account_that_it_switches_to) {
  vendor_script other = script();
  other.options.insert({"account_key", "B-3/XYZ"});
  vendor_play play(other);
  std::vector<exchange> expected = script().present;
  for (exchange& each : expected) each.url += "?accountSwitchKey=B-3%2FXYZ";
  EXPECT_TRUE(play.present(expected));
}

TEST(edgedns, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = script().present.front();
  refused.status = 401;
  refused.answer =
      R"({"type":"https://problems.luna.akamaiapis.net/-/pep-authn/deny","title":"Not authorized",
          "status":401,"detail":"Signature does not match"})";
  const auto outcome = play.present({refused});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "edgedns: the vendor answered 401: Not authorized; Signature does not match");
}

TEST(edgedns, takes_what_is_not_given_from_a_section_of_an_edgerc_file) {
  scratch_folder folder;
  const std::string path = folder.path() + "/edgerc";
  std::ofstream(path) << "; ours\n[default]\nhost = other.luna.akamaiapis.net\n\n[dns]\n"
                         "host = h.aka/\nclient_token=akab-client\r\n"
                         "client_secret = akab-secret\naccess_token = not-this-one\n";
  vendor_script from_file = script();
  from_file.options = {
      {"edgerc", path}, {"edgerc_section", "dns"}, {"access_token", "akab-access"}, {"api_url", ""}};
  vendor_play play(from_file);
  EXPECT_TRUE(play.present(script().present));
}

std::string refusal(const std::map<std::string, base::secret>& options) {
  const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
  dnsproviders::services with{{}, base::dns_resolver::create({"127.0.0.1:1"}).value()};
  const auto made = dnsproviders::make_provider("fastdns", options, nothing, std::move(with));
  return made ? "" : made.error().message();
}

TEST(edgedns, names_what_is_missing) {
  EXPECT_EQ(refusal({{"host", base::secret("h.test")}}), "edgedns: option 'client_token' is missing");
  EXPECT_NE(refusal({{"edgerc", base::secret("/nowhere/edgerc")}}).find("'edgerc' cannot be read"),
            std::string::npos);
  scratch_folder folder;
  const std::string path = folder.path() + "/edgerc";
  std::ofstream(path) << "[default]\n";
  EXPECT_EQ(refusal({{"edgerc", base::secret(path)}}),
            "edgedns: option 'host' is missing, and section 'default' of the edgerc file does not have it");
}

}  // namespace
}  // namespace cardea::test_support
