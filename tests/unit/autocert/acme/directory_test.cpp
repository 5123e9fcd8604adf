#include "autocert/acme/directory.hpp"

#include "autocert/acme/error.hpp"

#include <gmock/gmock.h>

namespace cardea::autocert::acme {
namespace {

constexpr std::string_view addresses =
    R"("newNonce":"https://ca.test/nonce","newAccount":"https://ca.test/account","newOrder":"https://ca.test/order")";

std::string with(std::string_view more) { return "{" + std::string(addresses) + std::string(more) + "}"; }

TEST(directory, has_the_three_addresses_and_what_meta_says) {
  const auto got = parse_directory(
      with(R"(,"unknown":1,"meta":{"termsOfService":"https://ca.test/tos","externalAccountRequired":true})"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->new_nonce, "https://ca.test/nonce");
  EXPECT_EQ(got->new_account, "https://ca.test/account");
  EXPECT_EQ(got->new_order, "https://ca.test/order");
  EXPECT_EQ(got->terms_of_service, "https://ca.test/tos");
  EXPECT_TRUE(got->external_account_required);
}

TEST(directory, b53_b71_says_under_which_names_the_ca_goes) {
  const auto got = parse_directory(
      with(R"(,"meta":{"caaIdentities":["ca.test"],"issuerDomainNames":["ca.test","ca2.test"],)"
           R"("accountHashPrefix":"https://ca.test/account-hash/"})"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->caa_identities, std::vector<std::string>{"ca.test"});
  EXPECT_EQ(got->issuer_names, (std::vector<std::string>{"ca.test", "ca2.test"}));
  EXPECT_EQ(got->account_hash_prefix, "https://ca.test/account-hash/");
}

TEST(directory, b33_meta_may_be_absent_null_or_hold_nulls) {
  for (const char* more : {"", R"(,"meta":null)", R"(,"meta":{})", R"(,"meta":[])",
                           R"(,"meta":{"termsOfService":null,"externalAccountRequired":null})",
                           R"(,"meta":{"externalAccountRequired":"true"})"}) {
    const auto got = parse_directory(with(more));
    ASSERT_TRUE(got) << more;
    EXPECT_EQ(got->terms_of_service, "") << more;
    EXPECT_FALSE(got->external_account_required) << more;
  }
}

TEST(directory, without_one_of_the_three_it_is_none) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"newNonce":"n","newAccount":"a"})",
                           R"({"newNonce":"n","newOrder":"o"})", R"({"newAccount":"a","newOrder":"o"})",
                           R"({"newNonce":1,"newAccount":"a","newOrder":"o"})",
                           R"({"newNonce":"n","newAccount":"a","newOrder":null})"}) {
    const auto got = parse_directory(body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, errc::malformed_answer) << body;
    EXPECT_THAT(got.error().message(), testing::HasSubstr("directory")) << body;
  }
}

}  // namespace
}  // namespace cardea::autocert::acme
