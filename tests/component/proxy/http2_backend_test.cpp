// Goal: many exchanges share a connection to a backend that speaks HTTP/2, and none pays for another.
#include "tests/support/http2_backend.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::h2_answer;
using tests::h2_frame;
using tests::h2_request;
using tests::http2_backend;
using tests::http2_client;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::route_to;
namespace h2 = tests::h2;

routing::route h2c_route(const raw_origin& to) {
  routing::route out = route_to(to.port());
  out.upstream.backends[0].http2 = true;
  return out;
}

TEST(http2_backend, a_request_arrives_as_it_was_meant) {
  const raw_origin origin(http2_backend::playing([](http2_backend& backend, int) { backend.answer_all(); }));
  const proxy_under_test proxy({h2c_route(origin)});
  auto client = proxy.connect();
  const auto answer = client.ask(
      "GET /a?b=c HTTP/1.1\r\nHost: app.test\r\nX-Own: 1\r\nConnection: keep-alive, x-hop\r\nX-Hop: 2\r\nKeep-Alive: 5\r\n"
      "TE: trailers\r\nX-Forwarded-For: 9.9.9.9\r\nCookie: a=1; b=2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.head.substr(0, 15), "HTTP/1.1 200 OK") << "HTTP/2 has no phrase, its clients of HTTP/1 want one";
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(origin.received(),
            ":method: GET\n:scheme: http\n:authority: app.test\n:path: /a?b=c\nx-own: 1\nte: trailers\ncookie: a=1; b=2\n"
            "x-forwarded-host: app.test\nx-forwarded-for: 127.0.0.1\nx-forwarded-proto: https\nx-forwarded-port: " +
                std::to_string(proxy.port()) + "\n\n");
}

TEST(http2_backend, exchanges_share_one_connection_and_end_in_any_order) {
  const raw_origin origin(http2_backend::playing([](http2_backend& backend, int) {
    const h2_request first = backend.request();
    const h2_request second = backend.request();
    backend.answer(second.stream, "second");
    backend.answer(first.stream, "first");
    backend.answer_all();
  }));
  const proxy_under_test proxy({h2c_route(origin)});
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()) + http2_client::headers(3, http2_client::request()));
  EXPECT_EQ(client.answer(1).body, "first");
  EXPECT_EQ(client.answer(3).body, "second");
  EXPECT_EQ(client.ask(5, http2_client::request()).body, "ok");
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, who_comes_while_a_connection_is_made_waits_for_it) {
  const raw_origin origin(http2_backend::playing([](http2_backend& backend, int) { backend.answer_all(); }));
  const proxy_under_test proxy({h2c_route(origin)});
  http2_client client(proxy.port());
  std::string requests;
  for (std::uint32_t id = 1; id < 100; id += 2) requests += http2_client::headers(id, http2_client::request());
  client.send(requests);
  for (std::uint32_t id = 1; id < 100; id += 2) EXPECT_EQ(client.answer(id).status, 200) << id;
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, a_body_waits_for_both_windows_of_the_backend) {
  std::promise<std::string> body;
  const raw_origin origin(http2_backend::playing(
      [&](http2_backend& backend, int) {
        backend.answer(backend.request().stream);  // until then the windows are the protocol's
        const h2_request request = backend.request();
        std::string got = backend.await(h2::data).payload;
        EXPECT_EQ(got, "0123456789");
        backend.send(http2_client::ping());
        EXPECT_EQ(backend.next().type, h2::ping) << "no byte beyond the window";
        backend.send(http2_client::window_update(request.stream, 3));
        got += backend.await(h2::data).payload;
        EXPECT_EQ(got, "0123456789abc");
        backend.send(http2_client::window_update(request.stream, 100));
        const h2_frame last = backend.await(h2::data);
        EXPECT_EQ(last.flags & h2::end_stream, h2::end_stream);
        body.set_value(got + last.payload);
        backend.answer(request.stream);
        backend.answer_all();
      },
      http2_client::setting(4, 10)));
  const proxy_under_test proxy({h2c_route(origin)});
  auto client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(client.ask("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 16\r\n\r\n0123456789abcdef").status, 200);
  EXPECT_EQ(body.get_future().get(), "0123456789abcdef");
}

