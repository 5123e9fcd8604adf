// Goal: zones, delegations and values are what a real name server says they are.
// Method: the resolver against BIND on loopback.
#include "base/dns_client.hpp"

#include "tests/support/name_server.hpp"
#include "tests/support/run_coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::string example_records() {
  std::string out = R"(www A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8::1
four A 192.0.2.4
two TXT "first"
two TXT "second"
parts TXT "one-" "joined-" "value"
alias CNAME www.delegated.test.
hop1 CNAME hop2
hop2 CNAME hop3.delegated.test.
dangling CNAME nothing.delegated.test.
away CNAME www.not-served.test.
loop1 CNAME loop2
loop2 CNAME loop1
sub NS ns.elsewhere.test.
)";
  for (int i = 0; i < 40; ++i) out += "many TXT \"" + std::to_string(i) + std::string(60, 'x') + "\"\n";
  return out;
}

class dns_client : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<tests::name_server>(std::vector<tests::served_zone>{
        {"example.test", example_records()},
        {"inner.example.test"},
        {"delegated.test", "www A 192.0.2.3\nhop3 TXT \"the end\"\n"},
    });
  }
  static void TearDownTestSuite() { server_.reset(); }

  [[nodiscard]] static dns_resolver resolver(const std::vector<std::string>& servers) {
    return dns_resolver::create(servers).value();
  }

  result<dns_reply> ask(const std::string& name, dns_type type) {
    return tests::run(context_, dns_query(name, type, server_->address(), false));
  }
  result<std::string> zone_of(const std::string& name) {
    return tests::run(context_, resolver_.find_zone(name));
  }
  result<std::string> end_of(const std::string& name) {
    return tests::run(context_, resolver_.follow_cnames(name));
  }

  static std::unique_ptr<tests::name_server> server_;
  asio::io_context context_{1};
  dns_resolver resolver_ = resolver({server_->text()});
};
std::unique_ptr<tests::name_server> dns_client::server_;

std::vector<std::string> texts(const dns_reply& from) {
  std::vector<std::string> out;
  for (const dns_record& each : from.answers) out.push_back(each.text);
  return out;
}

TEST_F(dns_client, reads_all_values_of_a_name_and_joins_the_strings_of_one) {
  const auto two = ask("Two.Example.Test.", dns_type::txt);
  ASSERT_TRUE(two) << two.error().message();
  EXPECT_EQ(two->rcode, 0);
  EXPECT_TRUE(two->authoritative);
  EXPECT_THAT(texts(*two), UnorderedElementsAre("first", "second"));
  EXPECT_EQ(two->answers.front().name, "two.example.test");
  EXPECT_THAT(texts(*ask("parts.example.test", dns_type::txt)), UnorderedElementsAre("one-joined-value"));
}

TEST_F(dns_client, tells_a_missing_name_from_a_missing_type_and_from_a_refusal) {
  EXPECT_EQ(ask("nobody.example.test", dns_type::txt)->rcode, 3);
  const auto other_type = ask("www.example.test", dns_type::txt);
  EXPECT_EQ(other_type->rcode, 0);
  EXPECT_TRUE(other_type->answers.empty());
  EXPECT_EQ(ask("www.not-served.test", dns_type::txt)->rcode, 5);
}

TEST_F(dns_client, b69_fetches_an_answer_that_is_too_long_for_udp_by_tcp) {
  const auto many = ask("many.example.test", dns_type::txt);
  ASSERT_TRUE(many) << many.error().message();
  EXPECT_EQ(many->answers.size(), 40U);
}

// Two ways in which old servers say that they know no EDNS.
TEST(dns_client_without_edns, b69_is_answered_all_the_same) {
  base::asio::io_context context{1};
  for (const char* odd : {"ednsformerr", "ednsnotimp"}) {
    const tests::name_server old({{"example.test", "www TXT \"value\"\n"}}, {}, odd);
    const auto reply =
        tests::run(context, dns_query("www.example.test", dns_type::txt, old.address(), false));
    ASSERT_TRUE(reply) << odd << ": " << reply.error().message();
    EXPECT_EQ(reply->rcode, 0) << odd;
    ASSERT_EQ(reply->answers.size(), 1U) << odd;
    EXPECT_EQ(reply->answers[0].text, "value");
  }
}

TEST_F(dns_client, refuses_to_ask_for_what_is_not_a_name) {
  for (const std::string& name : {std::string("a..b"), std::string(64, 'a') + ".test"}) {
    const auto reply = ask(name, dns_type::txt);
    ASSERT_FALSE(reply) << name;
    EXPECT_EQ(reply.error().code, errc::invalid_argument);
    EXPECT_THAT(reply.error().message(), HasSubstr("is not a DNS name"));
  }
}

TEST_F(dns_client, b67_finds_the_zone_that_holds_a_name) {
  const struct {
    const char* name;
    const char* zone;
  } rows[] = {{"example.test", "example.test"},
              {"www.example.test", "example.test"},
              {"_acme-challenge.not.there.example.test", "example.test"},
              {"_ACME-challenge.Www.Example.TEST.", "example.test"},
              {"inner.example.test", "inner.example.test"},
              {"_acme-challenge.inner.example.test", "inner.example.test"},
              // The zone of the alias, not of what it leads to.
              {"alias.example.test", "example.test"},
              {"away.example.test", "example.test"}};
  for (const auto& row : rows) {
    const auto zone = zone_of(row.name);
    ASSERT_TRUE(zone) << row.name << ": " << zone.error().message();
    EXPECT_EQ(*zone, row.zone) << row.name;
  }
}

