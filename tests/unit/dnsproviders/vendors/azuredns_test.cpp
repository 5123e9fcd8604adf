#include "tests/support/vendor_script.hpp"

#include <gtest/gtest.h>

namespace cardea::test_support {
namespace {

const std::string zone =
    "/subscriptions/s-1/resourceGroups/dns/providers/Microsoft.Network/dnsZones/example.com";
const std::string set_path = zone + "/TXT/_acme-challenge.www?api-version=2018-05-01";

const exchange token{
    "POST", "https://login.microsoftonline.com/t-1/oauth2/v2.0/token",
    "grant_type=client_credentials&client_id=c-1&scope=https%3A%2F%2Fmanagement.azure.com%2F."
    "default&client_secret=azure-secret",
    200, R"({"token_type":"Bearer","expires_in":3599,"access_token":"t0ken"})"};
const exchange zones{
    "POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
    R"({"query":"resources | where type =~ \"microsoft.network/dnszones\" | project id, name",
        "options":{"resultFormat":"objectArray"}})",
    200,
    R"({"totalRecords":2,"count":2,"data":[
        {"id":"/subscriptions/s-0/resourceGroups/x/providers/Microsoft.Network/dnsZones/ample.com",
         "name":"ample.com"},
        {"id":")" +
        zone + R"(","name":"Example.com"}]})"};
const exchange none{"GET", set_path, "", 404,
                    R"({"error":{"code":"NotFound","message":"The resource record was not found."}})"};

std::string values(const std::vector<std::string_view>& all) {
  std::string out;
  for (const std::string_view each : all)
    out += (out.empty() ? "{\"value\":[\"" : ",{\"value\":[\"") + std::string(each) + "\"]}";
  return "[" + out + "]";
}
exchange read(const std::vector<std::string_view>& all) {
  return {"GET", set_path, "", 200,
          R"({"name":"_acme-challenge.www","etag":"e-7","properties":{"fqdn":"x.","TTL":300,"TXTRecords":)" +
              values(all) + "}}"};
}
exchange put(const std::vector<std::string_view>& all, int ttl = 300) {
  return {"PUT", set_path,
          R"({"properties":{"TTL":)" + std::to_string(ttl) + R"(,"TXTRecords":)" + values(all) + "}}", 200,
          "{}"};
}
const exchange removal{"DELETE", set_path, "", 200, ""};

vendor_script script() {
  return {
      .provider = "azuredns",
      .options = {{"tenant_id", "t-1"}, {"client_id", "c-1"}, {"client_secret", "azure-secret"}},
      .present = {token, zones, none, put({first_value}, 60)},
      .clean_up = {read({"foreign", first_value}), put({"foreign"})},
  };
}
std::string header(const base::fetch_request& from, std::string_view name) {
  for (const base::http_field& each : from.headers)
    if (each.name == name) return each.value;
  return {};
}

TEST(azuredns, merges_its_value_into_the_set_and_takes_it_out) { check_vendor(script()); }

TEST(azuredns, writes_only_over_what_it_has_read) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  EXPECT_TRUE(play.clean_up(script().clean_up));
  EXPECT_TRUE(play.clean_up({zones, read({first_value}), removal}));
  ASSERT_EQ(play.requests().size(), 9U);
  EXPECT_EQ(header(play.requests()[0], "Authorization"), "");
  EXPECT_EQ(header(play.requests()[1], "Authorization"), "Bearer t0ken");
  EXPECT_EQ(header(play.requests()[3], "If-None-Match"), "*");
  EXPECT_EQ(header(play.requests()[3], "If-Match"), "");
  EXPECT_EQ(header(play.requests()[5], "If-Match"), "e-7");
  EXPECT_EQ(header(play.requests()[5], "If-None-Match"), "");
  EXPECT_EQ(header(play.requests()[8], "If-Match"), "e-7");
}

TEST(azuredns, reads_again_when_the_set_changed_in_between) {
  vendor_play play(script());
  exchange raced = put({first_value}, 60);
  raced.status = 412;
  EXPECT_TRUE(play.present({token, zones, none, raced, read({"foreign"}), put({"foreign", first_value})}));
}

TEST(azuredns, keeps_two_values_and_long_foreign_ones) {
  vendor_play play(script());
  const std::string start(255, 'k');
  const std::string split = R"({"value":[")" + start + R"(","rest"]})";
  exchange there = read({first_value});
  there.answer.insert(there.answer.rfind("]}}"), "," + split);
  exchange both = put({first_value});
  both.body.insert(both.body.rfind("]}}"),
                   "," + split + ",{\"value\":[\"" + std::string(second_value) + "\"]}");
  EXPECT_TRUE(play.present({token, zones, there, both}, make_record(second_value)));
  EXPECT_TRUE(play.present({there})) << "it is there already";
}

TEST(azuredns, looks_for_the_zone_on_all_pages_within_its_options) {
  vendor_script narrow = script();
  narrow.options.insert({{"subscription_id", "s-1"},
                         {"zone_name", "Example.com."},
                         {"service_discovery_filter", "where tags.x == 'y'"},
                         {"private_zone", "true"}});
  vendor_play play(narrow);
  exchange first = zones;
  first.body = R"({"query":"resources | where type =~ \"microsoft.network/privatednszones\")"
               R"( | where subscriptionId =~ \"s-1\" | where name =~ \"example.com\" | where tags.x == 'y')"
               R"( | project id, name","options":{"resultFormat":"objectArray"}})";
  first.answer = R"({"data":[],"$skipToken":"more"})";
  exchange second = zones;
  second.body = first.body;
  second.body.insert(second.body.rfind("}}"), R"(,"$skipToken":"more")");
  const std::string id =
      "/subscriptions/s-1/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/example.com";
  second.answer = R"({"data":[{"name":"example.com","id":")" + id + "\"}]}";
  const std::string path = id + "/TXT/_acme-challenge.www?api-version=2020-06-01";
  const exchange write{"PUT", path, R"({"properties":{"ttl":60,"txtRecords":)" + values({first_value}) + "}}",
                       201, "{}"};
  EXPECT_TRUE(play.present({token, first, second, {"GET", path, "", 404, ""}, write}));
}

