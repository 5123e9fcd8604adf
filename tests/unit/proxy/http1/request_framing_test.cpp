#include "tests/unit/proxy/http1/every_split.hpp"

// S01-S16 of the security list: where a request ends must never be in doubt.
namespace cardea::proxy::http1::testing {
namespace {

using namespace std::string_literals;

TEST(request_framing, s01_content_length_before_chunked_is_refused) {
  expect_requests_refused(400,
                          {{"CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\nG")}});
}

TEST(request_framing, s02_chunked_before_content_length_is_refused) {
  expect_requests_refused(
      400,
      {{"TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4", "5c\r\nGPOST / HTTP/1.1\r\n")}});
}

TEST(request_framing, s03_another_coding_with_content_length_is_refused_in_both_orders) {
  expect_requests_refused(400, {{"TE first", post("Transfer-Encoding: gzip\r\nContent-Length: 5")},
                                {"CL first", post("Content-Length: 5\r\nTransfer-Encoding: gzip")}});
}

TEST(request_framing, s04_another_coding_alone_is_not_implemented) {
  expect_requests_refused(501, {{"gzip", post("Transfer-Encoding: gzip", "GET /admin HTTP/1.1\r\n\r\n")},
                                {"x-gzip", post("Transfer-Encoding: x-gzip")},
                                {"Deflate", post("Transfer-Encoding: Deflate")},
                                {"compress", post("Transfer-Encoding: compress")}});
}

TEST(request_framing, s05_codings_around_chunked_are_refused) {
  expect_requests_refused(400,
                          {{"chunked, gzip", post("Transfer-Encoding: chunked, gzip")},
                           {"gzip, chunked", post("Transfer-Encoding: gzip, chunked")},
                           {"two fields", post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked")}});
}

TEST(request_framing, s06_chunked_twice_and_identity_are_refused) {
  expect_requests_refused(
      400, {{"chunked, chunked", post("Transfer-Encoding: chunked, chunked")},
            {"two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
            {"chunked and identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")},
            {"identity and chunked", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked")},
            {"identity", post("Transfer-Encoding: identity")}});
}

TEST(request_framing, s07_what_only_looks_like_chunked_is_refused) {
  std::vector<named_bytes> messages;
  for (const char* value : {"xchunked", "\"chunked\"", "chunked;a=b", "chunked; q=1",
                            "\x0b"
                            "chunked",
                            "\xa0"
                            "chunked",
                            "chunked\xa0", "chunked\x0b", "", " ", ",chunked", "chunked,", ", chunked",
                            "chunke", "chunkedx", "chun ked", "'chunked'", "chunked chunked"})
    messages.push_back({value, post("Transfer-Encoding: "s + value)});
  expect_requests_refused(400, messages);
}

TEST(request_framing, s08_chunked_is_known_in_every_spelling) {
  for (const char* line : {"Transfer-Encoding:\tchunked", "Transfer-Encoding:chunked",
                           "tRANSFER-eNCODING: Chunked", "transfer-encoding: \t CHUNKED \t"}) {
    const accepted_request request(post(line));
    EXPECT_EQ(request.head.framing, http::body_framing::chunked) << line;
    EXPECT_TRUE(request.head.fields.has(http::field_id::transfer_encoding)) << line;
  }
}

TEST(request_framing, s09_a_transfer_coding_in_http10_is_refused) {
  expect_requests_refused(
      400,
      {{"chunked", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
       {"gzip", "POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n"},
       {"kept alive", "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"}});
}

TEST(request_framing, s10_a_blank_before_the_colon_is_refused) {
  expect_requests_refused(400, {{"length", post("Content-Length : 5")},
                                {"coding", post("Transfer-Encoding : chunked")},
                                {"host", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
                                {"tab", post("Content-Length\t: 5")}});
}

TEST(request_framing, s11_a_first_line_that_begins_with_a_blank_is_refused) {
  expect_requests_refused(400, {{"space", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
                                {"tab", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"},
                                {"blank line", "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"}});
}

TEST(request_framing, s12_folded_lines_are_refused) {
  expect_requests_refused(400, {{"value", post("X: a\r\n b")},
                                {"tab", post("X: a\r\n\tb")},
                                {"coding", post("Transfer-Encoding:\r\n chunked")},
                                {"name", post("Transfer-\r\nEncoding: chunked")},
                                {"blank only", post("X: a\r\n ")}});
}

TEST(request_framing, s13_different_lengths_are_refused) {
  expect_requests_refused(400, {{"two fields", post("Content-Length: 5\r\nContent-Length: 6")},
                                {"list", post("Content-Length: 5, 6")},
                                {"spelling", post("Content-Length: 5\r\ncontent-length: 6")}});
}

TEST(request_framing, s14_equal_lengths_are_refused) {
  expect_requests_refused(400, {{"two fields", post("Content-Length: 5\r\nContent-Length: 5")},
                                {"list", post("Content-Length: 5, 5")},
                                {"list without blank", post("Content-Length: 5,5")}});
}

TEST(request_framing, s15_a_length_that_is_not_plain_digits_is_refused) {
  std::vector<named_bytes> messages;
  for (const char* value : {"+5",
                            "-5",
                            "0x5",
                            "5_0",
                            "1e1",
                            "5Z",
                            "010",
                            "00",
                            "",
                            " ",
                            "5 5",
                            "5\t5",
                            "5.0",
                            "5,",
                            ",5",
                            "\"5\"",
                            "5;",
                            "12345678901234567890",
                            "18446744073709551616",
                            "18446744073709551621",
                            "99999999999999999999999999",
                            "1000000000000000000",
                            "\xd9\xa5",
                            "5\x0b"})
    messages.push_back({value, post("Content-Length: "s + value)});
  messages.push_back({"NUL", post("Content-Length: 5\0"s)});
  expect_requests_refused(400, messages);
}

TEST(request_framing, s15_plain_lengths_are_accepted) {
  for (const auto& [text, length] : std::vector<std::pair<const char*, std::uint64_t>>{
           {"0", 0}, {"5", 5}, {" \t 42 \t", 42}, {"999999999999999999", 999'999'999'999'999'999U}}) {
    const accepted_request request(post("Content-Length:"s + text));
    EXPECT_EQ(request.head.framing, http::body_framing::length) << text;
    EXPECT_EQ(request.head.content_length, length) << text;
  }
}

TEST(request_framing, s16_a_length_counts_for_every_method) {
  for (const char* method : {"GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "x"}) {
    const accepted_request request(method + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"s);
    EXPECT_EQ(request.head.framing, http::body_framing::length) << method;
    EXPECT_EQ(request.head.content_length, 4U) << method;
    EXPECT_EQ(request.bytes.substr(request.head.head_bytes), "body") << method;
  }
}

TEST(request_framing, without_length_and_coding_there_is_no_body) {
  const accepted_request request("POST / HTTP/1.1\r\nHost: a\r\n\r\nrest");
  EXPECT_EQ(request.head.framing, http::body_framing::none);
  EXPECT_EQ(request.bytes.substr(request.head.head_bytes), "rest");
}

}  // namespace
}  // namespace cardea::proxy::http1::testing
