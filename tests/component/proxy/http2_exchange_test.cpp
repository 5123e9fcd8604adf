// Goal: an exchange over HTTP/2 is what it is over HTTP/1, and as many at once as allowed.
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::h2_answer;
using tests::h2_fields;
using tests::h2_frame;
using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
namespace h2 = tests::h2;

TEST(http2_exchange, a_request_is_answered_with_all_that_the_backend_said) {
  const raw_origin origin(raw_origin::answering(
      "HTTP/1.1 418 I'm a teapot\r\nX-Upper-Case: Kept\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nConnection: x-hop\r\n"
      "X-Hop: 1\r\nKeep-Alive: 5\r\nContent-Length: 5\r\n\r\nhello"));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  for (std::uint32_t stream = 1; stream < 9; stream += 2) {
    const h2_answer got = client.ask(stream, http2_client::request("GET", "/a?b=c", {{"x-asked", "yes"}}));
    EXPECT_TRUE(got.complete);
    const h2_fields expected{{":status", "418"},    {"x-upper-case", "Kept"}, {"set-cookie", "a=1"},
                             {"set-cookie", "b=2"}, {"content-length", "5"}};
    EXPECT_EQ(got.fields, expected);
    EXPECT_EQ(got.body, "hello");
  }
  const std::string seen = origin.received();
  EXPECT_TRUE(seen.starts_with("GET /a?b=c HTTP/1.1\r\nHost: app.test\r\nx-asked: yes\r\n")) << seen;
  EXPECT_NE(seen.find("X-Forwarded-Proto: https\r\n"), std::string::npos) << seen;
  EXPECT_EQ(origin.connections(), 1) << "backends' connections are used again";
}

TEST(http2_exchange, h12_interim_responses_travel_but_101_does_not) {
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head) {
      if (head.starts_with("GET /101"))
        each.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
      each.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok());
    }
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const h2_answer hinted = client.ask(1, http2_client::request());
  EXPECT_EQ(hinted.interims, std::vector<int>{103});
  EXPECT_EQ(hinted.status, 200);
  EXPECT_EQ(client.ask(3, http2_client::request("GET", "/101")).status, 502);
}

TEST(http2_exchange, answers_without_a_body_end_with_their_head) {
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head) {
      if (head.starts_with("HEAD")) each.write("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
      if (head.starts_with("GET /204")) each.write("HTTP/1.1 204 No Content\r\n\r\n");
      if (head.starts_with("GET /304")) each.write("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n");
      if (head.starts_with("GET /empty")) each.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    }
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const h2_answer head = client.ask(1, http2_client::request("HEAD"));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.value("content-length"), "1234");
  EXPECT_EQ(client.ask(3, http2_client::request("GET", "/204")).status, 204);
  const h2_answer known = client.ask(5, http2_client::request("GET", "/304"));
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.value("etag"), "\"a\"");
  EXPECT_EQ(client.ask(7, http2_client::request("GET", "/empty")).status, 200);
  for (const std::uint32_t stream : {1U, 3U, 5U, 7U}) {
    EXPECT_TRUE(client.state(stream).complete) << stream;
    EXPECT_EQ(client.state(stream).body, "") << stream;
  }
}

TEST(http2_exchange, u06_trailers_travel_both_ways) {
  const raw_origin origin(raw_origin::answering(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nGrpc-Status: 0\r\nContent-Length: 3\r\n\r\n"));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST", "/", {{"te", "trailers"}}), false) +
              http2_client::data(1, "hi") + http2_client::headers(1, {{"x-sum", "7"}}));
  const h2_answer got = client.answer(1);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.trailers, (h2_fields{{"grpc-status", "0"}}));
  EXPECT_TRUE(got.complete);
  EXPECT_TRUE(origin.received().ends_with("hix-sum: 7\r\n")) << origin.received();
  EXPECT_NE(origin.received().find("te: trailers\r\n"), std::string::npos);
}

TEST(http2_exchange, streams_do_not_wait_for_one_another) {
  std::promise<void> told;
  const std::shared_future<void> go = told.get_future().share();
  const raw_origin origin([go](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head) {
      if (head.starts_with("GET /slow")) go.wait_for(tests::byte_stream::patience);
      each.write(ok(head.substr(4, 5)));
    }
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("GET", "/slow")));
  for (std::uint32_t stream = 3; stream < 41; stream += 2)
    EXPECT_EQ(client.ask(stream, http2_client::request("GET", "/fast")).body, "/fast");
  EXPECT_FALSE(client.state(1).complete);
  told.set_value();
  EXPECT_EQ(client.answer(1).body, "/slow");
}

