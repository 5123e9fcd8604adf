// Goal: whatever a backend does, its client gets an answer that says what happened,
// or sees that what it got is not all of it.
#include "tests/support/proxy_under_test.hpp"

#include <ctime>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::stream_end;
using tests::tls_client;

TEST(failure, u01_a_refused_connection_is_a_502_and_the_client_may_go_on) {
  const tests::reserved_port nobody;
  const proxy_under_test proxy({tests::route_to(nobody.number())});
  tls_client client = proxy.connect();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client.ask(get()).status, 502);
}

TEST(failure, u01_the_next_address_is_tried) {
  const tests::reserved_port nobody;
  const raw_origin origin(raw_origin::answering(ok()));
  routing::route route = tests::route_to(nobody.number());
  route.upstream.backends[0].addresses.push_back(base::address::from_parts("127.0.0.1", origin.port()).value());
  const proxy_under_test proxy({route});
  EXPECT_EQ(proxy.connect().ask(get()).status, 200);
}

TEST(failure, u01_a_backend_that_accepts_nobody_is_a_504) {
  // A full accept queue: the kernel drops further SYNs without an answer.
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&where), size), 0);
  ASSERT_EQ(listen(fd, 0), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
  const tests::byte_stream filler = tests::byte_stream::connect(ntohs(where.sin_port));
  config::entrypoint_section section;
  section.limits.connect_timeout = 200ms;
  const proxy_under_test proxy({tests::route_to(ntohs(where.sin_port))}, section);
  EXPECT_EQ(proxy.connect().ask(get()).status, 504);
  ::close(fd);
}

TEST(failure, a_backend_that_says_nothing_is_a_504) {
  const raw_origin origin([](raw_origin::connection& each) { each.record(each.stream().read_to_end()); });
  routing::route route = tests::route_to(origin.port());
  route.response_header_timeout = 200ms;
  const proxy_under_test proxy({route});
  EXPECT_EQ(proxy.connect().ask(get()).status, 504);
  EXPECT_TRUE(origin.wait_for_ended(1)) << "what it would say later answers nobody";
}

TEST(failure, interim_responses_do_not_put_off_the_timeout) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    for (int i = 0; i < 8; ++i) {
      if (!each.write("HTTP/1.1 102 Processing\r\n\r\n")) return;
      if (!each.stream().stays_silent(100ms)) return;
    }
    each.stall();
  });
  routing::route route = tests::route_to(origin.port());
  route.response_header_timeout = 300ms;
  const proxy_under_test proxy({route});
  tls_client client = proxy.connect();
  client.send(get());
  http_answer last = client.answer();
  int interims = 0;
  for (; last.status == 102; last = client.answer()) ++interims;
  EXPECT_EQ(last.status, 504);
  EXPECT_LE(interims, 4);
}

TEST(failure, no_route_is_a_404_and_no_address_a_503) {
  routing::route unresolved = tests::route_to(1);
  unresolved.upstream.backends[0].addresses.clear();
  const proxy_under_test proxy({unresolved});
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 503);
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n").status, 404);
  EXPECT_EQ(client.ask("GET / HTTP/1.0\r\n\r\n").status, 404) << "HTTP/1.0 without a Host";
}

TEST(failure, s34_a_response_that_breaks_the_protocol_is_a_502) {
  const char* const responses[] = {
      "garbage\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
      "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
      "HTTP/1.1 099 Odd\r\n\r\n",
      "HTTP/1.1 2000 Odd\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
  };
  for (const char* response : responses) {
    const raw_origin origin([response](raw_origin::connection& each) {
      each.head();
      each.write(response);
      each.record(each.stream().read_to_end());
    });
    const proxy_under_test proxy(origin);
    tls_client client = proxy.connect();
    const http_answer answer = client.ask(get());
    EXPECT_EQ(answer.status, 502) << response;
    EXPECT_EQ(answer.body.find("garbage"), std::string::npos);
    EXPECT_TRUE(client.stream().stays_silent(20ms)) << response;
    EXPECT_TRUE(origin.wait_for_ended(1)) << "its connection is of no more use: " << response;
  }
}

TEST(failure, s34_a_response_head_beyond_the_limit_is_a_502) {
  const raw_origin origin(raw_origin::answering(ok("ok", "X-Big: " + std::string(9000, 'a') + "\r\n")));
  config::entrypoint_section section;
  section.limits.response_head_bytes_max = 8192;
  EXPECT_EQ(proxy_under_test(origin, section).connect().ask(get()).status, 502);
  EXPECT_EQ(proxy_under_test(origin).connect().ask(get()).status, 200);
}

TEST(failure, s34_bytes_behind_an_answer_belong_to_no_other_request) {
  const raw_origin origin(raw_origin::answering(ok() + ok("smuggled")));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get()).body, "ok");
  EXPECT_EQ(origin.connections(), 3);
}

TEST(failure, s34_what_an_idle_backend_says_answers_nobody) {
  const raw_origin origin([](raw_origin::connection& each) {
    if (each.request().head.empty()) return;
    each.write(ok("first"));
    if (!each.stream().stays_silent(100ms)) return;
    if (each.number() == 1) each.write(ok("unasked"));
    each.stall();
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get()).body, "first");
  EXPECT_TRUE(client.stream().stays_silent(300ms));
  EXPECT_EQ(client.ask(get()).body, "first");
  EXPECT_EQ(origin.connections(), 2);
}

