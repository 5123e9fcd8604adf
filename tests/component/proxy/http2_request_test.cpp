// Goal: what HTTP/2 can say and HTTP/1 cannot never reaches a backend (C.4). Method: raw
// frames; each refused request leaves the backend without a byte and the connection in use.
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy {
namespace {

using tests::h2_answer;
using tests::h2_fields;
using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
namespace h2 = tests::h2;

h2_fields with(const h2_fields& more) { return http2_client::request("GET", "/", more); }

/// A request whose pseudo-field `name` has another value.
h2_fields instead(const std::string& name, const std::string& value) {
  h2_fields out = http2_client::request();
  for (auto& [each, text] : out)
    if (each == name) text = value;
  return out;
}

h2_fields without(const std::string& name) {
  h2_fields out = http2_client::request();
  std::erase_if(out, [&](const auto& each) { return each.first == name; });
  return out;
}

struct refused_request {
  std::string what;
  h2_fields fields;
};

void expect_all_malformed(const std::vector<refused_request>& cases) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  std::uint32_t stream = 1;
  for (const refused_request& each : cases) {
    const h2_answer got = client.ask(stream, each.fields);
    EXPECT_EQ(got.reset.value_or(0), h2::protocol_error) << each.what;
    EXPECT_EQ(got.status, 0) << each.what;
    stream += 2;
  }
  EXPECT_EQ(origin.received(), "");
  EXPECT_EQ(client.ask(stream, http2_client::request()).status, 200) << "the connection is not to blame";
}

TEST(http2_request, h02_fields_of_an_http1_connection_are_malformed) {
  expect_all_malformed({
      {"H2.TE", with({{"transfer-encoding", "chunked"}})},
      {"empty", with({{"transfer-encoding", ""}})},
      {"connection", with({{"connection", "close"}})},
      {"keep-alive", with({{"keep-alive", "timeout=5"}})},
      {"proxy-connection", with({{"proxy-connection", "keep-alive"}})},
      {"upgrade", with({{"upgrade", "websocket"}})},
      {"te: gzip", with({{"te", "gzip"}})},
      {"te: trailers, gzip", with({{"te", "trailers, gzip"}})},
  });
}

TEST(http2_request, h03_forbidden_bytes_in_fields_are_malformed) {
  std::vector<refused_request> cases;
  for (const char* value : {"a\rb", "a\nb", "a\r\nX-Evil: 1", "a\r\n\r\nGET / HTTP/1.1", " a", "a ", "\ta", "a\t", "\x7f", "\x01"})
    cases.push_back({std::string("value ") + value, with({{"x-field", value}})});
  cases.push_back({"NUL in a value", with({{"x-field", std::string("a\0b", 3)}})});
  for (const char* name : {"", "X-Upper", "x y", "x:y", "x\r\ny", "x\n", "x\r", "x\t", "host\r\nx", "x(", "x\x80", "xZ"})
    cases.push_back({std::string("name ") + name, with({{name, "v"}})});
  cases.push_back({"NUL in a name", with({{std::string("a\0b", 3), "v"}})});
  expect_all_malformed(cases);
}

TEST(http2_request, h04_pseudo_fields_hold_what_they_are_named_for) {
  std::vector<refused_request> cases;
  for (const char* path : {"", "a", "*", "/a b", "/a\r\nX: y", "/a\n", "/#x", "/a\t", "/\x80", "/\x7f", "http://app.test/"})
    cases.push_back({std::string("path ") + path, instead(":path", path)});
  for (const char* method : {"", "GET ", "GET / HTTP/1.1\r\nX: y", "G\nT", "GET\t", "G(T", " GET"})
    cases.push_back({std::string("method ") + method, instead(":method", method)});
  for (const char* scheme : {"", "http://evil/", "ftp", "https:", "HTTPS"})
    cases.push_back({std::string("scheme ") + scheme, instead(":scheme", scheme)});
  for (const char* name : {"", "a@b", "a/b", "a,b", "a b", "app.test\r\nX: y", "app.test:99999", "app.test:", "[::1", "a\x80"})
    cases.push_back({std::string("authority ") + name, instead(":authority", name)});
  for (const char* name : {":method", ":scheme", ":path", ":authority"})
    cases.push_back({std::string("without ") + name, without(name)});
  expect_all_malformed(cases);
}

TEST(http2_request, h05_one_name_wins_everywhere) {
  h2_fields host_only = without(":authority");
  host_only.emplace_back("host", "app.test");
  h2_fields twice = without(":authority");
  twice.insert(twice.end(), {{"host", "app.test"}, {"host", "app.test"}});
  expect_all_malformed({
      {"differs", with({{"host", "evil.test"}})},
      {"another port", with({{"host", "app.test:8443"}})},
      {"invalid", with({{"host", "app.test, evil.test"}})},
      {"empty", with({{"host", ""}})},
      {"twice", twice},
      {"twice beside authority", with({{"host", "app.test"}, {"host", "app.test"}})},
      {"neither", without(":authority")},
  });
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  EXPECT_EQ(client.ask(1, host_only).status, 200);
  EXPECT_EQ(client.ask(3, with({{"host", "app.test:443"}})).status, 200) << "the default port is no difference";
  const std::string seen = origin.received();
  EXPECT_EQ(seen.find("app.test:443"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nHost: app.test\r\n"), std::string::npos) << seen;
}

TEST(http2_request, h06_pseudo_fields_come_once_first_and_are_those_of_a_request) {
  h2_fields late = without(":path");
  late.insert(late.end(), {{"x-field", "1"}, {":path", "/"}});
  expect_all_malformed({
      {"behind a field", late},
      {"unknown", with({{":unknown", "1"}})},
      {"unknown first", {{":method", "GET"}, {":x", "1"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "/"}}},
      {"twice", {{":method", "GET"}, {":method", "GET"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "/"}}},
      {"path twice", {{":method", "GET"}, {":path", "/"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "/"}}},
      {"of a response", {{":status", "200"}, {":method", "GET"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "/"}}},
      {"protocol without CONNECT",
       {{":method", "GET"}, {":protocol", "websocket"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "/"}}},
      {"CONNECT with a path", instead(":method", "CONNECT")},
      {"protocol behind a field", {{":method", "CONNECT"}, {":scheme", "https"}, {":authority", "app.test"}, {":path", "/"}, {"x", "1"}, {":protocol", "websocket"}}},
  });
}

TEST(http2_request, s39_connect_is_not_served) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const h2_answer got = client.ask(1, {{":method", "CONNECT"}, {":authority", "app.test:443"}});
  EXPECT_EQ(got.status, 405);
  EXPECT_EQ(origin.received(), "");
}

TEST(http2_request, h01_a_body_has_the_length_that_was_announced) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.record(each.stream().read_to_end());  // never answers
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const auto post = [](std::uint32_t stream, const std::string& length, bool ends = false) {
    return http2_client::headers(stream, http2_client::request("POST", "/", {{"content-length", length}}), ends);
  };
  client.send(post(1, "5", true));
  EXPECT_EQ(client.answer(1).reset.value_or(0), h2::protocol_error) << "no body at all";
  EXPECT_EQ(origin.connections(), 0);
  client.send(post(3, "5") + http2_client::data(3, "123", true));
  EXPECT_EQ(client.answer(3).reset.value_or(0), h2::protocol_error) << "less";
  client.send(post(5, "5") + http2_client::data(5, "1234567", true));
  EXPECT_EQ(client.answer(5).reset.value_or(0), h2::protocol_error) << "more";
  client.send(post(7, "5") + http2_client::data(7, "123") + http2_client::data(7, "4567"));
  EXPECT_EQ(client.answer(7).reset.value_or(0), h2::protocol_error) << "more, in two frames";
  EXPECT_TRUE(origin.wait_for_ended(origin.connections())) << "what had begun is aborted";
  for (const char* bad : {"-5", "+5", "5,5", "0x5", "05", "", "99999999999999999999"}) {
    static std::uint32_t stream = 9;
    client.send(post(stream, bad));
    EXPECT_EQ(client.answer(stream).reset.value_or(0), h2::protocol_error) << bad;
    stream += 2;
  }
  EXPECT_TRUE(client.settle());
}

TEST(http2_request, h07_the_backend_learns_how_the_body_ends) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const auto seen_by_backend = [&](const std::string& bytes, std::uint32_t stream) {
    const std::size_t before = origin.received().size();
    client.send(bytes);
    EXPECT_EQ(client.answer(stream).status, 200);
    return origin.received().substr(before);
  };
  const std::string open =
      seen_by_backend(http2_client::headers(1, http2_client::request("POST"), false) +
                          http2_client::data(1, "hello") + http2_client::data(1, "", true),
                      1);
  EXPECT_NE(open.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << open;
  EXPECT_TRUE(open.ends_with("hello")) << open;
  EXPECT_EQ(open.find("Content-Length"), std::string::npos) << open;
  const std::string known = seen_by_backend(
      http2_client::headers(3, http2_client::request("POST", "/", {{"content-length", "5"}}), false) +
          http2_client::data(3, "hello", true),
      3);
  EXPECT_NE(known.find("Content-Length: 5\r\n"), std::string::npos) << known;
  std::uint32_t stream = 5;
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    const std::string none = seen_by_backend(http2_client::headers(stream, http2_client::request(method)), stream);
    EXPECT_NE(none.find("Content-Length: 0\r\n"), std::string::npos) << none;
    stream += 2;
  }
  const std::string get = seen_by_backend(http2_client::headers(stream, http2_client::request()), stream);
  EXPECT_EQ(get.find("Content-Length"), std::string::npos) << get;
  EXPECT_EQ(get.find("Transfer-Encoding"), std::string::npos) << get;
}

