#include "autocert/acme/order.hpp"

#include "autocert/acme/error.hpp"

#include <gmock/gmock.h>

namespace cardea::autocert::acme {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(order, is_read_as_rfc_8555_section_7_1_3_shows_it) {
  const auto got = parse_order(R"({
     "status": "valid", "expires": "2016-01-20T14:09:07.99Z",
     "identifiers": [{"type": "dns", "value": "www.example.org"}],
     "authorizations": ["https://example.com/acme/authz/1", "https://example.com/acme/authz/2"],
     "finalize": "https://example.com/acme/order/1/finalize",
     "certificate": "https://example.com/acme/cert/1"})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, state::valid);
  EXPECT_THAT(got->authorizations,
              ElementsAre("https://example.com/acme/authz/1", "https://example.com/acme/authz/2"));
  EXPECT_EQ(got->finalize, "https://example.com/acme/order/1/finalize");
  EXPECT_EQ(got->certificate, "https://example.com/acme/cert/1");
  EXPECT_EQ(got->failure, "");
}

TEST(order, b41_every_state_has_its_name) {
  const struct {
    const char* text;
    state expected;
  } rows[] = {{"pending", state::pending}, {"ready", state::ready},     {"processing", state::processing},
              {"valid", state::valid},     {"invalid", state::invalid}, {"deactivated", state::deactivated},
              {"expired", state::expired}, {"revoked", state::revoked}};
  for (const auto& row : rows) {
    const auto got = parse_order(R"({"finalize":"f","status":")" + std::string(row.text) + R"("})");
    ASSERT_TRUE(got) << row.text;
    EXPECT_EQ(got->status, row.expected) << row.text;
    EXPECT_EQ(to_text(got->status), row.text);
  }
}

TEST(order, b42_the_authorizations_may_be_missing_null_or_odd) {
  for (const char* more :
       {"", R"(,"authorizations":null)", R"(,"authorizations":{})", R"(,"authorizations":[1,null])"}) {
    const auto got = parse_order(R"({"status":"ready","finalize":"f")" + std::string(more) + "}");
    ASSERT_TRUE(got) << more;
    EXPECT_TRUE(got->authorizations.empty()) << more;
  }
}

TEST(order, without_status_or_finalize_address_it_is_none) {
  for (const char* body : {"", "[]", "{}", R"({"status":"ready"})", R"({"finalize":"f"})",
                           R"({"status":"READY","finalize":"f"})", R"({"status":"waiting","finalize":"f"})",
                           R"({"status":null,"finalize":"f"})", R"({"status":"ready","finalize":7})"}) {
    const auto got = parse_order(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, errc::malformed_answer) << body;
  }
}

TEST(order, its_error_is_the_cas_sentence) {
  const auto got = parse_order(
      R"({"status":"invalid","finalize":"f","error":{"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids"}})");
  EXPECT_EQ(got.value().failure, "caa: CAA forbids");
}

TEST(order, a_list_of_authorizations_without_end_is_cut) {
  std::string body = R"({"status":"pending","finalize":"f","authorizations":["u")";
  for (int i = 0; i < 1'000; ++i) body += R"(,"u")";
  EXPECT_EQ(parse_order(body + "]}").value().authorizations.size(), 200U);
}

TEST(authorization, is_read_with_its_challenges) {
  const auto got = parse_authorization(R"({
     "status": "pending", "identifier": {"type": "dns", "value": "WWW.Example.org"}, "wildcard": true,
     "challenges": [
       {"type": "http-01", "url": "https://ca.test/1", "status": "pending", "token": "abc"},
       {"type": "dns-01", "url": "https://ca.test/2", "status": "pending", "token": "DGyRejmCefe7v4N_-x"}]})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->domain, "www.example.org");
  EXPECT_TRUE(got->wildcard);
  ASSERT_NE(got->find("dns-01"), nullptr);
  EXPECT_EQ(got->find("dns-01")->url, "https://ca.test/2");
  EXPECT_EQ(got->find("dns-01")->token, "DGyRejmCefe7v4N_-x");
  EXPECT_EQ(got->find("tls-alpn-01"), nullptr);
}

TEST(authorization, without_status_or_name_it_is_none) {
  for (const char* body :
       {"", "{}", R"({"status":"pending"})", R"({"identifier":{"type":"dns","value":"a.test"}})",
        R"({"status":"odd","identifier":{"value":"a.test"}})", R"({"status":"valid","identifier":"a.test"})",
        R"({"status":"valid","identifier":{"value":""}})"}) {
    const auto got = parse_authorization(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, errc::malformed_answer) << body;
  }
}

