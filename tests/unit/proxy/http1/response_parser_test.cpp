#include "tests/unit/proxy/http1/every_split.hpp"

// S34 and S35 of the security list: what a backend may answer.
namespace cardea::proxy::http1::testing {
namespace {

using namespace std::string_literals;

std::string answer(std::string_view status_line, std::string_view fields = "Content-Length: 0") {
  return std::string(status_line).append("\r\n").append(fields).append("\r\n\r\n");
}

std::string ok(std::string_view fields) { return answer("HTTP/1.1 200 OK", fields); }

TEST(response_parser, understands_an_ordinary_response) {
  const accepted_response response(
      "HTTP/1.1 200 Very OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(response.head.status, 200);
  EXPECT_EQ(response.head.reason.in(response.bytes.data()), "Very OK");
  EXPECT_EQ(response.head.version, http::protocol_version::http11);
  EXPECT_EQ(response.head.framing, http::body_framing::length);
  EXPECT_EQ(response.head.content_length, 5U);
  EXPECT_TRUE(response.head.has_content_length);
  EXPECT_TRUE(response.head.keep_alive);
  EXPECT_EQ(response.head.fields.size(), 3U);
  EXPECT_EQ(response.bytes.substr(response.head.head_bytes), "hello");
}

TEST(response_parser, a_reason_may_be_empty_or_beyond_ascii) {
  EXPECT_EQ(accepted_response(answer("HTTP/1.1 200 ")).head.reason.size, 0U);
  const accepted_response response(answer("HTTP/1.1 404 Nicht gefunden\t\xfc: eine lange Begr\xfcndung"));
  EXPECT_EQ(response.head.status, 404);
}

TEST(response_parser, finds_the_end_of_the_body) {
  struct row {
    const char* status_line;
    const char* fields;
    bool to_head;
    http::body_framing framing;
    bool keep_alive;
  };
  using enum http::body_framing;
  for (const row& each :
       {row{"HTTP/1.1 200 OK", "Transfer-Encoding: Chunked", false, chunked, true},
        row{"HTTP/1.1 200 OK", "X: y", false, until_close, false},
        row{"HTTP/1.1 200 OK", "Connection: keep-alive", false, until_close, false},
        row{"HTTP/1.1 200 OK", "Connection: close\r\nContent-Length: 1", false, length, false},
        row{"HTTP/1.0 200 OK", "Content-Length: 1", false, length, false},
        row{"HTTP/1.0 200 OK", "Content-Length: 1\r\nConnection: keep-alive", false, length, true},
        row{"HTTP/1.0 200 OK", "Connection: keep-alive", false, until_close, false},
        row{"HTTP/1.1 404 x", "Content-Length: 0", false, length, true},
        row{"HTTP/1.1 599 x", "Content-Length: 0", false, length, true},
        row{"HTTP/1.1 205 x", "Content-Length: 0", false, length, true}}) {
    const accepted_response response(answer(each.status_line, each.fields), each.to_head);
    EXPECT_EQ(response.head.framing, each.framing) << each.status_line << " " << each.fields;
    EXPECT_EQ(response.head.keep_alive, each.keep_alive) << each.status_line << " " << each.fields;
  }
}

TEST(response_parser, s35_head_304_204_and_interim_answers_have_no_body) {
  struct row {
    const char* status_line;
    const char* fields;
    bool to_head;
  };
  for (const row& each :
       {row{"HTTP/1.1 200 OK", "Content-Length: 9", true},
        row{"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", true}, row{"HTTP/1.1 200 OK", "X: y", true},
        row{"HTTP/1.1 304 Not Modified", "Content-Length: 9", false},
        row{"HTTP/1.1 304 Not Modified", "X: y", false}, row{"HTTP/1.1 204 No Content", "X: y", false},
        row{"HTTP/1.1 100 Continue", "X: y", false}, row{"HTTP/1.1 103 Early Hints", "Link: x", false},
        row{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket\r\nConnection: Upgrade", false}}) {
    const accepted_response response(answer(each.status_line, each.fields), each.to_head);
    EXPECT_EQ(response.head.framing, http::body_framing::none) << each.status_line;
    EXPECT_TRUE(response.head.keep_alive) << each.status_line;
  }
  const accepted_response response(answer("HTTP/1.1 304 x", "Content-Length: 9"));
  EXPECT_TRUE(response.head.has_content_length);
  EXPECT_EQ(response.head.content_length, 9U);
}

TEST(response_parser, reads_an_interim_answer_without_fields) {
  const accepted_response response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(response.head.status, 100);
  EXPECT_EQ(response.head.head_bytes, 25U);
}

TEST(response_parser, s34_framing_in_doubt_is_refused) {
  expect_responses_refused({
      {"CL and TE", ok("Content-Length: 5\r\nTransfer-Encoding: chunked")},
      {"TE and CL", ok("Transfer-Encoding: chunked\r\nContent-Length: 5")},
      {"two CL", ok("Content-Length: 5\r\nContent-Length: 6")},
      {"equal CL", ok("Content-Length: 5\r\nContent-Length: 5")},
      {"list of CL", ok("Content-Length: 5, 5")},
      {"CL +5", ok("Content-Length: +5")},
      {"CL -1", ok("Content-Length: -1")},
      {"empty CL", ok("Content-Length:")},
      {"huge CL", ok("Content-Length: 18446744073709551616")},
      {"two TE", ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
      {"TE list", ok("Transfer-Encoding: gzip, chunked")},
      {"TE gzip", ok("Transfer-Encoding: gzip")},
      {"TE identity", ok("Transfer-Encoding: identity")},
      {"TE xchunked", ok("Transfer-Encoding: xchunked")},
      {"TE in HTTP/1.0", answer("HTTP/1.0 200 OK", "Transfer-Encoding: chunked")},
      {"CL with 204", answer("HTTP/1.1 204 No Content", "Content-Length: 5")},
      {"CL 0 with 204", answer("HTTP/1.1 204 No Content", "Content-Length: 0")},
      {"TE with 204", answer("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked")},
      {"CL with 100", answer("HTTP/1.1 100 Continue", "Content-Length: 5")},
      {"CL with 101", answer("HTTP/1.1 101 Switching", "Content-Length: 0")},
      {"TE with 103", answer("HTTP/1.1 103 Hints", "Transfer-Encoding: chunked")},
      {"two CL with 304", answer("HTTP/1.1 304 x", "Content-Length: 5\r\nContent-Length: 6")},
  });
  EXPECT_EQ(parse_response(ok("Content-Length: 5\r\nContent-Length: 6"), true).status, parse_status::failed);
}

TEST(response_parser, s34_malformed_status_lines_are_refused) {
  std::vector<named_bytes> messages;
  for (const char* line : {"HTTP/1.1 200",        "HTTP/1.1 099 x",
                           "HTTP/1.1 2000 x",     "HTTP/1.1 20 x",
                           "HTTP/1.1 600 x",      "HTTP/1.1 999 x",
                           "HTTP/1.1 000 x",      "HTTP/1.1  200 OK",
                           "HTTP/1.1 2x0 OK",     "HTTP/2.0 200 OK",
                           "HTTP/1.2 200 OK",     "HTTP/1.1\t200 OK",
                           "http/1.1 200 OK",     "HTTP/1.10 200 OK",
                           "HTTP/2 200",          "HTTP/1.1 -20 x",
                           "HTTP/1.1 +20 x",      "ICY 200 OK",
                           " HTTP/1.1 200 OK",    "HTTP/1.1200 OK",
                           "HTTP/1.1 200\tOK",    "",
                           "\r\nHTTP/1.1 200 OK", "HTTP/0.9 200 OK"})
    messages.push_back({line, answer(line)});
  expect_responses_refused(messages);
}

TEST(response_parser, s34_forbidden_bytes_are_refused) {
  expect_responses_refused({{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"},
                            {"bare LF after a field", "HTTP/1.1 200 OK\r\nX: y\n\r\n"},
                            {"bare LF at the end", "HTTP/1.1 200 OK\r\nX: y\r\n\n"},
                            {"bare CR in the reason", answer("HTTP/1.1 200 O\rK")},
                            {"NUL in the reason", answer("HTTP/1.1 200 O\0K"s)},
                            {"NUL in a value", ok("X: a\0b"s)},
                            {"bare CR in a value", ok("X: a\rb")},
                            {"DEL in a value", ok("X: a\x7f")},
                            {"blank before the colon", ok("Content-Length : 5")},
                            {"folding", ok("X: a\r\n b")},
                            {"leading blank", ok(" X: a")},
                            {"no colon", ok("X")},
                            {"empty name", ok(": x")},
                            {"name beyond ASCII", ok("X\xe9: a")},
                            {"Connection", ok("Connection: \"close\"")}});
}

TEST(response_parser, s34_a_head_beyond_the_limits_is_refused) {
  const head_limits limits{.line_bytes_max = 64, .head_bytes_max = 128, .header_count_max = 4};
  const auto status = [&limits](std::string_view bytes) {
    return parse_response(bytes, false, limits).status;
  };
  EXPECT_EQ(status(answer("HTTP/1.1 200 " + std::string(51, 'x'))), parse_status::done);
  EXPECT_EQ(status(answer("HTTP/1.1 200 " + std::string(52, 'x'))), parse_status::failed);
  EXPECT_EQ(status("HTTP/1.1 200 " + std::string(200, 'x')), parse_status::failed);
  EXPECT_EQ(status(ok("X: " + std::string(104, 'x'))), parse_status::done);
  EXPECT_EQ(status(ok("X: " + std::string(105, 'x'))), parse_status::failed);
  EXPECT_EQ(status(ok("X: " + std::string(300, 'x')).substr(0, 128)), parse_status::failed);
  EXPECT_EQ(status(ok("X: 1\r\nX: 1\r\nX: 1\r\nX: 1")), parse_status::done);
  EXPECT_EQ(status(ok("X: 1\r\nX: 1\r\nX: 1\r\nX: 1\r\nX: 1")), parse_status::failed);
}

TEST(response_parser, asks_for_more_until_the_empty_line) {
  const std::string bytes = "HTTP/1.1 200 OK\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(parse_response(bytes.substr(0, size)).status, parse_status::need_more) << size;
}

TEST(response_parser, forgets_the_response_before) {
  const head_limits limits;
  response_parser parser(limits);
  http::response_head head;
  ASSERT_EQ(parser.parse(ok("Content-Length: 7\r\nConnection: close"), false, head), parse_status::done);
  parser.reset();
  ASSERT_EQ(parser.parse(answer("HTTP/1.1 204 x", "X: y"), false, head), parse_status::done);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_FALSE(head.has_content_length);
  EXPECT_TRUE(head.keep_alive);
}

}  // namespace
}  // namespace cardea::proxy::http1::testing