TEST(http2_request, h08_cookie_crumbs_are_joined) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  EXPECT_EQ(client.ask(1, with({{"cookie", "a=1"}, {"x-field", "1"}, {"cookie", "b=2"}, {"cookie", "c=3"}})).status, 200);
  const std::string seen = origin.received();
  EXPECT_NE(seen.find("\r\ncookie: a=1; b=2; c=3\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("cookie", seen.find("cookie") + 1), std::string::npos) << seen;
}

TEST(http2_request, h09_trailers_hold_no_control_data) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const auto begin = [](std::uint32_t stream) {
    return http2_client::headers(stream, http2_client::request("POST"), false) + http2_client::data(stream, "hi");
  };
  client.send(begin(1) + http2_client::headers(1, {{"x-sum", "7"},
                                                   {"content-length", "99"},
                                                   {"host", "evil.test"},
                                                   {"authorization", "Basic eA=="},
                                                   {"x-forwarded-for", "6.6.6.6"}}));
  EXPECT_EQ(client.answer(1).status, 200);
  EXPECT_TRUE(origin.received().ends_with("hix-sum: 7\r\n")) << origin.received();
  EXPECT_EQ(origin.received().find("evil"), std::string::npos);
  EXPECT_EQ(origin.received().find("6.6.6.6"), std::string::npos);
  std::uint32_t stream = 3;
  for (const h2_fields& bad : {h2_fields{{":path", "/"}}, h2_fields{{":status", "200"}}, h2_fields{{"transfer-encoding", "chunked"}},
                               h2_fields{{"connection", "close"}}, h2_fields{{"X-Upper", "1"}}, h2_fields{{"x", "a\r\nb"}}}) {
    client.send(begin(stream) + http2_client::headers(stream, bad));
    EXPECT_EQ(client.answer(stream).reset.value_or(0), h2::protocol_error) << bad.front().first;
    stream += 2;
  }
  client.send(begin(stream) + http2_client::headers(stream, {{"x-sum", "7"}}, false));
  EXPECT_EQ(client.answer(stream).reset.value_or(0), h2::protocol_error) << "trailers that are not the end";
}