TEST(http2_backend, l03_a_client_that_does_not_read_stops_its_own_answer_and_no_other) {
  std::promise<std::size_t> sent;
  const raw_origin origin(http2_backend::playing([&](http2_backend& backend, int) {
    const h2_request slow = backend.request();
    backend.send(http2_client::headers(slow.stream, {{":status", "200"}}, false));
    // A window's worth, and the second half as it is opened: then nobody takes more.
    std::size_t window = 64 * 1024;
    std::size_t total = 0;
    while (true) {
      while (window > 0) {
        const std::size_t part = std::min<std::size_t>(window, 16'384);
        backend.send(http2_client::data(slow.stream, std::string(part, 'x')));
        window -= part;
        total += part;
      }
      backend.send(http2_client::ping());
      for (h2_frame got = backend.next(); got.type != h2::ping; got = backend.next()) {
        if (got.type == 0xff) return;
        if (got.type == h2::window_update && got.stream == slow.stream) window += got.number();
      }
      if (window == 0) break;
    }
    sent.set_value(total);
    backend.answer_all();
  }));
  const proxy_under_test proxy({h2c_route(origin)});
  // No window at all beyond the protocol's, of which nothing is given back.
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()));
  const std::size_t total = sent.get_future().get();
  EXPECT_GE(total, 65'535U);
  EXPECT_LE(total, 4U * 65'536U);
  auto other = proxy.connect();
  EXPECT_EQ(other.ask(get()).body, "ok") << "over the same connection";
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, h12_interim_heads_are_passed_on_even_if_the_last_one_comes_with_them) {
  const raw_origin origin(http2_backend::playing([](http2_backend& backend, int) {
    const h2_request request = backend.request();
    backend.send(http2_client::headers(request.stream, {{":status", "100"}}, false) +
                 http2_client::headers(request.stream, {{":status", "103"}, {"link", "</a>"}}, false) +
                 http2_client::headers(request.stream, {{":status", "204"}}, true));
    backend.answer_all();
  }));
  const proxy_under_test proxy({h2c_route(origin)});
  http2_client client(proxy.port());
  const h2_answer answer = client.ask(1, http2_client::request());
  EXPECT_EQ(answer.interims, std::vector<int>{103});
  EXPECT_EQ(answer.status, 204);
}

TEST(http2_backend, trailers_go_both_ways) {
  std::promise<std::string> trailer;
  const raw_origin origin(http2_backend::playing([&](http2_backend& backend, int) {
    const h2_request request = backend.request();
    const h2_request trailers = backend.request();
    EXPECT_EQ(trailers.stream, request.stream);
    EXPECT_TRUE(trailers.ends);
    trailer.set_value(trailers.value("x-sum"));
    backend.send(http2_client::headers(request.stream, {{":status", "200"}}, false) +
                 http2_client::data(request.stream, "body") +
                 http2_client::headers(request.stream, {{"grpc-status", "0"}, {"content-length", "9"}}, true));
    backend.answer_all();
  }));
  const proxy_under_test proxy({h2c_route(origin)});
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST"), false) + http2_client::data(1, "abc") +
              http2_client::headers(1, {{"x-sum", "7"}}, true));
  const h2_answer answer = client.answer(1);
  EXPECT_EQ(trailer.get_future().get(), "7");
  EXPECT_EQ(answer.body, "body");
  EXPECT_EQ(answer.trailers, (tests::h2_fields{{"grpc-status", "0"}})) << "what frames is never a trailer (S21)";
}

TEST(http2_backend, an_answer_of_trailers_alone_stays_one) {
  const raw_origin origin(http2_backend::playing([](http2_backend& backend, int) {
    const h2_request request = backend.request();
    backend.send(http2_client::headers(request.stream, {{":status", "200"}, {"grpc-status", "5"}}, true));
    backend.answer_all();
  }));
  const proxy_under_test proxy({h2c_route(origin)});
  http2_client client(proxy.port());
  const h2_answer answer = client.ask(1, http2_client::request("POST"));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.fields, (tests::h2_fields{{":status", "200"}, {"grpc-status", "5"}}));
}

