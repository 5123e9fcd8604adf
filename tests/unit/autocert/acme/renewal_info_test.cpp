#include "autocert/acme/renewal_info.hpp"

#include "autocert/acme/error.hpp"
#include "base/certificate.hpp"
#include "base/rfc3339.hpp"

#include <gmock/gmock.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace cardea::autocert::acme {
namespace {

using namespace std::chrono_literals;

// A certificate with just what its id is made of.
base::x509_ptr certificate_with(const std::string& authority, const std::string& serial) {
  base::x509_ptr out(X509_new());
  ASN1_INTEGER* const number = X509_get_serialNumber(out.get());
  ASN1_STRING_set(number, serial.data(), static_cast<int>(serial.size()));
  if (authority.empty()) return out;
  AUTHORITY_KEYID* const id = AUTHORITY_KEYID_new();
  id->keyid = ASN1_OCTET_STRING_new();
  ASN1_STRING_set(id->keyid, authority.data(), static_cast<int>(authority.size()));
  X509_add1_ext_i2d(out.get(), NID_authority_key_identifier, id, 0, 0);
  AUTHORITY_KEYID_free(id);
  return out;
}

const std::string rfc_authority(
    "\x69\x88\x5b\x6b\x87\x46\x40\x41\xe1\xb3\x7b\x84\x7b\xa0\xae\x2c\xde\x01\xc8\xd4", 20);

TEST(renewal_info, b47_the_id_is_that_of_rfc_9773_section_4_1) {
  const auto leaf = certificate_with(rfc_authority, std::string("\x87\x65\x43\x21", 4));
  EXPECT_EQ(certificate_id(leaf.get()), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
}

TEST(renewal_info, b47_a_serial_without_the_first_bit_gets_no_zero) {
  const auto leaf = certificate_with(rfc_authority, std::string("\x07\x65\x43\x21", 4));
  EXPECT_EQ(certificate_id(leaf.get()), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.B2VDIQ");
}

TEST(renewal_info, has_no_id_for_a_certificate_that_does_not_name_its_authority) {
  EXPECT_EQ(certificate_id(certificate_with("", "\x01").get()), std::nullopt);
}

std::string window(const std::string& start, const std::string& end, const std::string& more = "") {
  return R"({"suggestedWindow":{"start":)" + start + R"(,"end":)" + end + "}" + more + "}";
}

TEST(renewal_info, reads_the_window_and_the_explanation) {
  const auto got = parse_renewal_info(window(R"("2026-01-03T00:00:00Z")", R"("2026-01-03T02:00:00.5+01:00")",
                                             R"(,"explanationURL":"https://ca.test/why")"));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(base::to_rfc3339(got->start), "2026-01-03T00:00:00Z");
  EXPECT_EQ(base::to_rfc3339(got->end), "2026-01-03T01:00:00Z");
  EXPECT_EQ(got->explanation, "https://ca.test/why");
}

TEST(renewal_info, shows_no_address_that_is_not_plain) {
  for (const std::string& odd : {std::string(R"("https://ca.test/a b")"), std::string("7"),
                                 std::string(R"("https://ca.test/\u001b[31m")"),
                                 "\"https://ca.test/" + std::string(600, 'x') + "\""}) {
    const auto got = parse_renewal_info(
        window(R"("2026-01-03T00:00:00Z")", R"("2026-01-04T00:00:00Z")", R"(,"explanationURL":)" + odd));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->explanation, "") << odd;
  }
}

TEST(renewal_info, b04_a_window_that_is_none_is_refused) {
  const std::string noon = R"("2026-01-03T12:00:00Z")";
  const std::string one = R"("2026-01-03T13:00:00Z")";
  for (const std::string& body :
       {window(one, noon), window(noon, noon), window(noon, "null"), window("null", one), window("7", one),
        window(noon, R"("later")"), window(noon, R"("9999-12-31T23:59:59Z")"), std::string(R"({"suggestedWindow":null})"), std::string(R"({"start":1})"),
        std::string("{}"), std::string("[]"), std::string(), std::string("<html>"),
        std::string(R"({"suggestedWindow":[]})")}) {
    const auto got = parse_renewal_info(body);
    EXPECT_FALSE(got) << body;
  }
}

TEST(renewal_info, b02_is_asked_for_again_within_bounds) {
  const base::wall_time now = *base::from_rfc3339("2026-01-03T12:00:00Z");
  const struct {
    const char* field;
    std::chrono::seconds after;
  } rows[] = {{"21600", 6h},
              {"", 6h},
              {"soon", 6h},
              {"0", 60s},
              {"59", 60s},
              {"1000000000000", 24h},
              {"Sat, 03 Jan 2026 13:00:00 GMT", 1h},
              {"Sat, 03 Jan 2026 11:00:00 GMT", 60s}};
  for (const auto& row : rows) EXPECT_EQ(ask_again_after(row.field, now), row.after) << row.field;
}

}  // namespace
}  // namespace cardea::autocert::acme