TEST_F(dns_client, does_not_take_the_parent_for_the_zone_of_a_delegated_name) {
  for (const char* name : {"sub.example.test", "_acme-challenge.www.sub.example.test"}) {
    const auto zone = zone_of(name);
    ASSERT_TRUE(zone) << zone.error().message();
    EXPECT_EQ(*zone, "sub.example.test") << name;
  }
}

TEST_F(dns_client, does_not_take_a_failed_query_for_a_step_to_the_parent) {
  const auto zone = zone_of("_acme-challenge.www.not-served.test");
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().message(), "zone of _acme-challenge.www.not-served.test: " + server_->text() +
                                        " answered REFUSED for _acme-challenge.www.not-served.test");
}

TEST_F(dns_client, finds_no_zone_below_a_top_level_domain_that_does_not_exist) {
  const tests::served_zone everything{".", "test NS ns.test.\n"};
  const tests::name_server root({everything});
  const dns_resolver of_root = resolver({root.text()});
  const auto zone = tests::run(context_, of_root.find_zone("_acme-challenge.www.example.invalid"));
  ASSERT_FALSE(zone) << "'" << *zone << "'";
  EXPECT_EQ(zone.error().code, errc::not_found);
  EXPECT_EQ(zone.error().message(), "no zone found for _acme-challenge.www.example.invalid");
}

TEST_F(dns_client, b67_follows_cnames_to_the_last_name_over_zones) {
  EXPECT_EQ(*end_of("www.example.test"), "www.example.test");
  EXPECT_EQ(*end_of("nobody.example.test"), "nobody.example.test");
  EXPECT_EQ(*end_of("Hop1.example.test."), "hop3.delegated.test");
  EXPECT_EQ(*end_of("dangling.example.test"), "nothing.delegated.test");
}

TEST_F(dns_client, b67_says_so_when_cnames_form_a_loop) {
  const auto end = end_of("loop1.example.test");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, errc::protocol);
  EXPECT_EQ(end.error().message(), "the CNAMEs of loop1.example.test do not end");
}

TEST_F(dns_client, does_not_take_a_failed_query_for_the_end_of_cnames) {
  const auto end = end_of("away.example.test");
  ASSERT_FALSE(end) << *end;
  EXPECT_THAT(end.error().message(), HasSubstr("REFUSED for www.not-served.test"));
}

TEST_F(dns_client, collects_the_addresses_of_both_families) {
  const auto both = tests::run(context_, resolver_.addresses_of("www.example.test", 53));
  ASSERT_TRUE(both) << both.error().message();
  std::vector<std::string> shown;
  for (const address& each : *both) shown.push_back(each.to_string());
  EXPECT_THAT(shown, UnorderedElementsAre("192.0.2.1:53", "192.0.2.2:53", "[2001:db8::1]:53"));
  EXPECT_EQ(tests::run(context_, resolver_.addresses_of("four.example.test", 53))->size(), 1U);
  EXPECT_TRUE(tests::run(context_, resolver_.addresses_of("nobody.example.test", 53))->empty());
  EXPECT_FALSE(tests::run(context_, resolver_.addresses_of("www.not-served.test", 53)));
}

TEST_F(dns_client, asks_the_next_server_when_one_fails_or_refuses) {
  const tests::served_zone elsewhere{"other.test"};
  const tests::name_server other({elsewhere});
  const std::string nobody = "127.0.0.1:" + std::to_string(tests::free_port());
  const dns_resolver three = resolver({nobody, other.text(), server_->text()});
  const auto zone = tests::run(context_, three.find_zone("www.example.test"));
  ASSERT_TRUE(zone) << zone.error().message();
  EXPECT_EQ(*zone, "example.test");
}

TEST_F(dns_client, gives_up_on_a_silent_server_after_its_tries) {
  server_->pause();
  const auto begin = std::chrono::steady_clock::now();
  const dns_timing patience{100ms, 2};
  const auto reply =
      tests::run(context_, dns_query("www.example.test", dns_type::a, server_->address(), false, patience));
  const auto took = std::chrono::steady_clock::now() - begin;
  server_->go_on();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::timed_out);
  EXPECT_EQ(reply.error().message(), server_->text() + ": the name server did not answer");
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 2s);
}

TEST(dns_server, is_an_address_with_or_without_a_port) {
  const struct {
    const char* text;
    const char* means;
  } rows[] = {{"192.0.2.1", "192.0.2.1:53"},
              {"192.0.2.1:5353", "192.0.2.1:5353"},
              {"2001:db8::1", "[2001:db8::1]:53"},
              {"[2001:db8::1]", "[2001:db8::1]:53"},
              {"[2001:db8::1]:5353", "[2001:db8::1]:5353"}};
  for (const auto& row : rows) {
    const auto parsed = parse_dns_server(row.text);
    ASSERT_TRUE(parsed) << row.text;
    EXPECT_EQ(parsed->to_string(), row.means);
  }
  for (const char* text : {"", ":53", "ns.example.test", "192.0.2.1:", "192.0.2.1:99999", "[]", "192.0.2"}) {
    const auto parsed = parse_dns_server(text);
    ASSERT_FALSE(parsed) << text << " became " << parsed->to_string();
    EXPECT_EQ(parsed.error().message(),
              "'" + std::string(text) + "' is not a name server: expected IP, IP:PORT or [IPv6]:PORT");
  }
}

}  // namespace
}  // namespace cardea::base
