#include "tests/unit/proxy/http1/every_split.hpp"

// T01-T06 of the security list: which host and which resource a request is for.
namespace cardea::proxy::http1::testing {
namespace {

using namespace std::string_literals;

std::string with_host(std::string_view value) {
  return "GET / HTTP/1.1\r\nHost: "s.append(value).append("\r\n\r\n");
}

std::string with_target(std::string_view target, std::string_view method = "GET",
                        std::string_view host = "a") {
  return std::string(method)
      .append(" ")
      .append(target)
      .append(" HTTP/1.1\r\nHost: ")
      .append(host)
      .append("\r\n\r\n");
}

TEST(request_target, t01_exactly_one_host_is_required) {
  expect_requests_refused(400, {{"none", "GET / HTTP/1.1\r\n\r\n"},
                                {"none among others", "GET / HTTP/1.1\r\nX-Host: a\r\n\r\n"},
                                {"two different", get("Host: b")},
                                {"two equal", get("Host: a")},
                                {"two in another case", get("hOST: a")},
                                {"empty", with_host("")},
                                {"blank", with_host(" \t ")},
                                {"second empty", get("Host:")},
                                {"two in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"},
                                {"empty in HTTP/1.0", "GET / HTTP/1.0\r\nHost:\r\n\r\n"},
                                {"none beside an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n"}});
}

TEST(request_target, t01_http10_may_come_without_host) {
  const accepted_request request("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(request.text(request.head.host), "");
  EXPECT_EQ(request.head.version, http::protocol_version::http10);
}

TEST(request_target, t02_invalid_hosts_are_refused) {
  std::vector<named_bytes> messages;
  for (const char* host : {"a@b",
                           "u:p@b",
                           "a/b",
                           "a,b",
                           "a b",
                           "a\tb",
                           "a:99999",
                           "a:65536",
                           "a:",
                           "a:0",
                           "a:00",
                           "a:080",
                           "a:0x50",
                           "a:+80",
                           "a:-1",
                           "a:8 0",
                           "a:80:80",
                           ":80",
                           "[::1",
                           "::1",
                           "[::1]x",
                           "[::1]:",
                           "[::1]:0",
                           "[]",
                           "[::g]",
                           "[1:2:3:4:5:6:7:8:9]",
                           "[fe80::1%25eth0]",
                           "[v1.a]",
                           "[::1]]",
                           "[[::1]]",
                           "[127.0.0.1]",
                           "a]",
                           "[",
                           "a\x80",
                           "a%00",
                           "a%41",
                           "a?b",
                           "a#b",
                           "a\\b",
                           "a\"b",
                           "a;b",
                           "a=b",
                           "a!b",
                           "a*b",
                           "*",
                           "a'b",
                           "(a)",
                           "a..b",
                           ".a",
                           ".",
                           "..",
                           "http://a",
                           "a&b",
                           "a+b",
                           "a$b",
                           "a|b",
                           "a<b",
                           "a^b",
                           "{a}"})
    messages.push_back({host, with_host(host)});
  messages.push_back({"256 bytes", with_host(std::string(256, 'a'))});
  expect_requests_refused(400, messages);
}

TEST(request_target, t06_hosts_are_accepted_and_left_as_received) {
  for (const char* host :
       {"a", "A.Example", "a.", "a:443", "a.:80", "xn--bcher-kva.example", "127.0.0.1", "127.0.0.1:8080",
        "[::1]", "[::1]:65535", "[2001:db8::ffff:192.0.2.1]", "under_score", "a-b.c~d", "a:1"}) {
    const accepted_request request(with_host(" "s + host + "\t"));
    EXPECT_EQ(request.text(request.head.host), host);
  }
}

TEST(request_target, t03_an_absolute_target_must_agree_with_host) {
  expect_requests_refused(400, {{"another host", with_target("http://evil/", "GET", "good")},
                                {"another port", with_target("http://a:81/", "GET", "a")},
                                {"another port in Host", with_target("http://a/", "GET", "a:8080")},
                                {"https default", with_target("https://a:80/", "GET", "a")},
                                {"subdomain", with_target("http://b.a/", "GET", "a")},
                                {"trailing dot", with_target("http://a./", "GET", "a")},
                                {"authority of CONNECT", with_target("b:443", "CONNECT", "a:443")}});
  expect_requests_accepted({{"case", with_target("http://A.b/", "GET", "a.B")},
                            {"default port", with_target("http://a:80/", "GET", "a")},
                            {"default port in Host", with_target("https://a/", "GET", "a:443")},
                            {"same port", with_target("http://a:8080/", "GET", "a:8080")}});
}

TEST(request_target, t03_the_host_is_the_one_of_the_target) {
  const accepted_request request(with_target("http://A:80/b?c=d", "GET", "a"));
  EXPECT_EQ(request.text(request.head.host), "A:80");
  EXPECT_EQ(request.text(request.head.path), "/b?c=d");
  EXPECT_EQ(request.text(request.head.target), "http://A:80/b?c=d");
  const accepted_request without_host("GET http://b/x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(without_host.text(without_host.head.host), "b");
}

TEST(request_target, t04_absolute_targets_are_taken_apart) {
  for (const auto& [target, host, path] :
       std::vector<std::array<const char*, 3>>{{"http://a", "a", ""},
                                               {"HTTP://A/", "A", "/"},
                                               {"hTTps://a/x?y=http://b/", "a", "/x?y=http://b/"},
                                               {"http://[::1]:8080/x", "[::1]:8080", "/x"},
                                               {"http://a//b", "a", "//b"}}) {
    const accepted_request request(with_target(target, "GET", host));
    EXPECT_EQ(request.text(request.head.host), host) << target;
    EXPECT_EQ(request.text(request.head.path), path) << target;
  }
}

TEST(request_target, t04_bad_absolute_targets_are_refused) {
  std::vector<named_bytes> messages;
  for (const char* target :
       {"http://u@a/", "http://u:p@a/", "http://@a/",   "http:///",  "http://",    "http:/a",
        "http:a",      "ftp://a/",      "ws://a/",      "://a/",     "//",         "http://a:0/",
        "http://a:/",  "http://a,b/",   "http://[::1/", "https//a/", "http://a?x", "a",
        "a/b",         "a:80",          "?x",           "http"})
    if (target[0] != '/') messages.push_back({target, with_target(target)});
  expect_requests_refused(400, messages);
}

TEST(request_target, t05_forms_that_do_not_fit_the_method_are_refused) {
  expect_requests_refused(400, {{"* with GET", with_target("*")},
                                {"* with options", with_target("*", "options")},
                                {"** with OPTIONS", with_target("**", "OPTIONS")},
                                {"authority with GET", with_target("a:443")},
                                {"authority with OPTIONS", with_target("a:443", "OPTIONS")},
                                {"path with CONNECT", with_target("/", "CONNECT")},
                                {"absolute with CONNECT", with_target("http://a/", "CONNECT")},
                                {"CONNECT without a port", with_target("a", "CONNECT")},
                                {"CONNECT with a user", with_target("u@a:1", "CONNECT")},
                                {"CONNECT *", with_target("*", "CONNECT")}});
  const accepted_request options(with_target("*", "OPTIONS"));
  EXPECT_EQ(options.text(options.head.path), "*");
}

TEST(request_target, t05_fragments_and_forbidden_bytes_are_refused) {
  std::vector<named_bytes> messages{{"fragment", with_target("/a#b")},
                                    {"only a fragment", with_target("#")},
                                    {"fragment in an authority", with_target("http://a#b/")},
                                    {"fragment in a query", with_target("/a?b#c")}};
  for (int byte = 0; byte < 256; byte = byte == 0x20 ? 0x7f : byte + 1) {
    const std::string c(1, static_cast<char>(byte));
    messages.push_back({"byte", with_target("/a" + c + "b")});
    messages.push_back({"late byte", with_target("/a-path-of-more-than-16-bytes" + c + "b")});
  }
  expect_requests_refused(400, messages);
}

TEST(request_target, s39_connect_is_told) {
  const accepted_request request(with_target("a:443", "CONNECT", "a:443"));
  EXPECT_TRUE(request.head.is_connect);
  EXPECT_EQ(request.text(request.head.host), "a:443");
  EXPECT_EQ(request.text(request.head.path), "");
  EXPECT_FALSE(accepted_request(with_target("/", "connect")).head.is_connect);
}

}  // namespace
}  // namespace cardea::proxy::http1::testing