TEST(http2_exchange, both_bodies_stream_at_once) {
  // The backend answers each piece when it has it: only full duplex gets to the end.
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; ++i) {
      if (each.stream().read_until("!\r\n").empty()) return;
      each.write("3\r\ngot\r\n");
    }
    if (each.stream().read_until("0\r\n\r\n").empty()) return;
    each.write("0\r\n\r\n");
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST"), false));
  for (std::size_t i = 1; i <= 20; ++i) {
    client.send(http2_client::data(1, "piece!"));
    while (client.state(1).body.size() < 3 * i) ASSERT_NE(client.next().type, 0xff);
  }
  client.send(http2_client::data(1, "", true));
  EXPECT_TRUE(client.answer(1).complete);
}

TEST(http2_exchange, big_bodies_arrive_whole_both_ways_at_once) {
  const std::string up(3'000'000, 'u');
  const raw_origin origin([&](raw_origin::connection& each) {
    const std::string head = each.head();
    each.record(each.stream().write_and_read(
        "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'd'), up.size()));
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST", "/", {{"content-length", "3000000"}}), false));
  std::size_t sent = 0;
  std::size_t stream_window = 65'536;
  std::size_t window = 1'048'576;
  while (sent < up.size() || !client.state(1).complete) {
    while (sent < up.size() && std::min(stream_window, window) > 0) {
      const std::size_t size = std::min({up.size() - sent, stream_window, window, std::size_t{16'384}});
      client.send(http2_client::data(1, std::string_view(up).substr(sent, size), sent + size == up.size()));
      sent += size;
      stream_window -= size;
      window -= size;
    }
    const h2_frame got = client.next();
    ASSERT_NE(got.type, 0xff) << sent;
    ASSERT_FALSE(client.state(1).reset) << *client.state(1).reset;
    if (got.type == h2::window_update) (got.stream == 0 ? window : stream_window) += got.number();
    if (got.type == h2::data) {
      const auto size = static_cast<std::uint32_t>(got.payload.size());
      client.send(http2_client::window_update(0, size) + http2_client::window_update(1, size));
    }
  }
  EXPECT_EQ(client.state(1).body, std::string(3'000'000, 'd'));
  EXPECT_TRUE(tests::eventually([&] { return origin.received().ends_with(up); }));
}

TEST(http2_exchange, f08_what_is_advertised_is_what_holds) {
  const proxy_under_test proxy({});
  http2_client client(proxy.port());
  const h2_frame settings = client.next();
  ASSERT_EQ(settings.type, h2::settings);
  std::map<int, std::uint32_t> values;
  for (std::size_t at = 0; at + 6 <= settings.payload.size(); at += 6)
    values[settings.payload[at + 1]] = settings.number(at + 2);
  EXPECT_EQ(values[3], 100U);
  EXPECT_EQ(values[4], 64U * 1024);
  EXPECT_EQ(values[6], 32U * 1024);
  EXPECT_EQ(values[8], 1U) << "RFC 8441";
  EXPECT_EQ(values[9], 1U);
  const h2_frame window = client.next();
  ASSERT_EQ(window.type, h2::window_update);
  EXPECT_EQ(window.number() + 65'535, 1024U * 1024);
}

TEST(http2_exchange, u03_an_answer_that_is_cut_short_does_not_look_complete) {
  const raw_origin origin([](raw_origin::connection& each) {
    static_cast<void>(each.request());
    each.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const h2_answer got = client.ask(1, http2_client::request());
  EXPECT_EQ(got.reset.value_or(0), h2::internal_error);
  EXPECT_FALSE(got.complete);
  EXPECT_TRUE(client.settle()) << "the other streams go on";
}

TEST(http2_exchange, u04_an_early_answer_ends_the_upload_without_blame) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    static_cast<void>(each.stream().read_to_end());
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request("POST"), false) +
              http2_client::data(1, std::string(30'000, 'x')));
  const h2_answer got = client.answer(1);
  EXPECT_EQ(got.status, 413);
  EXPECT_EQ(got.body, "big");
  EXPECT_TRUE(got.complete);
  EXPECT_EQ(client.await(h2::rst_stream).number(), h2::no_error);
  client.send(http2_client::data(1, std::string(30'000, 'x')));  // on its way before the reset was read
  EXPECT_EQ(client.ask(3, http2_client::request("POST", "/")).status, 413);
}

TEST(http2_exchange, u09_a_reset_ends_the_backends_work_at_once) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    EXPECT_EQ(each.stream().read_to_end(), "");
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  client.send(http2_client::headers(1, http2_client::request()));
  ASSERT_TRUE(origin.wait_for_connections(1));
  client.send(http2_client::reset(1));
  EXPECT_TRUE(origin.wait_for_ended(1));
  EXPECT_TRUE(client.settle());
}

TEST(http2_exchange, a_client_that_goes_leaves_no_work_behind) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.head();
    EXPECT_EQ(each.stream().read_to_end(), "");
  });
  proxy_under_test proxy(origin);
  {
    http2_client client(proxy.port());
    for (std::uint32_t stream = 1; stream < 21; stream += 2)
      client.send(http2_client::headers(stream, http2_client::request()));
    ASSERT_TRUE(origin.wait_for_connections(10));
  }
  EXPECT_TRUE(origin.wait_for_ended(10));
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 0; }));
}

TEST(http2_exchange, heads_larger_than_a_frame_travel_both_ways) {
  const std::string big(20'000, 'b');
  const raw_origin origin(raw_origin::answering(ok("ok", "X-One: " + big + "\r\nX-Two: " + big + "\r\n")));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  const h2_answer got = client.ask(1, http2_client::request("GET", "/", {{"x-big", big}}));
  EXPECT_EQ(got.value("x-one"), big);
  EXPECT_EQ(got.value("x-two"), big);
  EXPECT_EQ(got.body, "ok");
  EXPECT_NE(origin.received().find("x-big: " + big + "\r\n"), std::string::npos);
}

TEST(http2_exchange, l05_heads_beyond_a_limit_are_answered_so) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port());
  h2_fields many;
  for (int i = 0; i < 101; ++i) many.emplace_back("x-" + std::to_string(i), "1");
  EXPECT_EQ(client.ask(1, http2_client::request("GET", "/", many)).status, 431);
  many.pop_back();
  EXPECT_EQ(client.ask(3, http2_client::request("GET", "/", many)).status, 200) << "as many as are allowed";
  EXPECT_EQ(client.ask(5, http2_client::request("GET", "/", {{"x-big", std::string(33'000, 'b')}})).status, 431);
  EXPECT_EQ(client.ask(7, http2_client::request("GET", "/" + std::string(9'000, 'a'))).status, 414);
  EXPECT_EQ(client.ask(9, http2_client::request(std::string(40, 'A'))).status, 501);
  EXPECT_EQ(origin.received().find("x-big"), std::string::npos);
  EXPECT_EQ(client.ask(11, http2_client::request()).status, 200);
}

TEST(http2_exchange, a_wish_for_a_small_header_table_is_confirmed) {
  const raw_origin origin(raw_origin::answering(ok()));
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port(), http2_client::setting(1, 0));
  client.send(http2_client::headers(1, http2_client::request()));
  EXPECT_EQ(client.await(h2::headers).payload.front(), '\x20') << "RFC 7541 section 4.2";
  client.send(http2_client::headers(3, http2_client::request()));
  EXPECT_NE(client.await(h2::headers).payload.front(), '\x20') << "once";
}

TEST(http2_exchange, urgent_answers_overtake_those_that_are_not) {
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head)
      each.write(ok(std::string(400'000, head[5])));
  });
  const proxy_under_test proxy(origin);
  // A small receive buffer and no window at first: everything waits in the proxy.
  http2_client client(proxy.port(), http2_client::setting(4, 10'000'000), {.receive_bytes = 16'384});
  client.send(http2_client::headers(1, http2_client::request("GET", "/a", {{"priority", "u=7"}})) +
              http2_client::headers(3, http2_client::request("GET", "/b", {{"priority", "u=5"}})) +
              http2_client::headers(5, http2_client::request("GET", "/c", {{"priority", "u=0"}})));
  while (client.state(1).status == 0 || client.state(3).status == 0 || client.state(5).status == 0)
    ASSERT_NE(client.next().type, 0xff);
  client.send(http2_client::window_update(0, 2'000'000));
  EXPECT_TRUE(client.answer(5, true).complete);
  EXPECT_FALSE(client.state(3).complete);
  EXPECT_FALSE(client.state(1).complete);
  EXPECT_TRUE(client.answer(3, true).complete);
  EXPECT_FALSE(client.state(1).complete);
  EXPECT_TRUE(client.answer(1, true).complete);
}

TEST(http2_exchange, incremental_answers_share_and_a_late_update_reorders) {
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::string head = each.request().head; !head.empty(); head = each.request().head)
      each.write(ok(std::string(2'000'000, head[5])));
  });
  const proxy_under_test proxy(origin);
  http2_client client(proxy.port(), http2_client::setting(4, 10'000'000), {.receive_bytes = 16'384});
  for (const std::uint32_t stream : {1U, 3U})
    client.send(http2_client::headers(stream, http2_client::request("GET", "/a", {{"priority", "i"}})));
  while (client.state(1).status == 0 || client.state(3).status == 0) ASSERT_NE(client.next().type, 0xff);
  client.send(http2_client::window_update(0, 10'000'000));
  // What a backend has not sent yet cannot be shared out: that both move before either ends is what counts.
  while (client.state(1).body.size() < 200'000 || client.state(3).body.size() < 200'000)
    ASSERT_NE(client.next().type, 0xff);
  EXPECT_FALSE(client.state(1).complete);
  EXPECT_FALSE(client.state(3).complete);
  client.send(http2_client::frame(h2::priority_update, 0, 0, http2_client::u32(3) + "u=0"));
  EXPECT_TRUE(client.answer(3, true).complete);
  EXPECT_FALSE(client.state(1).complete);
  EXPECT_TRUE(client.answer(1, true).complete);
}

}  // namespace
}  // namespace cardea::proxy