// A token becomes part of records and notes on disk: blanks or slashes in it would be somebody's attack.
TEST(authorization, challenges_that_cannot_be_answered_are_passed_over) {
  const std::string long_token(257, 'a');
  const struct {
    const char* name;
    std::string challenge;
  } rows[] = {{"no token", R"({"type":"dns-01","url":"u"})"},
              {"a token with a slash", R"({"type":"dns-01","url":"u","token":"../x"})"},
              {"a token with a blank", R"({"type":"dns-01","url":"u","token":"a b"})"},
              {"a token with padding", R"({"type":"dns-01","url":"u","token":"ab=="})"},
              {"a long token", R"({"type":"dns-01","url":"u","token":")" + long_token + R"("})"},
              {"no address", R"({"type":"dns-01","token":"abc"})"},
              {"no object", R"("dns-01")"}};
  for (const auto& row : rows) {
    const auto got = parse_authorization(
        R"({"status":"pending","identifier":{"value":"a.test"},"challenges":[)" + row.challenge + "]}");
    ASSERT_TRUE(got) << row.name;
    EXPECT_EQ(got->find("dns-01"), nullptr) << row.name;
  }
}

TEST(authorization, says_which_challenge_of_which_name_failed_and_why) {
  const auto got = parse_authorization(R"({"status":"invalid","identifier":{"value":"a.test"},"wildcard":true,
    "challenges":[{"type":"http-01","url":"u","token":"t","status":"pending"},
      {"type":"dns-01","url":"u","token":"t","status":"invalid",
       "error":{"type":"urn:ietf:params:acme:error:unauthorized","detail":"Incorrect TXT record","status":403}}]})");
  EXPECT_EQ(got.value().failure(),
            "*.a.test: dns-01: the CA answered 403 unauthorized: Incorrect TXT record");
}

TEST(authorization, that_failed_without_a_word_says_its_state) {
  const auto got = parse_authorization(R"({"status":"expired","identifier":{"value":"a.test"}})");
  EXPECT_THAT(got.value().failure(), HasSubstr("a.test: expired"));
}

TEST(new_order, names_are_quoted_and_keep_their_order) {
  EXPECT_EQ(new_order_payload({.domains = {"*.b.test", "a\"b"}}),
            R"({"identifiers":[{"type":"dns","value":"*.b.test"},{"type":"dns","value":"a\"b"}]})");
}

// RFC 8738 section 3.
TEST(new_order, b43_addresses_are_identifiers_of_their_own_type) {
  EXPECT_EQ(new_order_payload({.domains = {"a.test", "192.0.2.1", "2001:db8::1"}}),
            R"({"identifiers":[{"type":"dns","value":"a.test"},{"type":"ip","value":"192.0.2.1"},)"
            R"({"type":"ip","value":"2001:db8::1"}]})");
}

TEST(authorization, b43_an_address_comes_back_in_our_spelling) {
  const auto got = parse_authorization(
      R"({"status":"pending","identifier":{"type":"ip","value":"2001:DB8:0:0::1"},"challenges":[]})");
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->domain, "2001:db8::1");
  EXPECT_FALSE(parse_authorization(R"({"status":"pending","identifier":{"type":"ip","value":"a.test"}})"));
}

TEST(authorization, b71_a_persistent_challenge_has_names_of_the_ca_instead_of_a_token) {
  const auto with = [](const std::string& names) {
    return parse_authorization(R"({"status":"pending","identifier":{"type":"dns","value":"a.test"},"challenges":[
      {"type":"dns-persist-01","url":"https://ca.test/1","status":"pending",)" + names + "}]}")
        .value();
  };
  for (const char* member : {"issuerDomainNames", "issuer-domain-names"}) {
    const auto got = with("\"" + std::string(member) + R"(":["ca.test","ca2.test"])");
    ASSERT_NE(got.find("dns-persist-01"), nullptr) << member;
    EXPECT_EQ(got.find("dns-persist-01")->issuers, (std::vector<std::string>{"ca.test", "ca2.test"}));
  }
  std::string eleven = "\"a.test\"";
  for (int i = 0; i < 10; ++i) eleven += ",\"a.test\"";
  for (const std::string& names : {std::string(R"("issuerDomainNames":[])"), std::string(R"("token":"t")"),
                                   std::string(R"("issuerDomainNames":["CA.test"])"),
                                   std::string(R"("issuerDomainNames":["ca.test;"])"),
                                   R"("issuerDomainNames":[)" + eleven + "]"})
    EXPECT_EQ(with(names).find("dns-persist-01"), nullptr) << names;
}

TEST(new_order, b48_names_a_profile_and_what_it_replaces) {
  EXPECT_EQ(
      new_order_payload({.domains = {"a.test"}, .profile = "shortlived", .replaces = "aki.serial"}),
      R"({"identifiers":[{"type":"dns","value":"a.test"}],"profile":"shortlived","replaces":"aki.serial"})");
}

}  // namespace
}  // namespace cardea::autocert::acme
