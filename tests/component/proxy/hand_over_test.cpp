// Goal: U13: one server goes on where another one stops, with the same sockets, and no client notices.
#include "proxy/stream_listeners.hpp"
#include "tests/support/datagram_peer.hpp"
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"

#include <future>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::datagram_peer;
using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

std::vector<handed_session> hand_over(server& from, std::chrono::milliseconds idle_grace) {
  std::promise<std::vector<handed_session>> told;
  auto out = told.get_future();
  from.hand_over(idle_grace, [&told](std::vector<handed_session> sessions) { told.set_value(std::move(sessions)); });
  return out.get();
}

/// A server that listens on what another one listens on, with closed doors.
struct heir {
  explicit heir(proxy_under_test& old, const raw_origin& origin, std::size_t workers = 1) {
    for (const auto& each : old.server().listening()) {
      std::vector<net::file_descriptor> sockets;
      for (const auto& one : each.sockets) sockets.push_back(one.duplicate());
      server.adopt({each.at, std::move(sockets)});
    }
    config::entrypoint_section section;
    section.threads = workers;
    section.https_addr = "127.0.0.1:" + std::to_string(old.port());
    section.http_addr = "";
    EXPECT_TRUE(server.use_ticket_state(old.server().ticket_state()));
    const auto started = server.start(section, server::doors::held);
    EXPECT_TRUE(started) << started.error().message();
    server.publish_certificates(std::make_shared<tests::named_certificates>(ca.issue("DNS:app.test")));
    const std::vector<routing::route> routes{tests::route_to(origin.port())};
    server.publish_routes(std::make_shared<const routing::route_table>(routes, std::vector<std::string>{}), {});
    std::promise<void> ready;
    server.await_workers([&ready] { ready.set_value(); });
    ready.get_future().wait();
  }

  tests::test_ca ca{"test CA"};
  proxy::server server;
};

TEST(hand_over, u13_clients_wait_at_closed_doors_and_are_served_when_they_open) {
  const raw_origin origin(raw_origin::answering(ok("old")));
  const raw_origin other(raw_origin::answering(ok("new")));
  proxy_under_test old(origin);
  heir next(old, other);
  EXPECT_EQ(old.connect().ask(get()).body, "old") << "the doors are closed";
  EXPECT_TRUE(hand_over(old.server(), 2s).empty());
  auto served = std::async(std::launch::async, [&] { return old.connect().ask(get()).body; });
  EXPECT_EQ(served.wait_for(200ms), std::future_status::timeout) << "in the kernel's queue";
  next.server.open_doors();
  EXPECT_EQ(served.get(), "new");
  old.server().shut_down(0ms);
  EXPECT_EQ(old.connect().ask(get()).body, "new") << "the sockets are still there";
}

TEST(hand_over, u13_more_or_fewer_workers_than_sockets_serve_them_all) {
  const raw_origin origin(raw_origin::answering(ok("new")));
  for (const auto& [before, after] : {std::pair<std::size_t, std::size_t>{4, 1}, {1, 3}}) {
    config::entrypoint_section section;
    section.threads = before;
    proxy_under_test old(origin, section);
    heir next(old, origin, after);
    EXPECT_TRUE(hand_over(old.server(), 0ms).empty());
    old.server().shut_down(0ms);
    next.server.open_doors();
    for (int i = 0; i < 40; ++i) EXPECT_EQ(old.connect().ask(get()).body, "new");
  }
}

TEST(hand_over, u13_a_silent_client_may_ask_once_more_within_the_grace) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test old(origin);
  tls_client fresh = old.connect();
  tls_client used = old.connect();
  EXPECT_EQ(used.ask(get()).status, 200);
  EXPECT_TRUE(hand_over(old.server(), 20s).empty());
  for (tls_client* each : {&fresh, &used}) {
    const http_answer answer = each->ask(get());
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
    EXPECT_EQ(each->stream().read_to_end(), "");
  }
}