TEST(http2_request, h11_what_a_backend_may_not_say_never_becomes_http2) {
  const raw_origin origin([](raw_origin::connection& each) {
    const std::string head = each.request().head;
    const std::string_view path = std::string_view(head).substr(4, head.find(' ', 4) - 4);
    const std::string field = path == "/nul"    ? std::string("X: a\0b", 6)
                              : path == "/name" ? "X Y: 1"
                              : path == "/lf"   ? "X: a\nEvil: 1"
                              : path == "/fold" ? "X: a\r\n b"
                                                : "X: \x01";
    each.write("HTTP/1.1 200 OK\r\n" + field + "\r\nContent-Length: 2\r\n\r\nok");
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  std::uint32_t stream = 1;
  for (const char* path : {"/nul", "/name", "/lf", "/fold", "/control"}) {
    EXPECT_EQ(client.ask(stream, http2_client::request("GET", path)).status, 502) << path;
    stream += 2;
  }
}

TEST(http2_request, s32_an_expectation_is_answered_once_and_only_if_the_client_waits) {
  const raw_origin origin(raw_origin::answering("HTTP/1.1 100 Continue\r\n\r\n" + ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST", "/", {{"expect", "100-continue"}}), false));
  while (client.state(1).interims.empty()) ASSERT_NE(client.next().type, 0xff);
  client.send(http2_client::data(1, "hello", true));
  const h2_answer got = client.answer(1);
  EXPECT_EQ(got.interims, std::vector<int>{100}) << "h12: the backend's own 100 is not passed on";
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(client.ask(3, http2_client::request("POST", "/", {{"expect", "magic"}})).status, 417);
}

}  // namespace
}  // namespace cardea::proxy
