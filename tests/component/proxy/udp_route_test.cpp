// Goal: L15: a UDP route carries datagrams for those who ask, within its bounds, and for nobody else.
#include "tests/support/datagram_peer.hpp"
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::datagram_peer;
using tests::eventually;
using tests::proxy_under_test;

class udp_route : public testing::Test {
 protected:
  void start(const config::entrypoint_section& section = {}, const char* host = "127.0.0.1") {
    proxy_ = std::make_unique<proxy_under_test>(std::vector<routing::route>{}, section);
    port_ = datagram_peer::free_port();
    where_ = host;
    publish({backend_.address()});
    ASSERT_TRUE(answered("are you there", 2s));
  }
  void publish(std::vector<base::address> to) {
    stream::route route;
    route.name = "dns";
    route.at = {base::address::from_parts(where_, port_).value(), net::transport::udp};
    route.backend = "backend";
    route.addresses = std::move(to);
    proxy_->publish_streams({route});
  }
  [[nodiscard]] base::address at(const char* host = "127.0.0.1") const { return base::address::from_parts(host, port_).value(); }
  /// Whether a client of its own gets an answer.
  bool answered(const std::string& question, std::chrono::milliseconds within, const char* from = "127.0.0.1") {
    datagram_peer client(from);
    client.send(question, at(from));
    return client.receive(within) == "echo " + question;
  }
  [[nodiscard]] proxy_status status() const { return proxy_->server().status(); }

  datagram_peer backend_{"127.0.0.1", tests::echoing};
  std::unique_ptr<proxy_under_test> proxy_;
  std::string where_;
  std::uint16_t port_ = 0;
};

TEST_F(udp_route, each_client_gets_its_own_answers) {
  start();
  std::vector<std::unique_ptr<datagram_peer>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<datagram_peer>("127.0.0.1"));
    clients.back()->send("client " + std::to_string(i), at());
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(clients[static_cast<std::size_t>(i)]->receive(), "echo client " + std::to_string(i));
}

TEST_F(udp_route, one_client_keeps_one_session_and_the_order_of_its_datagrams) {
  start();
  const std::uint64_t before = status().udp_sessions_total;
  datagram_peer client("127.0.0.1");
  for (int i = 0; i < 200; ++i) {
    client.send(std::to_string(i), at());
    ASSERT_EQ(client.receive(), "echo " + std::to_string(i));
  }
  for (int i = 0; i < 100; ++i) client.send(std::to_string(i), at());
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.receive(), "echo " + std::to_string(i));
  EXPECT_EQ(status().udp_sessions_total, before + 1);
}

TEST_F(udp_route, a_datagram_of_any_size_is_whole_and_an_empty_one_is_one) {
  start();
  datagram_peer client("127.0.0.1");
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1472}, std::size_t{16 * 1024 + 1}, std::size_t{65'000}}) {
    const std::string data(size, 'd');
    client.send(data, at());
    EXPECT_EQ(client.receive().size(), size + 5) << size;
  }
}

TEST_F(udp_route, l15_only_the_backend_may_answer_and_only_to_who_asked) {
  start();
  datagram_peer client("127.0.0.1");
  client.send("question", at());
  ASSERT_EQ(client.receive(), "echo question");
  datagram_peer stranger("127.0.0.1");
  stranger.send("forged", backend_.last_source());  // to the port from which the backend was asked
  EXPECT_EQ(client.receive(200ms), std::nullopt);
  EXPECT_EQ(stranger.receive(100ms), std::nullopt) << "the backend's side answers nobody else";
}

TEST_F(udp_route, an_answer_leaves_from_the_address_that_was_asked) {
  start({}, "0.0.0.0");
  for (const char* host : {"127.0.0.1", "127.0.0.2", "127.1.2.3"}) {
    datagram_peer client("127.0.0.1");
    client.send("x", at(host));
    EXPECT_EQ(client.receive(), "echo x");
    EXPECT_EQ(client.last_source(), at(host));
  }
}

TEST_F(udp_route, ipv6_and_ipv4_meet_on_one_socket) {
  start({}, "::");
  EXPECT_TRUE(answered("over IPv6", 2s, "::1"));
  EXPECT_TRUE(answered("over IPv4", 2s, "127.0.0.1"));
  datagram_peer client("127.0.0.1");
  client.send("x", at("127.0.0.2"));
  EXPECT_EQ(client.receive(), "echo x");
  EXPECT_EQ(client.last_source(), at("127.0.0.2"));
}