TEST(http2_backend, f01_a_client_that_goes_resets_its_stream_only) {
  std::promise<std::uint32_t> code;
  const raw_origin origin(http2_backend::playing([&](http2_backend& backend, int) {
    static_cast<void>(backend.request());
    code.set_value(backend.await(h2::rst_stream).number());
    backend.answer_all();
  }));
  const proxy_under_test proxy({h2c_route(origin)});
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()));
  ASSERT_TRUE(origin.wait_for_connections(1));
  ASSERT_TRUE(tests::eventually([&] { return !origin.received().empty(); }));
  client.send(http2_client::reset(1));
  EXPECT_EQ(code.get_future().get(), h2::cancel);
  EXPECT_EQ(client.ask(3, http2_client::request()).body, "ok");
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, more_streams_than_the_backend_allows_get_another_connection) {
  std::promise<void> both;
  std::atomic<int> begun{0};
  const raw_origin origin(http2_backend::playing(
      [&](http2_backend& backend, int) {
        const h2_request first = backend.request();
        if (++begun == 2) both.set_value();
        EXPECT_TRUE(tests::eventually([&] { return begun == 2; }));
        backend.answer(first.stream);
        backend.answer_all();
      },
      http2_client::setting(3, 1)));
  const proxy_under_test proxy({h2c_route(origin)});
  // The first one learns what the backend allows.
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()));
  ASSERT_TRUE(tests::eventually([&] { return begun == 1; }));
  ASSERT_TRUE(client.settle());
  client.send(http2_client::headers(3, http2_client::request()));
  EXPECT_EQ(both.get_future().wait_for(5s), std::future_status::ready);
  EXPECT_EQ(client.answer(1).status, 200);
  EXPECT_EQ(client.answer(3).status, 200);
  EXPECT_EQ(origin.connections(), 2);
}

TEST(http2_backend, beyond_the_most_connections_a_request_waits_for_a_stream) {
  std::promise<void> go_on;
  auto released = go_on.get_future().share();
  const raw_origin origin(http2_backend::playing(
      [=](http2_backend& backend, int) {
        const h2_request first = backend.request();
        released.wait_for(5s);
        backend.answer(first.stream, "first");
        backend.answer_all("second");
      },
      http2_client::setting(3, 1)));
  config::entrypoint_section section;
  section.limits.backend_http2_connections_max = 1;
  const proxy_under_test proxy({h2c_route(origin)}, section);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()));
  ASSERT_TRUE(tests::eventually([&] { return !origin.received().empty(); }));
  client.send(http2_client::headers(3, http2_client::request()));
  ASSERT_TRUE(client.settle());
  go_on.set_value();
  EXPECT_EQ(client.answer(1).body, "first");
  EXPECT_EQ(client.answer(3).body, "second");
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, l08_who_waits_too_long_for_a_stream_is_told_to_come_back) {
  const raw_origin origin(http2_backend::playing(
      [](http2_backend& backend, int) {
        static_cast<void>(backend.request());
        static_cast<void>(backend.await(h2::goaway));
      },
      http2_client::setting(3, 1)));
  config::entrypoint_section section;
  section.limits.backend_http2_connections_max = 1;
  section.limits.connect_timeout = 300ms;
  const proxy_under_test proxy({h2c_route(origin)}, section);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()));
  ASSERT_TRUE(tests::eventually([&] { return !origin.received().empty(); }));
  const h2_answer answer = client.ask(3, http2_client::request());
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.value("retry-after"), "2");
}

TEST(http2_backend, what_a_client_stream_asks_is_bounded_by_our_own_limit_too) {
  std::atomic<int> most{0};
  const raw_origin origin(http2_backend::playing([&](http2_backend& backend, int) {
    const h2_request first = backend.request();
    backend.send(http2_client::ping());
    int extra = 0;
    for (h2_frame got = backend.next(); got.type != h2::ping && got.type != 0xff; got = backend.next())
      if (got.type == h2::headers) ++extra;
    most = std::max(most.load(), 1 + extra);
    backend.answer(first.stream);
    backend.answer_all();
  }));
  config::entrypoint_section section;
  section.limits.backend_http2_streams_max = 1;
  const proxy_under_test proxy({h2c_route(origin)}, section);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()) + http2_client::headers(3, http2_client::request()));
  EXPECT_EQ(client.answer(1).status, 200);
  EXPECT_EQ(client.answer(3).status, 200);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(origin.connections(), 2);
}

