#include "tests/support/vendor_script.hpp"

#include "base/atomic_file.hpp"
#include "dnsproviders/registry.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include <fstream>

#include <sys/stat.h>

namespace cardea::test_support {
namespace {

constexpr const char* place = "https://accounts.test/acme/www.example.com";
const std::string account =
    R"({"fulldomain":"d4.auth.test","subdomain":"d4","username":"u1","password":"acme-dns-password",
        "server_url":"https://api.vendor.test/base"})";

exchange update(std::string_view value) {
  return {"POST", "/update", R"({"subdomain":"d4","txt":")" + std::string(value) + "\"}", 200, "{}"};
}
// Where the CNAME of the challenge's name leads.
dnsproviders::challenge_record followed(std::string_view value = first_value) {
  dnsproviders::challenge_record out = make_record(value);
  out.fqdn = "d4.auth.test";
  return out;
}

vendor_script by_service() {
  return {.provider = "acmedns", .options = {{"storage_base_url", "https://accounts.test/acme/"}}};
}
vendor_script by_file(const std::string& path) {
  return {.provider = "acmedns", .options = {{"storage_path", path}, {"api_base", "https://other.test"}}};
}

// What holds for every vendor is played with an account whose name is the record's own.
TEST(acmedns, writes_with_the_account_that_the_service_keeps) {
  vendor_script script = by_service();
  script.present = {
      {"GET", place, "", 200,
       R"({"fulldomain":"_acme-challenge.www.example.com","subdomain":"d4","username":"u","password":"p"})"},
      update(first_value)};
  check_vendor(script);

  vendor_play play(by_service());
  EXPECT_TRUE(play.present({{"GET", place, "", 200, account}, update(first_value)}, followed()));
  EXPECT_TRUE(play.present({update(second_value)}, followed(second_value))) << "the account is known";
  EXPECT_TRUE(play.clean_up({}, followed())) << "values go by themselves";
  const auto& headers = play.requests().back().headers;
  ASSERT_GE(headers.size(), 2U);
  EXPECT_EQ(headers[headers.size() - 2].name + headers[headers.size() - 2].value, "X-Api-Useru1");
  EXPECT_EQ(headers.back().name + headers.back().value, "X-Api-Keyacme-dns-password");
}

TEST(acmedns, writes_with_the_account_in_the_file) {
  scratch_folder folder;
  std::ofstream(folder / "accounts") << R"({"www.example.com":)" << account << "}";
  vendor_play play(by_file(folder / "accounts"));
  EXPECT_TRUE(play.present({update(first_value)}, followed()));
  EXPECT_TRUE(play.present({update(second_value)}, followed(second_value)));
}

TEST(acmedns, says_which_record_is_missing) {
  scratch_folder folder;
  std::ofstream(folder / "accounts") << R"({"www.example.com":)" << account << "}";
  vendor_play play(by_file(folder / "accounts"));
  const auto outcome = play.present({});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(
      outcome.error().message(),
      "acmedns: make this record, then try again: _acme-challenge.www.example.com. CNAME d4.auth.test.");
}

exchange registration(const std::string& body = "") {
  return {"POST", "/register", body, 201,
          R"({"fulldomain":"d4.auth.test","subdomain":"d4","username":"u1","password":"acme-dns-password",
              "allowfrom":[]})"};
}

TEST(acmedns, registers_an_account_and_keeps_it_in_the_file) {
  scratch_folder folder;
  const std::string path = folder / "accounts";
  std::ofstream(path) << R"({"other.test":{"fulldomain":"x"}})";
  vendor_play play(by_file(path));
  const auto outcome = play.present({registration()});
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message().find("CNAME d4.auth.test."), std::string::npos);

  const auto kept = boost::json::parse(base::read_file(path, 4096).value());
  EXPECT_EQ(kept.at("www.example.com"), boost::json::parse(account));
  EXPECT_EQ(kept.at("other.test").at("fulldomain"), "x") << "the others stay";
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);

  vendor_play next(by_file(path));
  EXPECT_TRUE(next.present({update(first_value)}, followed()));
}

TEST(acmedns, goes_on_at_once_when_the_service_makes_the_alias) {
  vendor_script script = by_service();
  script.options.insert({"allow_list", "192.0.2.0/24, 2001:db8::/32"});
  vendor_play play(script);
  const exchange unknown{"GET", place, "", 404, ""};
  const exchange keep{"POST", place, account, 201, ""};
  EXPECT_TRUE(play.present({unknown, registration(R"({"allowfrom":["192.0.2.0/24","2001:db8::/32"]})"), keep,
                            update(first_value)}));
}

TEST(acmedns, stops_when_the_service_only_keeps_the_account) {
  vendor_play play(by_service());
  const exchange unknown{"GET", place, "", 404, ""};
  const exchange keep{"POST", place, account, 200, ""};
  const auto outcome = play.present({unknown, registration(), keep});
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message().find("CNAME d4.auth.test."), std::string::npos);
  EXPECT_TRUE(play.present({update(first_value)}, followed())) << "the alias is there now";
}

TEST(acmedns, keeps_a_new_account_when_the_service_is_down) {
  vendor_play play(by_service());
  const exchange unknown{"GET", place, "", 404, ""};
  exchange keep{"POST", place, account, 503, "down"};
  EXPECT_FALSE(play.present({unknown, registration(), keep}));
  keep.status = 201;
  EXPECT_TRUE(play.present({keep, update(first_value)})) << "and does not register again";
}

TEST(acmedns, does_not_overwrite_a_file_that_it_cannot_read) {
  scratch_folder folder;
  const std::string path = folder / "accounts";
  for (const char* text : {"{\"www.example.com\":", "[1]", R"({"www.example.com":{"fulldomain":"d4"}})"}) {
    std::ofstream(path) << text;
    vendor_play play(by_file(path));
    EXPECT_FALSE(play.present({})) << text;
    EXPECT_EQ(base::read_file(path, 4096).value(), text);
  }
}

TEST(acmedns, says_what_the_server_said) {
  vendor_play play(by_service());
  exchange refused = update(first_value);
  refused.status = 401;
  refused.answer = R"({"error":"forbidden"})";
  const auto outcome = play.present({{"GET", place, "", 200, account}, refused}, followed());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message(), "acmedns: the vendor answered 401: forbidden");
}

TEST(acmedns, names_what_is_missing_or_contradicts) {
  const auto refusal = [](const std::map<std::string, base::secret>& options) {
    const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
    dnsproviders::services with{{}, base::dns_resolver::create({"127.0.0.1:1"}).value()};
    const auto made = dnsproviders::make_provider("acme-dns", options, nothing, std::move(with));
    return made ? std::string() : made.error().message();
  };
  const base::secret url("https://a.test");
  const base::secret path("accounts.json");
  EXPECT_EQ(refusal({}), "acmedns: option 'api_base' is missing (the server's address)");
  EXPECT_EQ(refusal({{"api_base", url}}), "acmedns: option 'storage_path' is missing (or storage_base_url)");
  EXPECT_EQ(refusal({{"api_base", url}, {"storage_path", path}, {"storage_base_url", url}}),
            "acmedns: option 'storage_base_url' contradicts storage_path: give one of them");
  EXPECT_EQ(refusal({{"api_base", url}, {"storage_base_url", path}}),
            "acmedns: option 'storage_base_url' is not an http or https address");
  EXPECT_EQ(refusal({{"api_base", url}, {"storage_path", path}}), "");
}

}  // namespace
}  // namespace cardea::test_support