TEST(azuredns, needs_no_list_where_the_zone_is_told) {
  vendor_script told = script();
  told.options.insert({{"subscription_id", "s-1"}, {"resource_group", "dns"}});
  vendor_play by_dns(told);
  EXPECT_TRUE(by_dns.present({token, none, put({first_value}, 60)}));
  told.options.insert({"zone_name", "example.com"});
  vendor_play by_name(told);
  const exchange is_there{"GET", zone + "?api-version=2018-05-01", "", 200, "{}"};
  EXPECT_TRUE(by_name.present({token, is_there, none, put({first_value}, 60)}));
  dnsproviders::challenge_record elsewhere = make_record();
  elsewhere.fqdn = "_acme-challenge.other.test";
  const auto outcome = by_name.present({is_there}, elsewhere);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "azuredns: no zone of the account holds _acme-challenge.other.test");
}

TEST(azuredns, does_not_guess_between_two_zones_of_one_name) {
  vendor_play play(script());
  exchange twice = zones;
  twice.answer = R"({"data":[{"name":"example.com","id":"/subscriptions/1/a"},
                             {"name":"Example.com","id":"/subscriptions/2/a"}]})";
  const auto outcome = play.present({token, twice});
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message().find("several zones 'Example.com': give subscription_id"),
            std::string::npos)
      << outcome.error().message();
}

TEST(azuredns, uses_the_identity_of_its_machine) {
  vendor_script machine = script();
  machine.options = {{"client_id", "c-1"}, {"environment", "china"}};
  vendor_play play(machine);
  const exchange its_token{"GET",
                           "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&"
                           "resource=https%3A%2F%2Fmanagement.chinacloudapi.cn&client_id=c-1",
                           "", 200, R"({"access_token":"t0ken","expires_in":"86399"})"};
  EXPECT_TRUE(play.present({its_token, zones, none, put({first_value}, 60)}));
  EXPECT_EQ(header(play.requests()[0], "Metadata"), "true");
}

TEST(azuredns, logs_in_with_a_federated_token) {
  vendor_script federated = script();
  federated.options["auth_method"] = "OIDC";
  federated.options.insert({"oidc_token", "a.b.c"});
  vendor_play play(federated);
  exchange by_assertion = token;
  by_assertion.body =
      "grant_type=client_credentials&client_id=c-1&scope=https%3A%2F%2Fmanagement.azure.com%2F.default&"
      "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
      "client_assertion=a.b.c";
  EXPECT_TRUE(play.present({by_assertion, zones, none, put({first_value}, 60)}));
}

TEST(azuredns, logs_in_again_when_the_token_is_not_known_any_more) {
  vendor_play play(script());
  EXPECT_TRUE(play.present(script().present));
  exchange gone = read({});
  gone.status = 401;
  EXPECT_TRUE(play.clean_up({gone, token, script().clean_up[0], script().clean_up[1]}));
}

TEST(azuredns, says_what_the_vendor_said) {
  vendor_play play(script());
  exchange refused = token;
  refused.status = 401;
  refused.answer =
      R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret."})";
  const auto login = play.present({refused});
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().message(),
            "azuredns: login: the vendor answered 401: AADSTS7000215: Invalid client secret.");
  exchange forbidden = put({first_value}, 60);
  forbidden.status = 403;
  forbidden.answer = R"({"error":{"code":"AuthorizationFailed","message":"The client may not write."}})";
  const auto outcome = play.present({token, zones, none, forbidden});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(),
            "azuredns: the vendor answered 403: AuthorizationFailed: The client may not write.");
}

TEST(azuredns, names_what_is_missing_or_wrong) {
  const auto refusal = [](const std::map<std::string, std::string>& options) {
    return refusal_of_options("azuredns", options);
  };
  EXPECT_EQ(refusal({}), "") << "the machine's identity";
  EXPECT_EQ(refusal({{"client_secret", "x"}}), "azuredns: option 'tenant_id' is missing");
  EXPECT_EQ(refusal({{"tenant_id", "x"}, {"client_id", "x"}}),
            "azuredns: option 'client_secret' is missing (or oidc_token)");
  EXPECT_EQ(refusal({{"auth_method", "env"}}), "azuredns: option 'client_secret' is missing");
  EXPECT_EQ(refusal({{"auth_method", "cli"}}),
            "azuredns: option 'auth_method' is not supported: env, oidc or msi");
  EXPECT_EQ(refusal({{"client_secret", "x"}, {"oidc_token", "x"}}),
            "azuredns: option 'oidc_token' contradicts client_secret: give one of them, or auth_method");
  EXPECT_EQ(refusal({{"environment", "mars"}}),
            "azuredns: option 'environment' is not public, china or usgovernment");
  EXPECT_EQ(refusal({{"resource_group", "a\" or 1"}}),
            "azuredns: option 'resource_group' has a character that no such name has");
}

}  // namespace
}  // namespace cardea::test_support