TEST(http2_backend, an_idle_connection_is_ended_in_order) {
  std::promise<std::uint32_t> code;
  const raw_origin origin(http2_backend::playing([&](http2_backend& backend, int number) {
    const h2_request request = backend.request();
    backend.answer(request.stream);
    if (number == 1) code.set_value(backend.await(h2::goaway).number(4));
  }));
  config::entrypoint_section section;
  section.limits.backend_idle_timeout = 200ms;
  const proxy_under_test proxy({h2c_route(origin)}, section);
  auto client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(code.get_future().get(), h2::no_error);
  EXPECT_EQ(client.ask(get()).status, 200) << "over another one";
  EXPECT_EQ(origin.connections(), 2);
}

TEST(http2_backend, an_upgrade_is_asked_for_over_http1) {
  const raw_origin origin([](raw_origin::connection& on) {
    if (on.number() == 1) {
      http2_backend backend(on);
      return backend.answer_all();
    }
    EXPECT_EQ(on.head().substr(0, 16), "GET / HTTP/1.1\r\n");
    on.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello");
    on.stall();
  });
  const proxy_under_test proxy({h2c_route(origin)});
  auto client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  client.send(get("/", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
  EXPECT_NE(client.stream().read_until("hello").find("101 Switching"), std::string::npos);
}

TEST(http2_backend, over_tls_the_backend_chooses_and_is_not_asked_again_and_again) {
  const tests::test_ca ca("backend CA");
  // Without ALPN of its own the server chooses nothing, which means HTTP/1.1.
  const raw_origin origin(raw_origin::answering(tests::ok()), ca.issue("DNS:app.test"));
  routing::route route = route_to(origin.port());
  route.upstream.backends[0].tls = true;
  route.upstream.backends[0].tls_options.verify = false;
  const proxy_under_test proxy({route});
  auto client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, a_silent_backend_is_a_timeout_and_its_stream_is_reset) {
  std::promise<std::uint32_t> code;
  const raw_origin origin(http2_backend::playing([&](http2_backend& backend, int) {
    static_cast<void>(backend.request());
    code.set_value(backend.await(h2::rst_stream).number());
    backend.answer_all();
  }));
  routing::route route = h2c_route(origin);
  route.response_header_timeout = 200ms;
  const proxy_under_test proxy({route});
  auto client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 504);
  EXPECT_EQ(code.get_future().get(), h2::cancel);
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, an_early_answer_ends_the_upload) {
  const raw_origin origin(http2_backend::playing([](http2_backend& backend, int) {
    const h2_request request = backend.request();
    backend.send(http2_client::headers(request.stream, {{":status", "403"}, {"content-length", "2"}}, false) +
                 http2_client::data(request.stream, "no", true) + http2_client::reset(request.stream, h2::no_error));
    backend.answer_all();
  }));
  const proxy_under_test proxy({h2c_route(origin)});
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST"), false) + http2_client::data(1, "part"));
  const h2_answer answer = client.answer(1);
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "no");
  EXPECT_EQ(client.ask(3, http2_client::request()).body, "ok");
  EXPECT_EQ(origin.connections(), 1);
}

TEST(http2_backend, a_wish_for_a_small_header_table_is_confirmed) {
  std::promise<h2_request> second;
  const raw_origin origin(http2_backend::playing(
      [&](http2_backend& backend, int) {
        const h2_request first = backend.request();
        // Behind our acknowledgement: its SETTINGS have been taken.
        while (true) {
          const h2_frame got = backend.next();
          if (got.type == 0xff || (got.type == h2::settings && (got.flags & h2::ack) != 0)) break;
        }
        backend.answer(first.stream);
        const h2_request next = backend.request();
        second.set_value(next);
        backend.answer(next.stream);
        backend.answer_all();
      },
      http2_client::setting(1, 0)));
  const proxy_under_test proxy({h2c_route(origin)});
  auto client = proxy.connect();
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(client.ask(get()).status, 200);
  EXPECT_EQ(second.get_future().get().block.front(), '\x20') << "RFC 7541 section 4.2";
}

}  // namespace
}  // namespace cardea::proxy
