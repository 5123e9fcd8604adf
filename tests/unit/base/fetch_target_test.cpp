#include "base/fetch_target.hpp"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(fetch_target, is_read_from_an_absolute_url) {
  const struct {
    const char* url;
    fetch_target expected;
  } rows[] = {
      {"https://ca.example/dir", {true, "ca.example", "443", "ca.example", "/dir"}},
      {"HTTP://CA.Example", {false, "ca.example", "80", "ca.example", "/"}},
      {"https://ca.example:14000/a?b=c%20d", {true, "ca.example", "14000", "ca.example:14000", "/a?b=c%20d"}},
      {"https://ca.example:443/", {true, "ca.example", "443", "ca.example", "/"}},
      {"http://ca.example:/x", {false, "ca.example", "80", "ca.example", "/x"}},
      {"http://[::1]:8080/x", {false, "::1", "8080", "[::1]:8080", "/x"}},
      {"http://127.0.0.1?q", {false, "127.0.0.1", "80", "127.0.0.1", "/?q"}},
      {"http://a/x#fragment", {false, "a", "80", "a", "/x"}},
  };
  for (const auto& row : rows) {
    const auto target = parse_fetch_target(row.url);
    ASSERT_TRUE(target) << row.url << ": " << target.error().message();
    EXPECT_EQ(*target, row.expected) << row.url << " -> " << target->authority << " " << target->path;
  }
}

TEST(fetch_target, refuses_what_is_not_a_plain_http_url) {
  for (const char* url : {"", "/dir", "ca.example/dir", "ftp://ca.example/", "https://", "https:///dir",
                          "https:dir", "https://user:pass@ca.example/", "https://ca.example/a b",
                          "https://ca.example/\r\nX: y", "https://ca.example:99999/", "https://ca.example:0/",
                          "https://ca%0d%0a.example/", "https://ca%00.example/", "http://[::1"}) {
    const auto target = parse_fetch_target(url);
    ASSERT_FALSE(target) << url;
    EXPECT_EQ(target.error().code, errc::invalid_argument) << url;
  }
}

TEST(fetch_target, keeps_path_and_query_out_of_messages) {
  for (const char* url : {"ftp://ca.example/s3cret?token=s3cret", "https://ca.example/s3cret x",
                          "https://s3cret:s3cret@ca.example/", "https://ca.example:99999/?token=s3cret"}) {
    const auto target = parse_fetch_target(url);
    ASSERT_FALSE(target) << url;
    EXPECT_EQ(target.error().message().find("s3cret"), std::string::npos) << target.error().message();
  }
  EXPECT_EQ(parse_fetch_target("https://ca.example/s3cret?s3cret")->printed(), "ca.example:443");
  EXPECT_EQ(parse_fetch_target("http://[::1]/")->printed(), "[::1]:80");
}

TEST(fetch_request, with_ordinary_fields_may_be_sent) {
  fetch_request request;
  request.method = "PATCH";
  request.headers = {{"Content-Type", "application/json"}, {"X-Note", "a\tb \xc3\xa9"}, {"Empty", ""}};
  EXPECT_TRUE(check_fetch_request(request));
}

TEST(fetch_request, that_would_inject_or_reframe_is_refused) {
  const struct {
    const char* method;
    const char* name;
    std::string value;
  } rows[] = {
      {"GET", "X", "a\r\nY: b"},
      {"GET", "X", "a\nb"},
      {"GET", "X", "a\rb"},
      {"GET", "X", {"a\0b", 3}},
      {"GET", "X\r\nY", "b"},
      {"GET", "X:", "b"},
      {"GET", "", "b"},
      {"GET", "X Y", "b"},
      {"GET /x HTTP/1.1\r\n", "X", "b"},
      {"", "X", "b"},
      {"GET", "Content-Length", "5"},
      {"GET", "transfer-encoding", "chunked"},
      {"GET", "Connection", "x"},
      {"GET", "HOST", "other"},
      {"GET", "Upgrade", "websocket"},
  };
  for (const auto& row : rows) {
    fetch_request request;
    request.method = row.method;
    request.headers = {{row.name, row.value}};
    const auto sound = check_fetch_request(request);
    ASSERT_FALSE(sound) << row.method << " " << row.name << ": " << row.value;
    EXPECT_EQ(sound.error().code, errc::invalid_argument);
  }
}

TEST(fetch_request, refusal_never_shows_the_value) {
  fetch_request request;
  request.headers = {{"Authorization", "Bearer s3cret\r\n"}};
  EXPECT_EQ(check_fetch_request(request).error().message().find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace cardea::base
