// Goal: an option is found wherever and however it is written, and whatever is
// wrong with one is said in a sentence that names the provider and the option,
// and never its value.
#include "dnsproviders/options.hpp"

#include "dnsproviders/timing.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

namespace cardea::dnsproviders {
namespace {

using namespace std::chrono_literals;

constexpr std::array<option_spec, 3> specs{{
    {"auth_token", "ACME_TOKEN OLD_TOKEN", true, true, {}, "an API token"},
    {"region", "ACME_REGION", false, false, "north", "of the account"},
    {"note", {}, false, false, {}, "for nobody"},
}};
constexpr provider_metadata acme{"acme", {}, "Acme", {}, specs, "ACME_ OLD_"};

using texts = std::map<std::string, std::string>;

base::result<option_values> read(const texts& given, const texts& environment = {}) {
  std::map<std::string, base::secret> options;
  for (const auto& [key, value] : given) options.emplace(key, base::secret(value));
  return option_values::read(acme, options, [&](const std::string& name) {
    const auto at = environment.find(name);
    return at == environment.end() ? std::nullopt : std::optional(at->second);
  });
}

std::string failure(const texts& given, const texts& environment = {}) {
  const auto values = read(given, environment);
  if (values) return "(no failure)";
  EXPECT_EQ(values.error().code, base::errc::invalid_argument);
  return values.error().message();
}

std::string value(std::string_view key, const texts& given, const texts& environment = {}) {
  const auto values = read(given, environment);
  return values ? (*values)[key] : "(" + values.error().message() + ")";
}

TEST(options, are_compared_without_case_and_underscores) {
  for (const char* key : {"auth_token", "AuthToken", "authtoken", "AUTH_TOKEN", "auth__token"})
    EXPECT_EQ(value("auth_token", {{key, "x"}}), "x") << key;
}

TEST(options, may_be_written_in_the_file_under_their_environment_names) {
  for (const char* key : {"ACME_TOKEN", "OLD_TOKEN", "acme_token"})
    EXPECT_EQ(value("auth_token", {{key, "x"}}), "x") << key;
  EXPECT_EQ(value("ttl", {{"auth_token", "x"}, {"ACME_TTL", "60"}}), "60");
}

TEST(options, come_from_the_first_environment_name_that_is_set) {
  EXPECT_EQ(value("auth_token", {}, {{"ACME_TOKEN", "new"}, {"OLD_TOKEN", "old"}}), "new");
  EXPECT_EQ(value("auth_token", {}, {{"ACME_TOKEN", ""}, {"OLD_TOKEN", "old"}}), "old");
  EXPECT_EQ(value("auth_token", {{"auth_token", "file"}}, {{"ACME_TOKEN", "new"}}), "file");
  EXPECT_EQ(value("auth_token", {{"auth_token", ""}}, {{"ACME_TOKEN", "new"}}), "new");
}

TEST(options, that_are_common_come_from_the_environment_behind_each_prefix) {
  const texts token{{"auth_token", "x"}};
  EXPECT_EQ(value("ttl", token, {{"ACME_TTL", "61"}, {"OLD_TTL", "62"}}), "61");
  EXPECT_EQ(value("ttl", token, {{"OLD_TTL", "62"}}), "62");
  EXPECT_EQ(value("propagation_timeout", token, {{"OLD_PROPAGATION_TIMEOUT", "9"}}), "9");
  EXPECT_EQ(value("ttl", {{"auth_token", "x"}, {"ttl", "60"}}, {{"ACME_TTL", "61"}}), "60");
}

TEST(options, come_from_a_file_that_the_environment_names) {
  const test_support::scratch_folder folder;
  std::ofstream(folder / "token") << "from a file\r\n";
  EXPECT_EQ(value("auth_token", {}, {{"ACME_TOKEN_FILE", folder / "token"}}), "from a file");
  EXPECT_EQ(value("auth_token", {}, {{"ACME_TOKEN_FILE", folder / "token"}, {"ACME_TOKEN", "x"}}), "x");
  const std::string sentence = failure({}, {{"ACME_TOKEN_FILE", folder / "none"}});
  EXPECT_TRUE(sentence.starts_with("acme: option 'auth_token' cannot be read from ACME_TOKEN_FILE: "))
      << sentence;
  EXPECT_NE(sentence.find(folder / "none"), std::string::npos) << sentence;
}

TEST(options, have_their_defaults) {
  EXPECT_EQ(value("region", {{"auth_token", "x"}}), "north");
  EXPECT_EQ(value("region", {{"auth_token", "x"}, {"region", "south"}}), "south");
  EXPECT_EQ(value("note", {{"auth_token", "x"}}), "");
  EXPECT_EQ(value("never heard of", {{"auth_token", "x"}}), "");
}

TEST(options, that_are_missing_unknown_or_given_twice_are_named) {
  EXPECT_EQ(failure({}),
            "acme: option 'auth_token' is missing (an API token); environment: ACME_TOKEN OLD_TOKEN");
  EXPECT_EQ(failure({{"auth_token", "s3cret"}, {"auth_tokem", "s3cret"}}),
            "acme: option 'auth_tokem' is unknown; did you mean 'auth_token'?");
  EXPECT_EQ(failure({{"auth_token", "s3cret"}, {"propagation_timeut", "s3cret"}}),
            "acme: option 'propagation_timeut' is unknown; did you mean 'propagation_timeout'?");
  EXPECT_EQ(failure({{"auth_token", "s3cret"}, {"quux", "s3cret"}}), "acme: option 'quux' is unknown");
  EXPECT_EQ(failure({{"auth-token", "s3cret"}}),
            "acme: option 'auth-token' is unknown; did you mean 'auth_token'?");
  EXPECT_EQ(failure({{"auth_token", "s3cret"}, {"AuthToken", "s3cret"}}),
            "acme: option 'auth_token' is given twice, in two spellings");
  EXPECT_EQ(failure({{"auth_token", "s3cret"}, {"OLD_TOKEN", "s3cret"}}),
            "acme: option 'auth_token' is given twice, in two spellings");
}

TEST(options, are_read_as_durations) {
  const struct {
    const char* text;
    std::chrono::milliseconds means;
  } rows[] = {{"0", 0s},     {"90", 90s},      {"90s", 90s},   {"2m", 120s},         {"500ms", 500ms},
              {"1h", 60min}, {"1h30m", 90min}, {"1m30s", 90s}, {"1m0.5s", 60'500ms}, {"1.5h", 90min}};
  for (const auto& row : rows) {
    const auto values = read({{"auth_token", "x"}, {"propagation_timeout", row.text}});
    const auto read_as = values->duration("propagation_timeout");
    ASSERT_TRUE(read_as) << read_as.error().message();
    EXPECT_EQ(*read_as, row.means) << row.text;
  }
  for (const char* text : {"", "s", "-1", "-1s", "1x", "1 s", "ten", "1s2", "1.5", "1.s", ".5s",
                           "99999999999999999999s", "1000001", "999999h", "1h999999h"}) {
    const auto values = read({{"auth_token", "x"}, {"propagation_timeout", text}});
    const auto read_as = values->duration("propagation_timeout");
    ASSERT_FALSE(read_as) << text;
    EXPECT_EQ(
        read_as.error().message(),
        "acme: option 'propagation_timeout' is not a duration: expected seconds, or numbers with ms, s, "
        "m or h, 1000000 seconds at most");
  }
}

TEST(options, are_read_as_numbers_within_bounds) {
  for (const char* text : {"1", "7", "10"})
    EXPECT_EQ(read({{"auth_token", "x"}, {"ttl", text}})->number("ttl", 1, 10).value(), std::stoi(text));
  for (const char* text : {"", "0", "11", "x", "7s", " 7", "99999999999999999999"}) {
    const auto number = read({{"auth_token", "x"}, {"ttl", text}})->number("ttl", 1, 10);
    ASSERT_FALSE(number) << text;
    EXPECT_EQ(number.error().message(), "acme: option 'ttl' is not a number from 1 to 10");
  }
}

TEST(options, of_timing_stand_over_the_providers_own) {
  const propagation_timing own{100s, 3s};
  const auto untouched = read_timing(*read({{"auth_token", "x"}}), own);
  EXPECT_EQ(untouched->timeout, 100s);
  EXPECT_EQ(untouched->polling_interval, 3s);
  const auto changed =
      read_timing(*read({{"auth_token", "x"}, {"PropagationTimeout", "5m"}, {"polling_interval", "7"}}), own);
  EXPECT_EQ(changed->timeout, 5min);
  EXPECT_EQ(changed->polling_interval, 7s);
  EXPECT_FALSE(read_timing(*read({{"auth_token", "x"}, {"polling_interval", "often"}}), own));
}

}  // namespace
}  // namespace cardea::dnsproviders
