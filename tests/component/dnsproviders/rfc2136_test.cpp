// Goal: values come and go at a server that takes DNS UPDATE, and its refusals
// can be read. Method: BIND on loopback, asked afterwards what it holds.
#include "dnsproviders/registry.hpp"
#include "tests/support/name_server.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace cardea::dnsproviders {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Each key is "a TSIG key of a test" in base64, with one more letter to tell them apart.
constexpr const char* sha1_secret = "YSBUU0lHIGtleSBvZiBhIHRlc3Qgb25l";
constexpr const char* sha256_secret = "YSBUU0lHIGtleSBvZiBhIHRlc3QgdHdv";
constexpr const char* sha512_secret = "YSBUU0lHIGtleSBvZiBhIHRlc3Qgc2l4";
constexpr const char* name = "_acme-challenge.www.example.test";
constexpr const char* first = "first-value-of-43-characters-xxxxxxxxxxxxxx";
constexpr const char* second = "second-value-of-43-characters-xxxxxxxxxxxxx";

using options_map = std::map<std::string, std::string>;

class rfc2136 : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string any = "allow-update { key sha1-key; key sha256-key; key Sha512-Key; };";
    server_ = std::make_unique<tests::name_server>(
        std::vector<tests::served_zone>{{"example.test", "", any},
                                        {"inner.example.test", "", any},
                                        {"refused.test"},
                                        {"open.test", "", "allow-update { any; };"}},
        std::vector<tests::served_key>{{"sha1-key", "hmac-sha1", sha1_secret},
                                       {"sha256-key", "hmac-sha256", sha256_secret},
                                       {"Sha512-Key", "hmac-sha512", sha512_secret}});
  }
  static void TearDownTestSuite() { server_.reset(); }

  static options_map with_key() {
    return {{"tsig_key", "sha256-key"}, {"tsig_secret", sha256_secret}, {"tsig_algorithm", "hmac-sha256"}};
  }

  static std::unique_ptr<provider> make(options_map with) {
    with.emplace("nameserver", server_->text());
    std::map<std::string, base::secret> options;
    for (const auto& [key, value] : with) options.emplace(key, base::secret(value));
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    services none{base::fetch{}, base::dns_resolver::create({"127.0.0.1:1"}).value()};
    auto made = make_provider("rfc2136", options, nothing, std::move(none));
    EXPECT_TRUE(made) << made.error().message();
    return made ? std::move(*made) : nullptr;
  }

  std::string present(provider& by, const std::string& fqdn = name, const std::string& value = first) {
    const auto outcome = tests::run(context_, by.present({fqdn, value, "", "", ""}));
    return outcome ? "success" : outcome.error().message();
  }
  std::string clean_up(provider& by, const std::string& fqdn = name, const std::string& value = first) {
    const auto outcome = tests::run(context_, by.clean_up({fqdn, value, "", "", ""}));
    return outcome ? "success" : outcome.error().message();
  }
  std::vector<std::string> values(const std::string& fqdn = name) {
    const auto reply =
        tests::run(context_, base::dns_query(fqdn, base::dns_type::txt, server_->address(), false));
    std::vector<std::string> out;
    for (const base::dns_record& each : reply->answers) out.push_back(each.text);
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string server() const { return "rfc2136: " + server_->text(); }

  static std::unique_ptr<tests::name_server> server_;
  base::asio::io_context context_{1};
};
std::unique_ptr<tests::name_server> rfc2136::server_;

TEST_F(rfc2136, writes_and_removes_a_value_with_keys_of_every_kind) {
  const options_map rows[] = {
      {{"tsig_key", "sha1-key"}, {"tsig_secret", sha1_secret}},
      {{"tsig_key", "SHA256-KEY."}, {"tsig_secret", sha256_secret}, {"tsig_algorithm", "HMAC-SHA256."}},
      {{"tsig_key", "sha512-key"}, {"tsig_secret", sha512_secret}, {"tsig_algorithm", "hmac-sha512"}}};
  for (const options_map& row : rows) {
    const auto by = make(row);
    EXPECT_EQ(present(*by), "success");
    EXPECT_THAT(values(), ElementsAre(first));
    EXPECT_EQ(clean_up(*by), "success");
    EXPECT_THAT(values(), IsEmpty());
  }
}

TEST_F(rfc2136, reads_its_key_from_a_file_of_tsig_keygen) {
  const test_support::scratch_folder folder;
  std::ofstream(folder / "key") << "key \"sha512-key\" {\n\talgorithm hmac-sha512;\n\tsecret \""
                                << sha512_secret << "\";\n};\n";
  const auto by = make({{"tsig_file", folder / "key"}});
  EXPECT_EQ(present(*by), "success");
  EXPECT_EQ(clean_up(*by), "success");
}

TEST_F(rfc2136, refuses_a_key_file_that_holds_no_key) {
  const test_support::scratch_folder folder;
  std::ofstream(folder / "key") << "key \"k\" { algorithm hmac-md5; secret \"czNjcmV0\"; };";
  for (const std::string& path : {folder / "key", folder / "none"}) {
    const std::map<std::string, base::secret> options{{"nameserver", base::secret("192.0.2.1")},
                                                      {"tsig_file", base::secret(path)}};
    const auto made =
        make_provider("rfc2136", options, [](const auto&) { return std::optional<std::string>(); },
                      {base::fetch{}, base::dns_resolver::create({"127.0.0.1:1"}).value()});
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message(), HasSubstr("rfc2136: option 'tsig_file' "));
    EXPECT_EQ(made.error().message().find("czNjcmV0"), std::string::npos);
  }
}

