#include "dnsproviders/aws_signature.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cardea::dnsproviders {
namespace {

// AWS's own test suite for Signature Version 4 (aws-sig-v4-test-suite), all at 2015-08-30T12:36:00Z.
const base::wall_time suite_time{std::chrono::seconds(1'440'938'160)};
const aws_credentials suite_user{"AKIDEXAMPLE", base::secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {}};

TEST(aws_signature, is_that_of_the_published_suite) {
  const struct {
    const char* name;
    const char* method;
    const char* url;
    const char* signature;
  } cases[] = {
      {"get-vanilla", "GET", "https://example.amazonaws.com/",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case", "GET",
       "https://example.amazonaws.com/?Param2=value2&Param1=value1",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"post-vanilla", "POST", "https://example.amazonaws.com/",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
  };
  for (const auto& each : cases) {
    base::fetch_request request;
    request.method = each.method;
    request.url = each.url;
    sign_for_aws(request, suite_user, "us-east-1", "service", suite_time);
    ASSERT_EQ(request.headers.size(), 2U);
    EXPECT_EQ(request.headers.front().value, "20150830T123600Z");
    EXPECT_EQ(request.headers.back().value,
              std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                          "SignedHeaders=host;x-amz-date, Signature=") +
                  each.signature)
        << each.name;
  }
}

TEST(aws_signature, covers_the_session_and_the_body) {
  const auto signature_of = [](const std::string& body, const std::string& session) {
    base::fetch_request request;
    request.method = "POST";
    request.url = "https://example.amazonaws.com/";
    request.body = body;
    sign_for_aws(request, {"AKIDEXAMPLE", base::secret("key"), base::secret(session)}, "us-east-1", "service",
                 suite_time);
    return request.headers.back().value;
  };
  EXPECT_NE(signature_of("a", ""), signature_of("b", ""));
  EXPECT_NE(signature_of("a", ""), signature_of("a", "session"));
  EXPECT_NE(signature_of("a", "session").find("SignedHeaders=host;x-amz-date;x-amz-security-token"),
            std::string::npos);
}

}  // namespace
}  // namespace cardea::dnsproviders
