#include "proxy/files/preconditions.hpp"

#include "proxy/http1/request_parser.hpp"

#include <gtest/gtest.h>

#include <string>

// RFC 9110 section 13: which condition counts, and in which order.
namespace cardea::proxy::files {
namespace {

constexpr std::int64_t modified = 784'111'777;
constexpr std::int64_t now = modified + 1'000;
const std::string same = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string before = "Sun, 06 Nov 1994 08:49:36 GMT";
const std::string after = "Sun, 06 Nov 1994 08:49:38 GMT";

struct request {
  explicit request(const std::string& fields) : bytes("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") {
    const http1::head_limits limits;
    http1::request_parser parser(limits);
    EXPECT_EQ(parser.parse(bytes, head), http1::parse_status::done) << fields;
  }
  const std::string bytes;
  http::request_head head;
};

int status(const std::string& fields) {
  const request from(fields);
  switch (evaluate(from.head, from.bytes.data(), {"\"t,1\"", modified}, now)) {
    case verdict::send: return 200;
    case verdict::not_modified: return 304;
    default: return 412;
  }
}

bool counts(const std::string& if_range, std::int64_t when = now) {
  const request from("If-Range: " + if_range + "\r\n");
  return range_applies(from.head, from.bytes.data(), {"\"t,1\"", modified}, when);
}

TEST(preconditions, without_one_the_file_is_sent) {
  EXPECT_EQ(status(""), 200);
  EXPECT_EQ(status("If-Modified-Since: yesterday\r\n"), 200);
  EXPECT_EQ(status("If-Unmodified-Since: yesterday\r\n"), 200);
}

TEST(preconditions, if_match_compares_strongly) {
  EXPECT_EQ(status("If-Match: \"t,1\"\r\n"), 200);
  EXPECT_EQ(status("If-Match: *\r\n"), 200);
  EXPECT_EQ(status("If-Match: \"a\", \"t,1\"\r\n"), 200);
  EXPECT_EQ(status("If-Match: \"a\"\r\nif-match: \"t,1\"\r\n"), 200) << "one list on two lines";
  EXPECT_EQ(status("If-Match: W/\"t,1\"\r\n"), 412);
  EXPECT_EQ(status("If-Match: \"t\"\r\n"), 412);
  EXPECT_EQ(status("If-Match: t,1\r\n"), 412);
  EXPECT_EQ(status("If-Match: \r\n"), 412);
}

TEST(preconditions, if_unmodified_since_counts_without_if_match_only) {
  EXPECT_EQ(status("If-Unmodified-Since: " + before + "\r\n"), 412);
  EXPECT_EQ(status("If-Unmodified-Since: " + same + "\r\n"), 200);
  EXPECT_EQ(status("If-Unmodified-Since: " + before + "\r\nIf-Match: \"t,1\"\r\n"), 200);
}

TEST(preconditions, if_none_match_compares_weakly) {
  for (const char* value : {"\"t,1\"", "W/\"t,1\"", "*", "\"a\",W/\"t,1\"", "W/\"a\" , \"t,1\""})
    EXPECT_EQ(status("If-None-Match: " + std::string(value) + "\r\n"), 304) << value;
  for (const char* value : {"\"t\"", "\"x\"t,1\"", "t,1", "\"t,1", "\"T,1\"", "**", "w/\"t,1\""})
    EXPECT_EQ(status("If-None-Match: " + std::string(value) + "\r\n"), 200) << value;
}

TEST(preconditions, if_modified_since_counts_without_if_none_match_only) {
  EXPECT_EQ(status("If-Modified-Since: " + same + "\r\n"), 304);
  EXPECT_EQ(status("If-Modified-Since: " + after + "\r\n"), 304);
  EXPECT_EQ(status("If-Modified-Since: " + before + "\r\n"), 200);
  EXPECT_EQ(status("If-Modified-Since: " + same + "\r\nIf-None-Match: \"x\"\r\n"), 200);
}

TEST(preconditions, a_failed_one_comes_before_an_unchanged_file) {
  EXPECT_EQ(status("If-Match: \"x\"\r\nIf-None-Match: \"t,1\"\r\n"), 412);
  EXPECT_EQ(status("If-Match: \"t,1\"\r\nIf-None-Match: \"t,1\"\r\n"), 304);
  EXPECT_EQ(status("If-Unmodified-Since: " + before + "\r\nIf-Modified-Since: " + same + "\r\n"), 412);
}

TEST(preconditions, if_range_wants_exactly_this_state) {
  EXPECT_TRUE(counts("\"t,1\""));
  EXPECT_TRUE(counts(same));
  EXPECT_FALSE(counts("W/\"t,1\""));
  EXPECT_FALSE(counts("\"x\""));
  EXPECT_FALSE(counts(before));
  EXPECT_FALSE(counts(after));
  EXPECT_FALSE(counts("t,1"));
  EXPECT_FALSE(counts(same, modified)) << "it may change once more in this second";
}

}  // namespace
}  // namespace cardea::proxy::files