TEST_F(rfc2136, works_without_a_key_where_the_server_allows_it) {
  const auto by = make({});
  EXPECT_EQ(present(*by, "_acme-challenge.open.test"), "success");
  EXPECT_THAT(values("_acme-challenge.open.test"), ElementsAre(first));
  EXPECT_EQ(clean_up(*by, "_acme-challenge.open.test"), "success");
}

TEST_F(rfc2136, keeps_two_values_at_one_name_and_removes_only_its_own) {
  const auto by = make(with_key());
  EXPECT_EQ(present(*by, name, first), "success");
  EXPECT_EQ(present(*by, name, second), "success");
  EXPECT_THAT(values(), ElementsAre(first, second));
  EXPECT_EQ(clean_up(*by, name, first), "success");
  EXPECT_THAT(values(), ElementsAre(second));
  EXPECT_EQ(clean_up(*by, name, second), "success");
  EXPECT_THAT(values(), IsEmpty());
}

TEST_F(rfc2136, writes_and_removes_as_often_as_it_is_told) {
  const auto by = make(with_key());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(present(*by), "success");
    EXPECT_THAT(values(), ElementsAre(first));
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(clean_up(*by), "success") << "not there is a success";
    EXPECT_THAT(values(), IsEmpty());
  }
}

TEST_F(rfc2136, updates_the_innermost_zone) {
  constexpr const char* inner = "_acme-challenge.inner.example.test";
  const auto asked = make(with_key());
  EXPECT_EQ(present(*asked, inner), "success");
  EXPECT_THAT(values(inner), ElementsAre(first));
  options_map told = with_key();
  told["zones"] = "example.test, inner.example.test.";
  EXPECT_EQ(clean_up(*make(told), inner), "success");
  EXPECT_THAT(values(inner), IsEmpty());
}

TEST_F(rfc2136, says_which_zone_does_not_fit) {
  options_map told = with_key();
  told["zones"] = "ample.test,other.test";
  EXPECT_EQ(present(*make(told)), "rfc2136: none of the zones holds _acme-challenge.www.example.test");
  EXPECT_EQ(present(*make(with_key()), "_acme-challenge.nowhere.test"),
            "rfc2136: zone of _acme-challenge.nowhere.test: " + server_->text() +
                " answered REFUSED for _acme-challenge.nowhere.test");
  told["zones"] = "test";
  EXPECT_EQ(present(*make(told)),
            server() + " answered NOTAUTH: it is not the primary of the zone, or the TSIG key is wrong");
}

TEST_F(rfc2136, says_what_is_wrong_with_the_key) {
  options_map row = with_key();
  row["tsig_secret"] = sha1_secret;
  EXPECT_EQ(present(*make(row)), server() +
                                     ": the name server refused the TSIG signature (BADSIG): check "
                                     "tsig_secret and tsig_algorithm");
  row = with_key();
  row["tsig_key"] = "nobodys-key";
  EXPECT_EQ(present(*make(row)),
            server() + ": the name server does not know the TSIG key (BADKEY): check tsig_key");
  row = with_key();
  row["tsig_algorithm"] = "hmac-sha512";
  EXPECT_THAT(present(*make(row)), HasSubstr(server() + ": the name server "));
  EXPECT_THAT(values(), IsEmpty());
}

TEST_F(rfc2136, says_that_the_policy_refuses_the_update) {
  const std::string sentence = server() + " answered REFUSED: its policy does not allow this update";
  EXPECT_EQ(present(*make(with_key()), "_acme-challenge.refused.test"), sentence);
  EXPECT_EQ(present(*make({}), name), sentence) << "without a key";
}

TEST_F(rfc2136, says_that_the_server_is_silent_or_gone) {
  options_map row = with_key();
  row["dns_timeout"] = "300ms";
  row["zones"] = "example.test";
  server_->pause();
  const auto begin = std::chrono::steady_clock::now();
  // The server carries it out when it goes on, so at a name that no other test looks at.
  EXPECT_EQ(present(*make(row), "late.example.test"), server() + ": the name server did not answer");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  server_->go_on();
  const std::string nobody = "127.0.0.1:" + std::to_string(tests::free_port());
  row["nameserver"] = nobody;
  EXPECT_EQ(present(*make(row)), "rfc2136: " + nobody + ": Connection refused");
}

TEST_F(rfc2136, writes_several_values_at_once) {
  const auto by = make(with_key());
  const auto run_all = [&](bool presents) {
    int good = 0;
    for (int i = 0; i < 10; ++i) {
      challenge_record each{name, "value-" + std::to_string(i), "", "", ""};
      auto work = presents ? by->present(std::move(each)) : by->clean_up(std::move(each));
      base::asio::co_spawn(context_, std::move(work),
                           [&](std::exception_ptr, base::result<void> outcome) { good += outcome ? 1 : 0; });
    }
    context_.restart();
    context_.run();
    return good;
  };
  EXPECT_EQ(run_all(true), 10);
  EXPECT_EQ(values().size(), 10U);
  EXPECT_EQ(run_all(false), 10);
  EXPECT_THAT(values(), IsEmpty());
}

}  // namespace
}  // namespace cardea::dnsproviders
