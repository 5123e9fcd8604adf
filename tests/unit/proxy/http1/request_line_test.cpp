#include "tests/unit/proxy/http1/every_split.hpp"

// S23-S30 and L05 of the security list: the bytes that lines of a request are made of.
namespace cardea::proxy::http1::testing {
namespace {

using namespace std::string_literals;

std::string request_line(std::string_view line) { return std::string(line).append("\r\nHost: a\r\n\r\n"); }

TEST(request_line, s23_bare_cr_is_refused) {
  expect_requests_refused(400, {{"in a value", post("X: a\rb")},
                                {"before a field", post("X: a\rY: b")},
                                {"at the end of a value", post("X: a\r\r\n")},
                                {"end of head", "GET / HTTP/1.1\r\nHost: a\r\n\rX"},
                                {"in a name", post("X\rY: b")},
                                {"in the version", "GET / HTTP/1.1\rHost: a\r\n\r\n"},
                                {"in the target", "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n"},
                                {"first", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"}});
}

TEST(request_line, s24_bare_lf_is_refused) {
  expect_requests_refused(400, {{"request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
                                {"field line", "GET / HTTP/1.1\r\nHost: a\n\r\n"},
                                {"end of head", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
                                {"everywhere", "GET / HTTP/1.1\nHost: a\n\n"},
                                {"in the target", "GET /\nHTTP/1.1\r\nHost: a\r\n\r\n"},
                                {"a second head", post("Useless:\n\nGET / HTTP/1.1")},
                                {"first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
                                {"after the method", "GET\n/ HTTP/1.1\r\nHost: a\r\n\r\n"}});
}

TEST(request_line, s25_control_bytes_are_refused_in_names_and_values) {
  std::vector<named_bytes> messages;
  for (int byte = 0; byte <= 0x7f; byte = byte == 0x1f ? 0x7f : byte + 1) {
    const std::string c(1, static_cast<char>(byte));
    messages.push_back({"name", post("X" + c + "Y: a")});
    messages.push_back({"name begin", post(c + "X: a")});
    messages.push_back({"name end", post("X" + c + ": a")});
    if (byte == '\t') continue;
    messages.push_back({"value", post("X: a" + c + "b")});
    messages.push_back({"value begin", post("X:" + c + "b")});
    messages.push_back({"value end", post("X: b" + c)});
    messages.push_back(
        {"long value", post("X: a value of more than sixteen bytes" + c + " and as many after it")});
  }
  expect_requests_refused(400, messages);
}

TEST(request_line, values_may_hold_blanks_and_bytes_beyond_ascii) {
  const accepted_request request(get("X: \t a\tb c\xc3\xa9\xff \t\r\nY:"));
  ASSERT_EQ(request.head.fields.size(), 3U);
  EXPECT_EQ(value_of(request.head.fields.begin()[1], request.bytes.data()), "a\tb c\xc3\xa9\xff");
  EXPECT_EQ(value_of(request.head.fields.begin()[2], request.bytes.data()), "");
}

TEST(request_line, s26_names_that_are_no_tokens_are_refused) {
  std::vector<named_bytes> messages;
  for (const char* line : {": x",
                           ":",
                           "Test",
                           "Te\nst",
                           "Content-Length 10",
                           "Content-Length\x85: 1",
                           "\xefX: 1",
                           "X\xef: 1",
                           "X(: 1",
                           "(: 1",
                           "X\": 1",
                           "X{: 1",
                           "X/Y: 1",
                           "X@Y: 1",
                           "X[Y]: 1",
                           "X=1",
                           "X;Y: 1",
                           "X\\: 1",
                           "X<: 1",
                           "X,Y: 1",
                           "X?: 1",
                           " : x",
                           "a-name-of-more-than-sixteen-bytes(: 1",
                           "a-name-of-more-than-sixteen-bytes"})
    messages.push_back({line, post(line)});
  expect_requests_refused(400, messages);
}

TEST(request_line, every_token_character_may_be_in_a_name) {
  const std::string name = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz";
  const accepted_request request(get(name + ": 1"));
  EXPECT_EQ(name_of(request.head.fields.begin()[1], request.bytes.data()), name);
}

TEST(request_line, s27_methods_are_tokens_and_keep_their_case) {
  expect_requests_refused(400, {{"quoted", request_line("G=\"x\" / HTTP/1.1")},
                                {"NUL", request_line("G\0T / HTTP/1.1"s)},
                                {"colon", request_line("GET: / HTTP/1.1")},
                                {"beyond ASCII", request_line("G\xc3\x89T / HTTP/1.1")},
                                {"bracket", request_line("GET( / HTTP/1.1")},
                                {"none", request_line("/ HTTP/1.1")}});
  expect_requests_refused(501, {{"long", request_line(std::string(1024, 'M') + " / HTTP/1.1")},
                                {"one too long", request_line(std::string(33, 'M') + " / HTTP/1.1")}});
  for (const std::string& method : {"get"s, "PROPFIND"s, "M-SEARCH"s, std::string(32, 'M'), "head"s}) {
    const accepted_request request(request_line(method + " / HTTP/1.1"));
    EXPECT_EQ(request.text(request.head.method), method);
    EXPECT_FALSE(request.head.is_head);
  }
}

TEST(request_line, s28_other_versions_are_not_supported) {
  std::vector<named_bytes> messages;
  for (const char* version :
       {"HTTP/2.0", "HTTP/1.2", "HTTP/1.32", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9", "HTTP/2.1"})
    messages.push_back({version, request_line("GET / "s + version)});
  expect_requests_refused(505, messages);
}

TEST(request_line, s28_malformed_versions_are_refused) {
  std::vector<named_bytes> messages;
  for (const char* version :
       {"HTTP/1.",   "HTTP/\r\r1.1", "http/1.1",   "HTTP/1.1x", "HTTP/1.11", "HTTP/11", "HTTP/2",
        "HTTP/1,1",  "HTTP /1.1",    "HTTP/ 1.1",  "HTTP/01.1", "HTTPS/1.1", "ICY",     "HTTP",
        "HTTP/1.1 ", "HTTP/1.1\t",   "x HTTP/1.1", "HTTP/1.0x", "HTTP/+1.1", ""})
    messages.push_back({version, request_line("GET / "s + version)});
  messages.push_back({"HTTP/0.9", "GET /\r\n"});
  expect_requests_refused(400, messages);
}

TEST(request_line, s29_blanks_elsewhere_are_refused) {
  expect_requests_refused(400, {{"two after the method", request_line("GET  / HTTP/1.1")},
                                {"two after the target", request_line("GET /  HTTP/1.1")},
                                {"tab", request_line("GET\t/ HTTP/1.1")},
                                {"tab after the target", request_line("GET /\tHTTP/1.1")},
                                {"leading", request_line(" GET / HTTP/1.1")},
                                {"trailing", request_line("GET / HTTP/1.1 ")},
                                {"within the target", request_line("GET /a b HTTP/1.1")},
                                {"no target", request_line("GET HTTP/1.1")}});
}

TEST(request_line, s29_one_leading_empty_line_is_skipped_two_are_refused) {
  const accepted_request request("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(request.text(request.head.method), "GET");
  EXPECT_EQ(request.text(request.head.path), "/x");
  EXPECT_EQ(request.head.head_bytes, request.bytes.size());
  expect_requests_refused(400, {{"two", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"}});
}

TEST(request_line, s29_is_refused_with_414_when_too_long) {
  const head_limits limits{.line_bytes_max = 64, .head_bytes_max = 256, .header_count_max = 8};
  const auto with_line_of = [](std::size_t size) {
    return request_line("GET /" + std::string(size - 14, 'x') + " HTTP/1.1");
  };
  EXPECT_EQ(parse_request(with_line_of(64), limits).status, parse_status::done);
  for (const std::size_t size : {65U, 66U, 67U, 73U, 80U, 300U})
    EXPECT_EQ(parse_request(with_line_of(size), limits).refused, 414) << size;
  EXPECT_EQ(parse_request("GET /" + std::string(300, 'x'), limits).refused, 414) << "before the line's end";
  EXPECT_EQ(parse_request("GET /" + std::string(61, 'x'), limits).refused, 414) << "as soon as it is certain";
  EXPECT_EQ(parse_request("GET /" + std::string(60, 'x'), limits).status, parse_status::need_more);
  EXPECT_EQ(parse_request("GET /a\x01" + std::string(300, 'x'), limits).refused, 400)
      << "what comes first counts";
}

TEST(request_line, l05_the_default_limit_of_the_request_line_is_8_kib) {
  const head_limits limits;
  http::request_head head;
  request_parser accepts(limits);
  EXPECT_EQ(accepts.parse(request_line("GET /" + std::string(8192 - 14, 'x') + " HTTP/1.1"), head),
            parse_status::done);
  request_parser refuses(limits);
  EXPECT_EQ(refuses.parse(request_line("GET /" + std::string(8192 - 13, 'x') + " HTTP/1.1"), head),
            parse_status::failed);
  EXPECT_EQ(refuses.why().status, 414);
}

TEST(request_line, l05_a_head_beyond_its_limit_is_refused_with_431) {
  const head_limits limits{.line_bytes_max = 64, .head_bytes_max = 128, .header_count_max = 8};
  const auto head_of = [](std::size_t size) { return get("X: " + std::string(size - 32, 'x')); };
  ASSERT_EQ(head_of(128).size(), 128U);
  EXPECT_EQ(parse_request(head_of(127), limits).status, parse_status::done);
  EXPECT_EQ(parse_request(head_of(128), limits).status, parse_status::done);
  for (const std::size_t size : {129U, 130U, 131U, 132U, 133U, 400U})
    EXPECT_EQ(parse_request(head_of(size), limits).refused, 431) << size;
  EXPECT_EQ(parse_request(head_of(400).substr(0, 128), limits).refused, 431) << "while incomplete";
  EXPECT_EQ(parse_request(head_of(400).substr(0, 127), limits).status, parse_status::need_more);
  EXPECT_EQ(parse_request(get(std::string(300, 'n')), limits).refused, 431) << "a name without an end";
  EXPECT_EQ(parse_request(get("X: a\x01" + std::string(300, 'x')), limits).refused, 400)
      << "what comes first";
  EXPECT_EQ(parse_request(head_of(140) + "\x01", limits).refused, 431) << "what comes first";
}

TEST(request_line, l05_more_lines_than_allowed_are_refused_with_431) {
  const head_limits limits{.line_bytes_max = 64, .head_bytes_max = 4096, .header_count_max = 8};
  const auto with_lines = [](std::size_t count) {
    std::string fields;
    for (std::size_t i = 1; i < count; ++i) fields += "X: 1\r\n";
    return get(fields.substr(0, fields.size() - 2));
  };
  EXPECT_EQ(parse_request(with_lines(8), limits).status, parse_status::done);
  EXPECT_EQ(parse_request(with_lines(9), limits).refused, 431);
  const head_limits beyond_the_table{.line_bytes_max = 64, .head_bytes_max = 4096, .header_count_max = 1000};
  EXPECT_EQ(parse_request(with_lines(128), beyond_the_table).status, parse_status::done);
  EXPECT_EQ(parse_request(with_lines(129), beyond_the_table).refused, 431);
}

TEST(request_line, a_name_longer_than_a_field_can_hold_is_refused) {
  const head_limits limits{.line_bytes_max = 64, .head_bytes_max = 200'000, .header_count_max = 8};
  for (const std::size_t size : {65'535U, 65'536U, 65'540U}) {
    request_parser parser(limits);
    http::request_head head;
    const parse_status status = parser.parse(get(std::string(size, 'n') + ": 1"), head);
    EXPECT_EQ(status, size <= 65'535 ? parse_status::done : parse_status::failed) << size;
  }
}

TEST(request_line, s30_pipelined_requests_are_parsed_one_after_the_other) {
  const std::string first = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  const std::string second = "GET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
  const std::string bytes = first + second + "Invalid\r\n\r\n";
  const head_limits limits;
  request_parser parser(limits);
  http::request_head head;
  std::string_view left = bytes;
  for (const std::string& expected : {first, second}) {
    ASSERT_EQ(parser.parse(left, head), parse_status::done);
    EXPECT_EQ(head.head_bytes, expected.size());
    left.remove_prefix(head.head_bytes);
    parser.reset();
  }
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_EQ(head.host.in(bytes.data() + first.size()), "b");
  EXPECT_EQ(parser.parse(left, head), parse_status::failed);
  EXPECT_EQ(parser.why().status, 400);
  parser.reset();
  EXPECT_EQ(parser.parse(second, head), parse_status::done) << "reset also forgets a refusal";
}

}  // namespace
}  // namespace cardea::proxy::http1::testing
