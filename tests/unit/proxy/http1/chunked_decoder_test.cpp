#include "tests/unit/proxy/http1/every_split.hpp"

// S17-S22 of the security list: the chunked transfer coding.
namespace cardea::proxy::http1::testing {
namespace {

using namespace std::string_literals;

/// What `decode_chunked` makes of a good body that is followed by `rest` bytes.
std::string made_of(std::string_view bytes, std::string_view data, std::string_view trailers = "",
                    std::size_t rest = 0) {
  return std::string(data).append("|").append(trailers).append("|").append(
      std::to_string(bytes.size() - rest));
}

TEST(chunked_decoder, decodes_bodies_and_stops_at_their_end) {
  for (const auto& [bytes, data] : std::vector<std::pair<std::string, std::string>>{
           {"0\r\n\r\n", ""},
           {"5\r\nhello\r\n0\r\n\r\n", "hello"},
           {"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world"},
           {"a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789"},
           {"0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello"},
           {"4\r\n\r\n0\r\r\n0\r\n\r\n", "\r\n0\r"}}) {
    EXPECT_EQ(decode_chunked(bytes).made, made_of(bytes, data)) << bytes;
    const std::string followed = bytes + "GET / HTTP/1.1\r\n";
    EXPECT_EQ(decode_chunked(followed).made, made_of(followed, data, "", 16)) << bytes;
  }
}

TEST(chunked_decoder, asks_for_more_until_the_last_empty_line) {
  const std::string bytes = "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(decode_chunked(bytes.substr(0, size)).status, parse_status::need_more) << size;
}

TEST(chunked_decoder, s17_malformed_sizes_are_refused) {
  std::vector<named_bytes> bodies;
  for (const char* size : {"0x5",
                           "+5",
                           "-5",
                           "-0x0",
                           "0_2e",
                           " 5",
                           "5 ",
                           "\t5",
                           "5\t",
                           "",
                           "G",
                           "1these-bytes",
                           "5g",
                           "00000000000000005",
                           "0000000000000000f",
                           "FFFFFFFFFFFFFFFF",
                           "1000000000000000",
                           "10000000000000000",
                           "FFFFFFFFFFFFFFFFFFFFFFFF",
                           "5.",
                           "5,5",
                           "\"5\"",
                           "\xef\xbc\x95"})
    bodies.push_back({size, std::string(size) + "\r\nhello\r\n0\r\n\r\n"});
  bodies.push_back({"NUL", "5\0\r\nhello\r\n0\r\n\r\n"s});
  bodies.push_back({"blank before the last", "5\r\nhello\r\n 0\r\n\r\n"});
  bodies.push_back({"no last size", "5\r\nhello\r\n\r\n\r\n"});
  expect_chunked_refused(400, bodies);
}

TEST(chunked_decoder, s17_the_largest_size_is_fifteen_digits) {
  const chunked_limits limits;
  chunked_decoder decoder(limits);
  const std::string_view bytes = "0fffffffffffffff\r\nabc";
  const chunked_decoder::step taken = decoder.next(bytes);
  EXPECT_EQ(taken.status, parse_status::need_more);
  EXPECT_EQ(taken.data, "abc");
  EXPECT_EQ(taken.consumed, bytes.size());
}

TEST(chunked_decoder, s18_line_ends_other_than_crlf_are_refused) {
  expect_chunked_refused(400, {{"LF after the size", "5\nhello\r\n0\r\n\r\n"},
                               {"LF after the data", "5\r\nhello\n0\r\n\r\n"},
                               {"LF after the last size", "0\n\r\n"},
                               {"LF at the end", "0\r\n\n"},
                               {"two LF", "0\n\n"},
                               {"CR CR ;", "5\r\r;ABCD\r\nhello\r\n0\r\n\r\n"},
                               {"2 CR CR ; a", "2\r\r;a\r\n02\r\n0\r\n\r\n"},
                               {"CR", "5\rhello\r\n0\r\n\r\n"},
                               {"CR after the data", "5\r\nhello\r0\r\n\r\n"},
                               {"CR CR LF", "5\r\r\nhello\r\n0\r\n\r\n"},
                               {"CR CR at the end", "0\r\n\r\r\n"}});
}

TEST(chunked_decoder, s19_malformed_extensions_are_refused) {
  std::vector<named_bytes> bodies;
  for (const char* extension : {";",
                                ";;",
                                ";a\nb",
                                ";a=\"\r\n\"",
                                ";a=\"x",
                                ";a=\"x\n\"",
                                ";a=\"\\\r\n\"",
                                ";a=",
                                ";=b",
                                ";a b",
                                "; a",
                                " ;a",
                                ";a =b",
                                ";a= b",
                                ";a=b ",
                                ";a=\"b\"c",
                                ";a=b\"c\"",
                                ";a\x7f",
                                ";a=\x80",
                                ";a=\"\x01\"",
                                ";a\rb",
                                ";a=\"\\\x01\"",
                                ";a=b=c",
                                ";\"a\"",
                                ";a,b",
                                ";a=b;",
                                ";a\n",
                                ";a=\"b\"\n"})
    bodies.push_back({extension, "5"s + extension + "\r\nhello\r\n0\r\n\r\n"});
  bodies.push_back({"NUL", "5;a\0\r\nhello\r\n0\r\n\r\n"s});
  bodies.push_back({"on the last chunk", "5\r\nhello\r\n0;\n\r\n\r\n"});
  expect_chunked_refused(400, bodies);
}

TEST(chunked_decoder, s19_good_extensions_are_dropped) {
  for (const char* extension : {";a", ";a;b", ";a=b", ";a=\"b c;,\"", ";a=\"\"", ";a=\"\\\"\\\\\"",
                                ";a=b;c=\"d\";e", ";a=\"\xc3\xa9\t\"", ";!#$%&'*+-.^_`|~=~"}) {
    const std::string bytes = "5"s + extension + "\r\nhello\r\n0" + extension + "\r\n\r\n";
    EXPECT_EQ(decode_chunked(bytes).made, made_of(bytes, "hello")) << extension;
  }
}

TEST(chunked_decoder, s19_the_bytes_of_all_extensions_together_are_limited) {
  const chunked_limits limits{.extension_bytes_max = 20, .trailer_bytes_max = 64, .trailer_count_max = 2};
  EXPECT_EQ(decode_chunked("1;" + std::string(20, 'e') + "\r\nx\r\n0\r\n\r\n", limits).status,
            parse_status::done);
  EXPECT_EQ(decode_chunked("1;" + std::string(21, 'e') + "\r\nx\r\n0\r\n\r\n", limits).refused, 400);
  EXPECT_EQ(decode_chunked("1;" + std::string(300, 'e'), limits).refused, 400) << "without an end";
  std::string many;
  for (int i = 0; i < 4; ++i) many += "1;eeeee\r\nx\r\n";
  EXPECT_EQ(decode_chunked(many + "0\r\n\r\n", limits).status, parse_status::done);
  EXPECT_EQ(decode_chunked(many + "1;e\r\nx\r\n0\r\n\r\n", limits).refused, 400);

  const chunked_limits defaults;
  chunked_decoder decoder(defaults);
  EXPECT_EQ(decoder.next("1;" + std::string(8192, 'e') + "\r\n").status, parse_status::failed);
}

TEST(chunked_decoder, s20_anything_but_crlf_after_the_data_is_refused) {
  expect_chunked_refused(400, {{"more data", "5\r\nhelloXX0\r\n\r\n"},
                               {"one byte more", "5\r\nhello!\r\n0\r\n\r\n"},
                               {"less data", "6\r\nhello\r\n0\r\n\r\n"},
                               {"after the last chunk", "0\r\nXX\r\n\r\n"},
                               {"a request as trailer", "0\r\nX:POST / HTTP/1.1\r\n\rX"},
                               {"a request line", "0\r\nGET / HTTP/1.1\r\n\r\n"}});
}

TEST(chunked_decoder, s21_trailers_that_frame_route_or_authenticate_are_dropped) {
  std::string fields;
  for (const char* name : {"Content-Length",
                           "Transfer-Encoding",
                           "Host",
                           "Authorization",
                           "X-Forwarded-For",
                           "Cookie",
                           "Connection",
                           "x-forwarded-anything",
                           "Keep-Alive",
                           "Proxy-Connection",
                           "Proxy-Authenticate",
                           "Proxy-Authorization",
                           "TE",
                           "Trailer",
                           "Upgrade",
                           "Forwarded",
                           "X-Real-IP",
                           "Set-Cookie",
                           "Content-Encoding",
                           "Content-Type",
                           "Content-Range",
                           "Expect",
                           "Range",
                           "Cache-Control",
                           "Www-Authenticate",
                           "Proxy",
                           "X_Y",
                           "content-length"})
    fields += std::string(name) + ": 1\r\n";
  const std::string bytes =
      "1\r\nx\r\n0\r\ngrpc-status: 0\r\n" + fields + "X-Checksum:\t\"a b\" \r\nEmpty:\r\n\r\n";
  EXPECT_EQ(decode_chunked(bytes).made,
            made_of(bytes, "x", "grpc-status: 0\r\nX-Checksum: \"a b\"\r\nEmpty: \r\n"));
}

TEST(chunked_decoder, s21_malformed_trailers_are_refused) {
  expect_chunked_refused(400, {{"folded", "0\r\nX: a\r\n b\r\n\r\n"},
                               {"leading blank", "0\r\n X: a\r\n\r\n"},
                               {"blank before the colon", "0\r\nX : a\r\n\r\n"},
                               {"bare LF", "0\r\nX: a\n\r\n"},
                               {"bare CR", "0\r\nX: a\rb\r\n\r\n"},
                               {"NUL", "0\r\nX: a\0b\r\n\r\n"s},
                               {"no colon", "0\r\nX\r\n\r\n"},
                               {"no name", "0\r\n: a\r\n\r\n"},
                               {"a dropped one counts too", "0\r\nContent-Length : 1\r\n\r\n"}});
}

TEST(chunked_decoder, s22_trailers_beyond_the_limits_are_refused_with_431) {
  const chunked_limits limits{.extension_bytes_max = 20, .trailer_bytes_max = 64, .trailer_count_max = 2};
  EXPECT_EQ(decode_chunked("0\r\nX: " + std::string(57, 'x') + "\r\n\r\n", limits).status,
            parse_status::done);
  EXPECT_EQ(decode_chunked("0\r\nX: " + std::string(58, 'x') + "\r\n\r\n", limits).refused, 431);
  EXPECT_EQ(decode_chunked("0\r\nX: " + std::string(300, 'x'), limits).refused, 431) << "without an end";
  EXPECT_EQ(decode_chunked("0\r\nA: 1\r\nB: 2\r\n\r\n", limits).status, parse_status::done);
  EXPECT_EQ(decode_chunked("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits).refused, 431);
  EXPECT_EQ(decode_chunked("0\r\nHost: 1\r\nHost: 2\r\nHost: 3\r\n\r\n", limits).refused, 431)
      << "dropped ones too";

  const chunked_limits defaults;
  chunked_decoder decoder(defaults);
  const std::string mebibyte = "0\r\nX: " + std::string(1024 * 1024, 'x');
  EXPECT_EQ(decoder.next(mebibyte).status, parse_status::failed);
  EXPECT_EQ(decoder.why().status, 431);
}

TEST(chunked_decoder, a_refusal_lasts_until_reset) {
  const chunked_limits limits;
  chunked_decoder decoder(limits);
  EXPECT_EQ(decoder.next("G").status, parse_status::failed);
  EXPECT_EQ(decoder.next("0\r\n\r\n").status, parse_status::failed);
  decoder.reset();
  EXPECT_EQ(decoder.next("0\r\nA: b\r\n\r\n").status, parse_status::done);
  EXPECT_EQ(decoder.trailers(), "A: b\r\n");
  decoder.reset();
  EXPECT_EQ(decoder.next("0\r\n\r\n").status, parse_status::done);
  EXPECT_EQ(decoder.trailers(), "");
}

}  // namespace
}  // namespace cardea::proxy::http1::testing
