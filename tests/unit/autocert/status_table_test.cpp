#include "autocert/status_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace cardea::autocert {
namespace {

using testing::HasSubstr;
using testing::Not;

const base::wall_time now = std::chrono::system_clock::from_time_t(1'800'000'000);

certificate_status example() {
  certificate_status out;
  out.provider = "main";
  out.issuer = "Some CA";
  out.not_before = 1'800'000'000 - 30 * 86'400;
  out.not_after = 1'800'000'000 + 60 * 86'400;
  out.dns_names = {"example.test", "*.example.test"};
  out.domains = out.dns_names;
  out.key = "EC256";
  out.type = "cloudflare";
  out.ca = "https://ca.test/directory";
  out.profile = "shortlived";
  out.next_renewal = 1'800'000'000 + 30 * 86'400;
  out.next_renewal_reason = "30 days before its end";
  return out;
}

std::size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::size_t out = 0;
  for (std::string line; std::getline(lines, line);) out = std::max(out, line.size());
  return out;
}

TEST(status_table, shows_each_certificate_in_columns_with_what_there_is_to_say_below) {
  EXPECT_EQ(status_table({example()}, now, 80),
            R"(NAME       NAMES                   ISSUER          KEY      EXPIRES
main       example.test            Some CA         EC256    2027-03-16T08:00:00Z
           *.example.test                                   in 60 days
           from     cloudflare, https://ca.test/directory, profile shortlived
           renewal  2027-02-14T08:00:00Z, in 30 days: 30 days before its end
)");
}

TEST(status_table, b48_names_the_profile_that_was_obtained_and_the_one_that_was_wished_for) {
  certificate_status other = example();
  other.profile = "tlsserver";
  other.wanted_profile = "shortlived";
  EXPECT_THAT(status_table({other}, now, 120), HasSubstr(", profile tlsserver instead of shortlived\n"));
  other.profile.clear();
  EXPECT_THAT(status_table({other}, now, 120), HasSubstr(", its default profile instead of shortlived\n"));
  other.wanted_profile.clear();
  EXPECT_THAT(status_table({other}, now, 120), Not(HasSubstr("profile")));
}

TEST(status_table, shows_what_is_missing_and_what_went_wrong) {
  certificate_status missing;
  missing.provider = "extra[0]";
  missing.domains = {"other.test"};
  missing.type = "internal";
  missing.next_renewal = 1'800'000'015;
  missing.next_renewal_reason = "the pause after a failure ends";
  missing.last_error = "order: the CA says no";
  missing.failed_at = 1'800'000'000;
  missing.attempts = 3;
  EXPECT_EQ(status_table({missing}, now, 80),
            R"(NAME       NAMES                   ISSUER          KEY      EXPIRES
extra[0]   other.test              -               -        -
           from     internal
           renewal  2027-01-15T08:00:15Z, in 15 seconds: the pause after a
                    failure ends
           error    order: the CA says no (2027-01-15T08:00:00Z), attempt 3
                    since the last success
)");
}

TEST(status_table, keeps_to_its_width_whatever_it_shows) {
  certificate_status wide = example();
  wide.dns_names = {std::string(200, 'a') + ".test", "short.test"};
  wide.issuer = "An issuer with a very long name that goes on";
  wide.last_error = std::string(300, 'x') + " and \x1b[31mred\nnext \xff " + std::string(50, 'y');
  for (const std::size_t width : {std::size_t{80}, std::size_t{120}, std::size_t{200}}) {
    const std::string text = status_table({wide, example()}, now, width);
    EXPECT_LE(widest(text), width);
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  }
  EXPECT_EQ(status_table({wide}, now, 0), status_table({wide}, now, 80)) << "no narrower than this";
}

TEST(status_table, says_since_when_an_expired_one_has_been_so) {
  certificate_status expired = example();
  expired.not_after = 1'800'000'000 - 3 * 3'600;
  EXPECT_THAT(status_table({expired}, now, 80), HasSubstr("3 hours ago"));
}

}  // namespace
}  // namespace cardea::autocert