struct broken_body {
  const char* what;
  const char* response;
  bool resets;
};
constexpr broken_body broken_bodies[] = {
    {"before the last byte", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", false},
    {"before the last byte", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", true},
    {"before any byte", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", false},
    {"before the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false},
    {"before the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true},
    {"within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", false},
    {"within the trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n", false},
    {"in a broken chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
     false},
    {"a reset without a length", "HTTP/1.1 200 OK\r\n\r\nhello", true},
};

TEST(failure, u03_an_answer_that_is_cut_short_never_looks_complete) {
  for (const broken_body& each : broken_bodies) {
    for (const char* version : {"HTTP/1.1", "HTTP/1.0"}) {
      const raw_origin origin([&each](raw_origin::connection& connection) {
        connection.head();
        connection.write(each.response);
        if (!connection.stream().stays_silent(30ms)) return;
        if (each.resets) connection.stream().reset();
      });
      const proxy_under_test proxy(origin);
      tls_client client = proxy.connect();
      const http_answer answer = client.ask("GET / " + std::string(version) + "\r\nHost: app.test\r\n\r\n");
      EXPECT_TRUE(answer.status == 200 || answer.status == 0) << each.what << " " << version;
      EXPECT_FALSE(answer.complete) << each.what << " " << version;
      static_cast<void>(client.stream().read_to_end());
      EXPECT_NE(client.stream().end(), stream_end::orderly) << each.what << " " << version;
      EXPECT_NE(client.stream().end(), stream_end::timed_out) << each.what << " " << version;
    }
  }
}

TEST(failure, u03_a_backend_that_dies_before_its_head_is_a_502) {
  for (const char* response : {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le"}) {
    for (const bool resets : {false, true}) {
      const raw_origin origin([&](raw_origin::connection& each) {
        each.head();
        each.write(response);
        if (resets) each.stream().reset();
      });
      const proxy_under_test proxy(origin);
      EXPECT_EQ(proxy.connect().ask(get()).status, 502) << response;
      EXPECT_EQ(origin.connections(), 1) << "a fresh connection that died is no stale one";
    }
  }
}

/// Serves one request on its first connection and dies with the second one.
raw_origin::script dies_when_used_again(bool resets, const std::string& last_words) {
  return [=](raw_origin::connection& each) {
    if (each.request().head.empty()) return;
    each.write(ok("answer " + std::to_string(each.number())));
    if (each.number() > 1) return each.stall();
    each.head();
    each.write(last_words);
    if (resets) each.stream().reset();
  };
}

TEST(failure, u02_a_stale_connection_costs_a_request_that_may_be_repeated_nothing) {
  for (const bool resets : {false, true}) {
    for (const char* method : {"GET", "HEAD", "OPTIONS", "DELETE", "PUT"}) {
      const raw_origin origin(dies_when_used_again(resets, ""));
      const proxy_under_test proxy(origin);
      tls_client client = proxy.connect();
      EXPECT_EQ(client.ask(get()).body, "answer 1");
      client.send(std::string(method) + " /again HTTP/1.1\r\nHost: app.test\r\n\r\n");
      EXPECT_EQ(client.answer(std::string(method) == "HEAD").status, 200) << method;
      EXPECT_EQ(origin.connections(), 2) << method;
    }
  }
}

TEST(failure, u02_a_request_that_must_not_be_repeated_is_sent_once) {
  for (const char* request : {"POST /once HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n",
                              "POST /once HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi",
                              "PATCH /once HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n",
                              "PUT /once HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\n\r\nhi"}) {
    const raw_origin origin(dies_when_used_again(false, ""));
    const proxy_under_test proxy(origin);
    tls_client client = proxy.connect();
    EXPECT_EQ(client.ask(get()).body, "answer 1");
    EXPECT_EQ(client.ask(request).status, 502) << request;
    EXPECT_EQ(origin.connections(), 1) << request;
  }
}

TEST(failure, u02_nothing_is_repeated_after_the_first_byte_of_an_answer) {
  const raw_origin origin(dies_when_used_again(false, "HTTP/1.1 2"));
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get()).body, "answer 1");
  EXPECT_EQ(client.ask(get()).status, 502);
  EXPECT_EQ(origin.connections(), 1);
}

TEST(failure, u02_a_request_is_repeated_once_only) {
  const raw_origin origin([](raw_origin::connection& each) {
    if (each.request().head.empty()) return;
    if (each.number() > 1) return;
    each.write(ok());
    each.head();
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(client.ask(get()).status, 502);
  EXPECT_EQ(origin.connections(), 2);
}

TEST(failure, u09_a_client_that_resets_ends_the_exchange_with_the_backend) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.record(each.stream().read_to_end());
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(get());
  ASSERT_TRUE(tests::eventually([&] { return !origin.received().empty(); }));
  client.stream().reset();
  EXPECT_TRUE(origin.wait_for_ended(1));
}

TEST(failure, u08_a_client_that_ends_its_side_still_gets_its_answer) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    if (!each.stream().stays_silent(300ms)) return;
    each.write(ok());
  });
  const proxy_under_test proxy(origin);
  tls_client client = proxy.connect();
  client.send(get());
  client.stream().end_writing();
  const std::clock_t begin = std::clock();
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_LT((std::clock() - begin) * 1000 / CLOCKS_PER_SEC, 150) << "CPU time of the wait";
}

}  // namespace
}  // namespace cardea::proxy
