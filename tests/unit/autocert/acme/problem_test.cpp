#include "autocert/acme/problem.hpp"

#include <gmock/gmock.h>

namespace cardea::autocert::acme {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(problem, one_with_subproblems_says_which_name_has_which) {
  // RFC 8555, section 6.7.1.
  const problem got = parse_problem(R"({
    "type": "urn:ietf:params:acme:error:malformed",
    "detail": "Some of the identifiers requested were rejected",
    "subproblems": [
      {"type": "urn:ietf:params:acme:error:malformed",
       "detail": "Invalid underscore in DNS name \"_example.org\"",
       "identifier": {"type": "dns", "value": "_example.org"}},
      {"type": "urn:ietf:params:acme:error:rejectedIdentifier",
       "detail": "This CA will not issue for \"example.net\"",
       "identifier": {"type": "dns", "value": "example.net"}}]})",
                                    403);
  EXPECT_EQ(got.type, "malformed");
  ASSERT_EQ(got.subproblems.size(), 2U);
  EXPECT_EQ(got.subproblems[1].identifier, "example.net");
  EXPECT_EQ(got.subproblems[1].type, "rejectedIdentifier");
  EXPECT_EQ(got.sentence(),
            "the CA answered 403 malformed: Some of the identifiers requested were rejected; _example.org: "
            "malformed: Invalid underscore in DNS name \"_example.org\"; example.net: rejectedIdentifier: "
            "This CA will not issue for \"example.net\"");
}

TEST(problem, types_that_decide_become_codes_and_all_others_are_refusals) {
  const struct {
    std::string type;
    int status;
    errc code;
  } rows[] = {{"urn:ietf:params:acme:error:rateLimited", 429, errc::rate_limited},
              {"urn:ietf:params:acme:error:rateLimited", 403, errc::rate_limited},
              {"", 429, errc::rate_limited},
              {"urn:ietf:params:acme:error:accountDoesNotExist", 400, errc::account_unknown},
              {"urn:ietf:params:acme:error:badNonce", 400, errc::bad_nonce},
              {"urn:ietf:params:acme:error:orderNotReady", 403, errc::order_not_ready},
              {"urn:ietf:params:acme:error:caa", 403, errc::forbidden_by_caa},
              {"urn:example:mad-hatter", 418, errc::rejected},
              {"about:blank", 500, errc::rejected}};
  for (const auto& row : rows) {
    const problem got = parse_problem(R"({"type":")" + row.type + R"(","detail":"words"})", row.status);
    EXPECT_EQ(error_from(got).code, row.code) << row.type;
    EXPECT_THAT(error_from(got).message(), AllOf(HasSubstr("words"), HasSubstr(std::to_string(row.status))));
  }
  EXPECT_EQ(parse_problem(R"({"type":"urn:example:mad-hatter"})", 418).type, "urn:example:mad-hatter");
}

TEST(problem, what_is_no_problem_document_is_its_status) {
  for (const char* body : {"", "<html>Bad Gateway</html>", "[1]", "null", R"({"type":)", R"({"type":5})",
                           R"({"detail":null,"subproblems":{}})", "\xff\xfe"}) {
    const problem got = parse_problem(body, 502);
    EXPECT_EQ(got.sentence(), "the CA answered 502") << body;
    EXPECT_EQ(error_from(got).code, errc::rejected) << body;
  }
}

TEST(problem, deep_nesting_ends_the_reading_and_not_the_process) {
  const std::string deep = R"({"type":)" + std::string(100'000, '[');
  EXPECT_EQ(parse_problem(deep, 400).sentence(), "the CA answered 400");
}

TEST(problem, one_inside_of_an_answer_has_a_status_of_its_own_or_none) {
  EXPECT_EQ(parse_problem(R"({"type":"urn:ietf:params:acme:error:dns","detail":"no TXT","status":400})", 0)
                .sentence(),
            "the CA answered 400 dns: no TXT");
  EXPECT_EQ(parse_problem(R"({"type":"urn:ietf:params:acme:error:dns","detail":"no TXT"})", 0).sentence(),
            "dns: no TXT");
  EXPECT_EQ(parse_problem(R"({"detail":"no TXT","status":"x"})", 0).sentence(), "no TXT");
  EXPECT_EQ(parse_problem("{}", 0).sentence(), "the CA gave no reason");
}

TEST(problem, how_long_the_ca_wants_us_to_wait_is_told) {
  problem got =
      parse_problem(R"({"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"})", 429);
  got.retry_after = std::chrono::hours(2);
  EXPECT_EQ(error_from(got).message(),
            "the CA answered 429 rateLimited: too many; it asks to wait 7200 seconds");
}

TEST(problem, the_cas_words_cannot_steer_a_terminal) {
  const problem got = parse_problem(
      R"({"type":"a\u001b[2Jb","detail":"one\r\ntwo\u0000\u007f\u009b31mred \u00e9","subproblems":)"
      R"([{"identifier":{"value":"x\u001b"},"detail":"\u0007"}]})",
      400);
  EXPECT_EQ(got.type, "a [2Jb");
  EXPECT_EQ(got.detail, "one  two    31mred \xc3\xa9");
  EXPECT_EQ(got.subproblems.at(0).identifier, "x ");
}

TEST(problem, the_cas_words_are_cut_between_characters) {
  std::string words(999, 'x');
  words += "\xc3\xa9\xc3\xa9";  // the limit of 1,000 bytes falls into the first
  const problem got = parse_problem(R"({"detail":")" + words + R"("})", 400);
  EXPECT_EQ(got.detail, std::string(999, 'x'));
}

TEST(problem, a_flood_of_subproblems_is_cut) {
  std::string body = R"({"type":"t","subproblems":[)";
  const std::string detail(900, 'd');
  for (int i = 0; i < 300; ++i)
    body += (i == 0 ? "" : ",") + (R"({"type":"s","detail":")" + detail + R"("})");
  const problem got = parse_problem(body + "]}", 400);
  EXPECT_EQ(got.subproblems.size(), 100U);
  EXPECT_LE(got.sentence().size(), 4'100U);
  EXPECT_THAT(got.sentence(), AllOf(HasSubstr("answered 400 t; s: d"), Not(HasSubstr("\n"))));
}

}  // namespace
}  // namespace cardea::autocert::acme
