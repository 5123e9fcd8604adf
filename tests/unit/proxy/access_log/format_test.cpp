// Goal: lines are what GoDoxy documents, and nothing that a client says can break out of its field.
#include "proxy/access_log/format.hpp"

#include "tests/unit/proxy/access_log/request_of.hpp"

#include <boost/json.hpp>

#include <regex>

namespace cardea::proxy::access_log {
namespace {

namespace json = boost::json;
using config::access_log_format;
using config::access_log_section;
using config::field_mode;
using tests::get_of;
using tests::request_of;

constexpr std::string_view time = "25/Nov/2026:19:00:00 +0100";

std::string written(const access_log_section& how, const entry& what, std::size_t size = 16 * 1024) {
  std::string memory(size, '#');
  const std::size_t used = write_line(how, what, time, memory.data(), size);
  EXPECT_LE(used, size);
  memory.resize(used);
  EXPECT_EQ(std::count(memory.begin(), memory.end(), '\n'), 1) << memory;
  EXPECT_TRUE(memory.ends_with('\n'));
  memory.pop_back();
  return memory;
}

access_log_section in(access_log_format format) {
  access_log_section out;
  out.format = format;
  return out;
}

json::object parsed(const access_log_section& how, const entry& what, std::size_t size = 16 * 1024) {
  const std::string text = written(how, what, size);
  json::error_code failure;
  const json::value out = json::parse(text, failure);
  EXPECT_FALSE(failure) << text;
  return failure ? json::object{} : out.as_object();
}

TEST(access_log_format, common_and_combined_are_lines_of_words) {
  request_of request(get_of("/a/b?x=1&y=2", "Referer: https://app.test/\r\nUser-Agent: curl/8\r\n"));
  request.what.response_bytes = 42;
  request.what.status = 304;
  EXPECT_EQ(written(in(access_log_format::common), request.what),
            "app.test 192.0.2.7 - - [25/Nov/2026:19:00:00 +0100] \"GET /a/b?x=1&y=2 HTTP/1.1\" 304 42");
  EXPECT_EQ(written(in(access_log_format::combined), request.what),
            "app.test 192.0.2.7 - - [25/Nov/2026:19:00:00 +0100] \"GET /a/b?x=1&y=2 HTTP/1.1\" 304 42 "
            "\"https://app.test/\" \"curl/8\"");
  request.client.speaks_http2 = true;
  EXPECT_NE(written(in(access_log_format::common), request.what).find("HTTP/2.0\""), std::string::npos);
}

TEST(access_log_format, what_is_missing_is_a_dash_as_tools_expect) {
  EXPECT_EQ(written(in(access_log_format::combined), request_of("GET / HTTP/1.0\r\n\r\n").what),
            "- 192.0.2.7 - - [25/Nov/2026:19:00:00 +0100] \"GET / HTTP/1.0\" 200 0 \"-\" \"-\"");
}

TEST(access_log_format, json_has_the_keys_of_godoxy_and_more) {
  request_of request(get_of("/a?x=1&x=2&y=%20z+", "Referer: r\r\nUser-Agent: u\r\n"));
  request.client.secure = true;
  request.client.server_name = "app.test";
  request.what.response_bytes = 7;
  request.what.request_bytes = 3;
  request.what.content_type = "text/plain";
  request.what.microseconds = 12'034;
  request.what.complete = true;
  request.what.route = "app";
  request.what.backend_host = "::1";
  request.what.backend_port = 80;
  EXPECT_EQ(json::serialize(parsed(in(access_log_format::json), request.what)),
            R"({"level":"info","time":"25/Nov/2026:19:00:00 +0100","ip":"192.0.2.7","method":"GET","scheme":"https",)"
            R"("host":"app.test","path":"/a","protocol":"HTTP/1.1","status":200,"type":"text/plain","size":7,"referer":"r",)"
            R"("useragent":"u","duration_ms":1.2034E1,"request_size":3,"complete":true,"server_name":"app.test",)"
            R"("route":"app","upstream":"[::1]:80","query":{"x":["1","2"],"y":[" z "]}})");
}

TEST(access_log_format, parameters_are_kept_dropped_or_redacted_in_every_format) {
  const request_of request(get_of("/?a=1&token=s3cret&%74oken=again&b&c=2"));
  access_log_section how = in(access_log_format::common);
  how.query = {field_mode::keep, {{"token", field_mode::redact}, {"c", field_mode::drop}}};
  EXPECT_NE(written(how, request.what).find("\"GET /?a=1&token=REDACTED&%74oken=REDACTED&b HTTP/1.1\""), std::string::npos)
      << written(how, request.what);
  how.format = access_log_format::json;
  EXPECT_EQ(json::serialize(parsed(how, request.what).at("query")),
            R"({"a":["1"],"token":["REDACTED","REDACTED"],"b":[""]})");
  how.query = {field_mode::drop, {}};
  EXPECT_FALSE(parsed(how, request.what).contains("query"));
  how.format = access_log_format::common;
  EXPECT_NE(written(how, request.what).find("\"GET / HTTP/1.1\""), std::string::npos);
}

TEST(access_log_format, a_query_that_is_hidden_is_not_shown_by_a_referer_or_a_broken_request_either) {
  request_of request(get_of("/", "Referer: https://app.test/?token=s3cret\r\n"));
  access_log_section how = in(access_log_format::combined);
  how.query = {field_mode::keep, {{"token", field_mode::redact}}};
  EXPECT_EQ(written(how, request.what).find("s3cret"), std::string::npos);
  request.what.head = nullptr;
  request.what.first_line = "GET /?token=s3cret HTTP/9.9";
  EXPECT_NE(written(how, request.what).find("\"GET /\" 200"), std::string::npos) << written(how, request.what);
  how.query = {field_mode::keep, {}};
  EXPECT_NE(written(how, request.what).find("\"GET /?token=s3cret HTTP/9.9\""), std::string::npos);
}

TEST(access_log_format, headers_and_cookies_are_shown_as_their_policies_say) {
  const request_of request(get_of("/", "x-one: 1\r\nX-ONE: 2\r\nAuthorization: Basic c2VjcmV0\r\nCookie: a=1; b=2\r\nCookie: a=3\r\n"));
  access_log_section how = in(access_log_format::json);
  EXPECT_FALSE(parsed(how, request.what).contains("headers"));
  EXPECT_FALSE(parsed(how, request.what).contains("cookies"));
  how.headers = {field_mode::keep, {{"authorization", field_mode::redact}, {"Host", field_mode::drop}}};
  how.cookies = {field_mode::redact, {{"b", field_mode::keep}}};
  EXPECT_EQ(json::serialize(parsed(how, request.what).at("headers")),
            R"({"X-One":["1","2"],"Authorization":["REDACTED"]})")
      << "Cookie is left to its own policy";
  EXPECT_EQ(json::serialize(parsed(how, request.what).at("cookies")), R"({"a":"REDACTED","b":"2"})");
  how.headers = {field_mode::drop, {{"Cookie", field_mode::keep}}};
  EXPECT_EQ(json::serialize(parsed(how, request.what).at("headers")), R"({"Cookie":["a=1; b=2","a=3"]})");
}

TEST(access_log_format, l12_control_bytes_and_quotes_are_escaped) {
  request_of request(get_of("/", "User-Agent: a\"b\\c\xe2\x82\xac\xff\tx\r\n"));
  request.what.head = &request.head;
  EXPECT_TRUE(written(in(access_log_format::combined), request.what)
                  .ends_with(R"("a\x22b\x5Cc\xE2\x82\xAC\xFF\x09x")"))
      << written(in(access_log_format::combined), request.what);
  EXPECT_EQ(parsed(in(access_log_format::json), request.what).at("useragent").as_string(),
            "a\"b\\c\xe2\x82\xac\xef\xbf\xbd\tx");
  request.what.head = nullptr;
  request.what.first_line = std::string_view("GET /\x1b[2J\0\" x", 13);
  EXPECT_NE(written(in(access_log_format::common), request.what).find(R"("GET /\x1B[2J\x00\x22 x")"), std::string::npos);
  EXPECT_EQ(parsed(in(access_log_format::json), request.what).at("path").as_string(), request.what.first_line);
}

TEST(access_log_format, l12_a_line_never_grows_beyond_its_maximum) {
  for (const std::string& filling : {std::string("a"), std::string("\""), std::string("\xff")}) {
    std::string value;
    while (value.size() < 8'000) value += filling;
    request_of request(get_of("/" + std::string(8'000, 'p') + "?q=" + std::string(8'000, 'q'),
                              "Referer: " + value + "\r\nUser-Agent: " + value + "\r\nX-More: " + value + "\r\n"));
    access_log_section how = in(access_log_format::json);
    how.headers.otherwise = how.cookies.otherwise = field_mode::keep;
    for (const std::size_t size : {2'048, 4'096, 65'536}) {
      const json::object out = parsed(how, request.what, size);
      EXPECT_EQ(out.at("status").as_int64(), 200);
      const std::string line = written(in(access_log_format::combined), request.what, size);
      EXPECT_TRUE(std::regex_search(line, std::regex(" HTTP/1.1\" 200 0 \"")));
      EXPECT_TRUE(line.ends_with('"'));
    }
    EXPECT_TRUE(parsed(how, request.what, 2'048).at("path").as_string().ends_with("..."));
  }
}

TEST(access_log_format, many_parameters_cost_no_more_than_a_few) {
  std::string target = "/?";
  for (int i = 0; i < 5'000; ++i) target += "a" + std::to_string(i) + "=1&";
  const json::object out = parsed(in(access_log_format::json), request_of(get_of(target)).what, 65'536);
  EXPECT_EQ(out.at("query").as_object().size(), 64U);
}

}  // namespace
}  // namespace cardea::proxy::access_log
