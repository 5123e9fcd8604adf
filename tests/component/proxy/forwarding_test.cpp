// Goal: what a backend and a client get of one another's messages, byte by byte.
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy {
namespace {

using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}
bool names(const std::string& head, const std::string& name) {
  return head.find("\r\n" + name + ":") != std::string::npos;
}

/// The response to one GET / when the backend answers with these bytes and closes.
http_answer relayed(const std::string& response, const std::string& request = get()) {
  const raw_origin origin([&response](raw_origin::connection& each) {
    if (!each.request().head.empty()) each.write(response);
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  return client.ask(request);
}

/// What the backend gets when a client sends these bytes.
std::string forwarded(const std::string& request) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(request).status, 200) << request;
  return origin.received();
}

TEST(forwarding, t09_hop_by_hop_fields_do_not_reach_the_backend) {
  const std::string seen =
      forwarded(get("/",
                    "Connection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n"
                    "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n"
                    "TE: gzip, trailers\r\nTrailer: X-T\r\nUpgrade: foo\r\nX-End: 2\r\n"));
  for (const char* name : {"Connection", "Keep-Alive", "X-Hop", "Proxy-Connection", "Proxy-Authorization",
                           "TE", "Trailer", "Upgrade", "Transfer-Encoding"})
    EXPECT_FALSE(names(seen, name)) << name << " in:\n" << seen;
  EXPECT_TRUE(has_line(seen, "X-End: 2")) << seen;
  EXPECT_TRUE(names(forwarded(get("/", "TE: trailers\r\n")), "TE")) << "kept: a gRPC backend asks for it";
}

TEST(forwarding, t09_hop_by_hop_fields_do_not_reach_the_client) {
  const http_answer answer = relayed(
      ok("ok",
         "Connection: X-Hop, keep-alive\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nProxy-Authenticate: Basic\r\n"
         "Proxy-Connection: x\r\nTrailer: X-T\r\nUpgrade: h2c\r\nX-End: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: "
         "b=2\r\n"));
  for (const char* name :
       {"Connection", "Keep-Alive", "X-Hop", "Proxy-Authenticate", "Proxy-Connection", "Trailer", "Upgrade"})
    EXPECT_FALSE(answer.has(name)) << name << " in:\n" << answer.head;
  EXPECT_TRUE(answer.has_line("X-End: 2")) << answer.head;
  EXPECT_TRUE(answer.has_line("Set-Cookie: a=1")) << answer.head;
  EXPECT_TRUE(answer.has_line("Set-Cookie: b=2")) << answer.head;
  EXPECT_EQ(answer.body, "ok");
}

TEST(forwarding, t10_a_client_cannot_strip_fields_by_listing_them) {
  const std::string seen = forwarded(
      "POST / HTTP/1.1\r\nHost: app.test\r\nConnection: Host, Content-Length, X-Forwarded-For, "
      "Authorization, Cookie\r\n"
      "Authorization: Bearer x\r\nCookie: c=1\r\nContent-Length: 2\r\n\r\nhi");
  for (const char* line : {"Host: app.test", "Content-Length: 2", "X-Forwarded-For: 127.0.0.1",
                           "Authorization: Bearer x", "Cookie: c=1"})
    EXPECT_TRUE(has_line(seen, line)) << line << " in:\n" << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\nhi")) << seen;
}

TEST(forwarding, t11_forwarded_fields_of_strangers_are_not_believed) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(get(
      "/",
      "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: http\r\nX-Forwarded-Host: evil.test\r\n"
      "X-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-Other: evil\r\nX-Real-IP: 6.6.6.6\r\n"
      "Forwarded: for=6.6.6.6\r\nVia: 1.1 evil\r\nX_Forwarded_For: 6.6.6.6\r\nProxy: http://evil.test/\r\n"));
  EXPECT_EQ(answer.status, 200);
  const std::string seen = origin.received();
  EXPECT_EQ(seen.find("6.6.6.6"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("evil"), std::string::npos) << seen;
  EXPECT_FALSE(names(seen, "x-forwarded-proto")) << seen;
  for (const std::string& line :
       {std::string("X-Forwarded-For: 127.0.0.1"), std::string("X-Forwarded-Proto: https"),
        std::string("X-Forwarded-Host: app.test"), "X-Forwarded-Port: " + std::to_string(proxy.port())})
    EXPECT_TRUE(has_line(seen, line)) << line << " in:\n" << seen;
}

TEST(forwarding, t06_host_travels_as_the_client_wrote_it) {
  for (const std::string host : {"APP.test", "app.test:443", "app.test."}) {
    const std::string seen = forwarded("GET /p?q=%2f HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    EXPECT_TRUE(seen.starts_with("GET /p?q=%2f HTTP/1.1\r\n")) << seen;
    EXPECT_TRUE(has_line(seen, "Host: " + host)) << seen;
  }
}

TEST(forwarding, t04_absolute_form_becomes_origin_form_with_the_same_host) {
  const std::string seen = forwarded("GET https://app.test/p?q HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_TRUE(seen.starts_with("GET /p?q HTTP/1.1\r\nHost: app.test\r\n")) << seen;
}

TEST(forwarding, v01_another_host_on_the_connection_is_misdirected_only_when_that_is_strict) {
  const raw_origin origin(raw_origin::answering(ok()));
  for (const bool strict : {true, false}) {
    config::entrypoint_section section;
    section.strict_host = strict;
    const proxy_under_test proxy(
        {tests::route_to(origin.port()), tests::route_to(origin.port(), "other.test")}, section);
    tls_client client = proxy.connect({.server_name = "app.test"});
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: APP.test:443\r\n\r\n").status, 200);
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n").status, strict ? 421 : 200);
    tls_client nameless = proxy.connect({.server_name = ""});
    EXPECT_EQ(nameless.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n").status, 200);
  }
}

TEST(forwarding, s35_answers_without_a_body_keep_their_fields_and_the_connection) {
  const raw_origin origin([](raw_origin::connection& each) {
    while (true) {
      const std::string head = each.request().head;
      if (head.empty()) return;
      if (head.starts_with("HEAD /length")) each.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      if (head.starts_with("HEAD /chunked"))
        each.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      if (head.starts_with("GET /none")) each.write("HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n");
      if (head.starts_with("GET /same"))
        each.write("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 7\r\n\r\n");
    }
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send("HEAD /length HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_TRUE(client.answer(true).has_line("Content-Length: 1000"));
  client.send("HEAD /chunked HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(client.answer(true).status, 200);
  const http_answer none = client.ask(get("/none"));
  EXPECT_EQ(none.status, 204);
  EXPECT_FALSE(none.has("Content-Length")) << none.head;
  EXPECT_FALSE(none.has("Transfer-Encoding")) << none.head;
  const http_answer same = client.ask(get("/same"));
  EXPECT_EQ(same.status, 304);
  EXPECT_TRUE(same.has_line("ETag: \"x\"")) << same.head;
  EXPECT_TRUE(client.stream().stays_silent(std::chrono::milliseconds(50))) << "a byte behind a 304";
  EXPECT_EQ(origin.connections(), 1) << "the backend's connection is as good as before";
}

TEST(forwarding, s35_a_body_that_must_not_be_there_is_no_answer_to_the_next_request) {
  const raw_origin origin([](raw_origin::connection& each) {
    while (!each.request().head.empty())
      each.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 40\r\n\r\n" + ok("smuggled"));
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get()).status, 304);
  EXPECT_EQ(origin.connections(), 3);
}

TEST(forwarding, u05_interim_responses_pass_in_order) {
  const http_answer hint =
      relayed("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close\r\n\r\n" + ok());
  EXPECT_EQ(hint.status, 103);
  EXPECT_TRUE(hint.has_line("Link: </a>")) << hint.head;
  EXPECT_FALSE(hint.has("Connection")) << hint.head;

  const raw_origin origin(raw_origin::answering(
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n" + ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    client.send(get());
    for (const int status : {102, 103, 200}) EXPECT_EQ(client.answer().status, status);
  }
  client.send("GET / HTTP/1.0\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(client.answer().status, 200) << "HTTP/1.0 knows no interim responses";
}

TEST(forwarding, u05_interim_responses_are_counted) {
  std::string many;
  for (int i = 0; i < 50; ++i) many += "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const raw_origin origin(raw_origin::answering(many + ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(get());
  int interims = 0;
  http_answer last = client.answer();
  for (; last.status == 103; last = client.answer()) ++interims;
  EXPECT_LE(interims, 8);
  EXPECT_EQ(last.status, 502);
}

TEST(forwarding, u05_interim_responses_beyond_memory_do_not_break_the_answer) {
  const std::string big =
      "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(40'000, 'a') + "\r\nX-End: 1\r\n\r\n";
  const raw_origin origin(raw_origin::answering(big + big + big + ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(get());
  http_answer last = client.answer();
  for (; last.status == 103; last = client.answer()) {
    EXPECT_TRUE(last.has_line("X-End: 1"));
    EXPECT_EQ(last.value("Link").size(), 40'000U);
  }
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.body, "ok");
}

TEST(forwarding, s32_a_client_that_waits_is_told_to_continue_once) {
  const raw_origin origin(raw_origin::answering("HTTP/1.1 100 Continue\r\n\r\n" + ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    client.send("POST / HTTP/1.1\r\nHost: app.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(client.answer().status, 100);
    client.send("hello");
    EXPECT_EQ(client.answer().status, 200) << "a second 100 would be taken for the answer";
  }
  EXPECT_FALSE(names(origin.received(), "Expect")) << origin.received();
}

TEST(forwarding, u06_trailers_travel_both_ways) {
  const raw_origin origin(
      raw_origin::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\nContent-Length: 3\r\n\r\n"));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    const http_answer answer = client.ask(
        "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
        "X-Sum: 7\r\nHost: evil.test\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.trailers, "grpc-status: 0\r\n");
    EXPECT_TRUE(answer.complete);
  }
  const std::string seen = origin.received();
  EXPECT_TRUE(seen.ends_with("hiX-Sum: 7\r\n")) << seen;
  EXPECT_EQ(seen.find("evil"), std::string::npos) << "S21: " << seen;
  EXPECT_EQ(seen.find("6.6.6.6"), std::string::npos) << "S21: " << seen;
}

TEST(forwarding, framing_is_written_anew_and_bodies_stay_the_same) {
  const http_answer chunked =
      relayed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nh\r\n4\r\nello\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.has_line("Transfer-Encoding: chunked")) << chunked.head;
  EXPECT_EQ(chunked.body, "hello");
  EXPECT_TRUE(chunked.complete);
  const http_answer length = relayed(ok("hello"));
  EXPECT_TRUE(length.has_line("Content-Length: 5")) << length.head;
  EXPECT_EQ(length.body, "hello");
  const http_answer empty = relayed(ok(""));
  EXPECT_TRUE(empty.has_line("Content-Length: 0")) << empty.head;
}

TEST(forwarding, u07_a_body_that_ends_with_the_connection_reaches_the_client_as_chunks) {
  for (const char* version : {"HTTP/1.0", "HTTP/1.1"}) {
    const http_answer answer = relayed(std::string(version) + " 200 OK\r\nX-A: b\r\n\r\nhello");
    EXPECT_TRUE(answer.has_line("Transfer-Encoding: chunked")) << answer.head;
    EXPECT_EQ(answer.body, "hello");
    EXPECT_TRUE(answer.complete);
  }
}

TEST(forwarding, a_client_of_http10_gets_no_chunks_and_its_version_of_keep_alive) {
  const raw_origin origin([](raw_origin::connection& each) {
    while (true) {
      const std::string head = each.request().head;
      if (head.empty()) return;
      each.write(
          head.starts_with("GET /length")
              ? ok("hello")
              : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n");
    }
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  const http_answer length =
      client.ask("GET /length HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(length.body, "hello");
  EXPECT_TRUE(length.has_line("Connection: keep-alive")) << length.head;
  const http_answer chunked =
      client.ask("GET /chunked HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_FALSE(chunked.has("Transfer-Encoding")) << chunked.head;
  EXPECT_TRUE(chunked.has_line("Connection: close")) << chunked.head;
  EXPECT_EQ(chunked.body, "hello");
  EXPECT_TRUE(chunked.complete) << "close_notify ends the body";
  EXPECT_NE(origin.received().find("GET /chunked HTTP/1.1\r\n"), std::string::npos);
}

TEST(forwarding, t05_options_asterisk_passes_as_it_is) {
  EXPECT_TRUE(
      forwarded("OPTIONS * HTTP/1.1\r\nHost: app.test\r\n\r\n").starts_with("OPTIONS * HTTP/1.1\r\n"));
}

TEST(forwarding, connections_to_the_backend_are_used_again) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  for (int i = 0; i < 3; ++i) {
    tls_client client = proxy.connect();
    for (int j = 0; j < 3; ++j) EXPECT_EQ(client.ask(get()).status, 200);
  }
  EXPECT_EQ(origin.connections(), 1);
}

TEST(forwarding, a_client_that_says_close_is_closed_in_an_orderly_way) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(get("/", "Connection: close\r\n"));
  EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
  EXPECT_EQ(client.stream().read_to_end(), "");
  EXPECT_EQ(client.stream().end(), tests::stream_end::orderly);
  EXPECT_FALSE(names(origin.received(), "Connection")) << "the backend's connection stays";
}

}  // namespace
}  // namespace cardea::proxy