TEST_F(udp_route, l15_a_silent_session_ends_in_time) {
  config::entrypoint_section section;
  section.limits.udp_idle_timeout = 300ms;
  start(section);
  datagram_peer client("127.0.0.1");
  for (int i = 0; i < 5; ++i) {  // longer than the limit in all, shorter in each
    client.send("x", at());
    ASSERT_EQ(client.receive(), "echo x");
    ASSERT_EQ(client.receive(100ms), std::nullopt);
  }
  EXPECT_GE(status().udp_sessions_open, 1U);
  EXPECT_TRUE(eventually([&] { return status().udp_sessions_open == 0; }));
  client.send("again", at());
  EXPECT_EQ(client.receive(), "echo again");
}

TEST_F(udp_route, l15_a_source_has_so_many_sessions_and_its_own_oldest_makes_room) {
  config::entrypoint_section section;
  section.limits.udp_sessions_per_source_max = 3;
  start(section);
  datagram_peer other("127.0.0.9");
  other.send("of another source", at());
  ASSERT_EQ(other.receive(), "echo of another source");
  const base::address of_other = backend_.last_source();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(answered(std::to_string(i), 2s)) << i;
  EXPECT_EQ(status().udp_sessions_open, 4U);
  other.send("still there", at());
  EXPECT_EQ(other.receive(), "echo still there");
  EXPECT_EQ(backend_.last_source(), of_other) << "its session was nobody else's to end";
}

TEST_F(udp_route, l15_beyond_all_sessions_the_longest_silent_one_makes_room_and_a_fresh_one_does_not) {
  config::entrypoint_section section;
  section.limits.udp_sessions_max = 2;
  start(section);
  EXPECT_TRUE(answered("second", 2s));
  EXPECT_FALSE(answered("third", 100ms)) << "both moved a moment ago";
  EXPECT_TRUE(eventually([&] { return answered("later", 200ms); })) << "after a second of silence";
  EXPECT_EQ(status().udp_sessions_open, 2U);
}

TEST_F(udp_route, sessions_of_an_unchanged_route_live_on_and_those_of_a_lost_backend_end) {
  start();
  datagram_peer other("127.0.0.1", tests::echoing);
  datagram_peer client("127.0.0.1");
  client.send("x", at());
  ASSERT_EQ(client.receive(), "echo x");
  const base::address session = backend_.last_source();
  publish({other.address(), backend_.address()});
  ASSERT_TRUE(eventually([&] { return answered("new", 100ms) && other.last_source() != base::address(); }));
  client.send("y", at());
  ASSERT_EQ(client.receive(), "echo y");
  EXPECT_EQ(backend_.last_source(), session) << "the same socket";
  publish({other.address()});
  ASSERT_TRUE(eventually([&] { return status().udp_sessions_open <= 1; }));
  client.send("z", at());
  EXPECT_EQ(client.receive(), "echo z");
  EXPECT_NE(backend_.last_source(), other.last_source());
}

TEST_F(udp_route, a_refused_datagram_leads_to_the_next_address) {
  start();
  const base::address nobody = base::address::from_parts("127.0.0.1", datagram_peer::free_port()).value();
  publish({nobody, backend_.address()});
  EXPECT_TRUE(eventually([&] {
    datagram_peer client("127.0.0.1");
    client.send("first", at());  // refused: UDP loses it
    static_cast<void>(client.receive(50ms));
    client.send("second", at());
    return client.receive(200ms) == "echo second";
  }));
}

TEST_F(udp_route, a_table_without_the_route_ends_it) {
  start();
  proxy_->publish_streams({});
  EXPECT_TRUE(eventually([&] { return status().udp_sessions_open == 0; }));
  EXPECT_FALSE(answered("x", 100ms));
}

TEST_F(udp_route, u14_a_shut_down_answers_what_was_asked_and_takes_nobody_new) {
  datagram_peer patient("127.0.0.1");
  start();
  publish({patient.address()});
  datagram_peer client("127.0.0.1");
  ASSERT_TRUE(eventually([&] {
    client.send("asked", at());
    return patient.receive(100ms) == "asked";
  }));
  std::thread ending([&] { proxy_->server().shut_down(5s); });
  EXPECT_TRUE(eventually([&] { return tests::byte_stream::connect(proxy_->port()).end() == tests::stream_end::reset; }));
  patient.send("late", patient.last_source());
  EXPECT_EQ(client.receive(), "late");
  datagram_peer fresh("127.0.0.1");
  fresh.send("too late", at());
  EXPECT_EQ(patient.receive(100ms), std::nullopt);
  const auto begin = std::chrono::steady_clock::now();
  ending.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s) << "silence ends the session, not the grace";
}

}  // namespace
}  // namespace cardea::proxy