TEST(hand_over, u13_a_silent_client_is_let_go_behind_the_grace) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test old(origin);
  tls_client used = old.connect();
  EXPECT_EQ(used.ask(get()).status, 200);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(hand_over(old.server(), 300ms).empty());
  EXPECT_EQ(used.stream().read_to_end(), "");
  EXPECT_EQ(used.stream().end(), tests::stream_end::orderly);
  const auto waited = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(waited, 250ms);
  EXPECT_LT(waited, 4s);
}

TEST(hand_over, u13_http2_is_told_behind_the_grace_and_served_before) {
  const raw_origin origin(raw_origin::answering(ok()));
  proxy_under_test old(origin);
  tests::http2_client client(old.port());
  EXPECT_EQ(client.ask(1, tests::http2_client::request()).status, 200);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(hand_over(old.server(), 400ms).empty());
  EXPECT_EQ(client.ask(3, tests::http2_client::request()).status, 200);
  EXPECT_EQ(client.await(tests::h2::goaway).number(), 0x7fffffffU);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 350ms);
}

TEST(hand_over, u13_udp_sessions_go_on_and_the_backend_sees_no_difference) {
  const raw_origin origin(raw_origin::answering(ok()));
  datagram_peer backend("127.0.0.1", tests::echoing);
  config::entrypoint_section section;
  section.threads = 2;
  proxy_under_test old(origin, section);
  stream::route route;
  route.name = "dns";
  route.at = {base::address::from_parts("127.0.0.1", datagram_peer::free_port()).value(), net::transport::udp};
  route.addresses = {backend.address()};
  old.publish_streams({route});
  std::vector<std::unique_ptr<datagram_peer>> clients;
  std::vector<base::address> sources;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<datagram_peer>("127.0.0.1"));
    clients.back()->send("before", route.at.where);
    ASSERT_EQ(clients.back()->receive(), "echo before");
    sources.push_back(backend.last_source());
  }
  heir next(old, origin, 2);
  auto sessions = hand_over(old.server(), 0ms);
  EXPECT_EQ(sessions.size(), clients.size());
  for (const auto& each : clients) each->send("meanwhile", route.at.where);
  next.server.adopt_sessions(std::move(sessions));
  next.server.publish_streams(std::make_shared<const stream::route_table>(std::vector{route}, std::vector<std::string>{}));
  next.server.open_doors();
  old.server().shut_down(0ms);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i]->receive(), "echo meanwhile");
    clients[i]->send("after", route.at.where);
    EXPECT_EQ(clients[i]->receive(), "echo after");
    EXPECT_EQ(backend.last_source(), sources[i]) << "the same socket towards the backend";
  }
  EXPECT_EQ(next.server.status().udp_sessions_open, 8);
}

TEST(hand_over, a_udp_session_whose_backend_is_not_the_routes_any_more_is_dropped) {
  const raw_origin origin(raw_origin::answering(ok()));
  datagram_peer backend("127.0.0.1", tests::echoing);
  datagram_peer other("127.0.0.1", tests::echoing);
  proxy_under_test old(origin);
  stream::route route;
  route.name = "dns";
  route.at = {base::address::from_parts("127.0.0.1", datagram_peer::free_port()).value(), net::transport::udp};
  route.addresses = {backend.address()};
  old.publish_streams({route});
  datagram_peer client("127.0.0.1");
  client.send("before", route.at.where);
  ASSERT_EQ(client.receive(), "echo before");
  heir next(old, origin);
  next.server.adopt_sessions(hand_over(old.server(), 0ms));
  route.addresses = {other.address()};
  next.server.publish_streams(std::make_shared<const stream::route_table>(std::vector{route}, std::vector<std::string>{}));
  client.send("after", route.at.where);
  EXPECT_EQ(client.receive(), "echo after");
  EXPECT_NE(other.last_source().family(), 0) << "the new backend was asked";
}

TEST(hand_over, b87_ticket_state_of_another_kind_is_refused) {
  server one;
  const std::string good = one.ticket_state();
  server other;
  EXPECT_TRUE(other.use_ticket_state(good));
  EXPECT_EQ(other.ticket_state(), good);
  for (const std::string& bad : {std::string(), std::string("12345678"), good + "x"}) EXPECT_FALSE(other.use_ticket_state(bad));
  EXPECT_EQ(other.ticket_state(), good);
}

}  // namespace
}  // namespace cardea::proxy
