// Goal: a TCP route is a pipe: every byte, both ends, and no end that did not happen.
#include "tests/support/proxy_under_test.hpp"

#include <ctime>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using tests::byte_stream;
using tests::eventually;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::reserved_port;
using tests::stream_end;
using tests::tcp_route;
using tests::tls_client;

void echo(raw_origin::connection& each) {
  while (true) {
    const std::string piece = each.stream().read_bytes(1);
    if (piece.empty()) return;
    each.write(piece);
  }
}

std::string numbered(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; out.size() < size; ++i) out += std::to_string(i) + ";";
  out.resize(size);
  return out;
}

class tcp_route_test : public testing::Test {
 protected:
  void start(const raw_origin& origin, config::entrypoint_section section = {}) {
    start_with(tcp_route(port_, origin.port()), std::move(section));
  }
  void start_with(stream::route route, config::entrypoint_section section = {}) {
    proxy_ = std::make_unique<proxy_under_test>(std::vector<routing::route>{}, std::move(section));
    proxy_->publish_streams({std::move(route)});
    wait_until_open();
  }
  // A look at the port would be a connection to the backend.
  void wait_until_open() {
    ASSERT_TRUE(eventually([&] {
      const auto& all = proxy_->server().listening();
      return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.at.where.port() == port_.number(); });
    }));
  }
  [[nodiscard]] byte_stream connect(int receive_bytes = 0) const { return byte_stream::connect(port_.number(), receive_bytes); }
  void expect_nobody_left() const {
    EXPECT_TRUE(eventually([&] { return proxy_->server().status().connections_open == 0; }));
  }

  reserved_port port_;
  std::unique_ptr<proxy_under_test> proxy_;
};

TEST_F(tcp_route_test, bytes_pass_both_ways) {
  const raw_origin origin(echo);
  start(origin);
  byte_stream client = connect();
  for (int i = 0; i < 100; ++i) {
    const std::string line = std::to_string(i) + "\n";
    client.write(line);
    ASSERT_EQ(client.read_until("\n"), line);
  }
  client.end_writing();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.end(), stream_end::orderly);
  expect_nobody_left();
}

TEST_F(tcp_route_test, much_passes_both_ways_at_once_unchanged) {
  constexpr std::size_t size = 32 * 1024 * 1024;
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::size_t echoed = 0; echoed < size;) {
      const std::string piece = each.stream().read_bytes(64 * 1024);
      if (piece.empty() || !each.write(piece)) return;
      echoed += piece.size();
    }
  });
  start(origin);
  byte_stream client = connect();
  const std::string data = numbered(size);
  EXPECT_TRUE(client.write_and_read(data, size) == data);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.end(), stream_end::orderly);
}

TEST_F(tcp_route_test, u08_each_sides_end_reaches_the_other_which_may_go_on) {
  const raw_origin origin([](raw_origin::connection& each) {
    if (each.number() == 1) {
      const std::string all = each.stream().read_to_end();
      each.write("got " + all);
    } else {
      each.write("bye");
      each.stream().end_writing();
      each.record(each.stream().read_to_end());
    }
  });
  start(origin);
  byte_stream first = connect();
  first.write("last words");
  first.end_writing();
  EXPECT_EQ(first.read_to_end(), "got last words");
  EXPECT_EQ(first.end(), stream_end::orderly);
  byte_stream second = connect();
  EXPECT_EQ(second.read_to_end(), "bye");
  EXPECT_EQ(second.end(), stream_end::orderly);
  byte_stream other = byte_stream::connect(proxy_->port());
  const std::clock_t begin = std::clock();
  EXPECT_TRUE(other.stays_silent(200ms));
  EXPECT_LT((std::clock() - begin) * 1000 / CLOCKS_PER_SEC, 100) << "CPU time of a connection that is half open";
  other.close();
  second.write("one thing more");
  second.end_writing();
  ASSERT_TRUE(origin.wait_for_ended(2));
  EXPECT_EQ(origin.received(), "one thing more");
  expect_nobody_left();
}

TEST_F(tcp_route_test, u08_the_last_bytes_before_an_end_arrive_however_many) {
  const std::string much = numbered(3 * 1024 * 1024 + 7);
  const raw_origin origin([&](raw_origin::connection& each) {
    each.write(much);
    each.stream().end_writing();
    static_cast<void>(each.stream().read_to_end());
  });
  start(origin);
  byte_stream client = connect(4096);
  EXPECT_TRUE(client.read_to_end() == much);
  EXPECT_EQ(client.end(), stream_end::orderly);
}

TEST_F(tcp_route_test, a_side_that_is_reset_resets_the_other) {
  const raw_origin origin([](raw_origin::connection& each) {
    static_cast<void>(each.stream().read_bytes(1));
    if (each.number() == 1) return each.stream().reset();
    static_cast<void>(each.stream().read_to_end());
    each.record(each.stream().end() == stream_end::reset ? "reset" : "other");
  });
  start(origin);
  byte_stream orphan = connect();
  orphan.write("x");
  EXPECT_EQ(orphan.read_to_end(), "");
  EXPECT_EQ(orphan.end(), stream_end::reset) << "not the orderly end that the backend did not send";
  byte_stream client = connect();
  client.write("x");
  ASSERT_TRUE(origin.wait_for_connections(2));
  client.reset();
  ASSERT_TRUE(origin.wait_for_ended(2));
  EXPECT_EQ(origin.received(), "reset");
  expect_nobody_left();
}

TEST_F(tcp_route_test, a_client_that_is_gone_after_its_end_is_noticed_before_the_backend_speaks) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.record(each.stream().read_to_end());
    each.stall();
  });
  start(origin);
  byte_stream client = connect();
  client.write("question");
  client.end_writing();
  ASSERT_TRUE(eventually([&] { return origin.received() == "question"; }));
  client.reset();
  expect_nobody_left();
}

TEST_F(tcp_route_test, a_slow_reader_holds_up_the_fast_writer_and_nobody_else) {
  const raw_origin origin([](raw_origin::connection& each) {
    if (each.number() > 1) return echo(each);
    each.record(std::to_string(each.stream().write_until_blocked(std::string(64 * 1024 * 1024, 'x'), 300ms)));
    each.stall();
  });
  start(origin);
  byte_stream sleeper = connect(4096);
  ASSERT_TRUE(eventually([&] { return !origin.received().empty(); }));
  EXPECT_LT(std::stoul(origin.received()), 24U * 1024 * 1024) << "what kernel buffers and one pipe hold, no more";
  byte_stream other = connect();
  other.write("hello\n");
  EXPECT_EQ(other.read_until("\n"), "hello\n");
}

TEST_F(tcp_route_test, silence_both_ways_ends_a_connection_in_time) {
  config::entrypoint_section section;
  section.limits.tcp_idle_timeout = 300ms;
  const raw_origin origin(echo);
  start(origin, section);
  byte_stream client = connect();
  for (int i = 0; i < 5; ++i) {  // longer than the limit in all, shorter in each
    client.write("x");
    ASSERT_EQ(client.read_bytes(1), "x");
    ASSERT_TRUE(client.stays_silent(100ms));
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.end(), stream_end::reset);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
  expect_nobody_left();
}

TEST_F(tcp_route_test, the_next_address_is_tried_when_one_does_not_answer) {
  const raw_origin origin(echo);
  const reserved_port nobody;
  stream::route route = tcp_route(port_, origin.port());
  route.addresses.insert(route.addresses.begin(), base::address::parse(nobody.address()).value());
  start_with(route);
  byte_stream client = connect();
  client.write("hello\n");
  EXPECT_EQ(client.read_until("\n"), "hello\n");
}

TEST_F(tcp_route_test, a_client_is_reset_when_no_address_answers) {
  const reserved_port nobody;
  for (const bool resolved : {true, false}) {
    stream::route route = tcp_route(port_, nobody.number());
    if (!resolved) route.addresses.clear();
    start_with(route);
    byte_stream client = connect();  // it only reads: a write would use up the error that tells of the reset
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(client.end(), stream_end::reset) << resolved;
    expect_nobody_left();
  }
}

TEST_F(tcp_route_test, l08_a_full_house_lets_clients_wait) {
  config::entrypoint_section section;
  section.limits.connections_max = 2;
  const raw_origin origin(echo);
  start(origin, section);
  std::vector<byte_stream> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect());
    clients.back().write("x");
  }
  EXPECT_EQ(clients[0].read_bytes(1), "x");
  EXPECT_EQ(clients[1].read_bytes(1), "x");
  EXPECT_TRUE(clients[2].stays_silent(300ms));
  clients[0].close();
  EXPECT_EQ(clients[2].read_bytes(1), "x") << "not refused, only late";
}

TEST_F(tcp_route_test, a_table_without_the_route_closes_its_listener_and_leaves_connections) {
  const raw_origin origin(echo);
  const raw_origin other([](raw_origin::connection& each) { each.write("other\n"); });
  start(origin);
  byte_stream client = connect();
  client.write("a\n");
  ASSERT_EQ(client.read_until("\n"), "a\n");
  proxy_->publish_streams({tcp_route(port_, other.port())});
  ASSERT_TRUE(eventually([&] { return connect().read_until("\n") == "other\n"; })) << "new ones go elsewhere";
  client.write("b\n");
  EXPECT_EQ(client.read_until("\n"), "b\n") << "an old one stays where it is";
  proxy_->publish_streams({});
  EXPECT_TRUE(eventually([&] { return connect().end() == stream_end::reset; })) << "nobody listens any more";
  client.write("c\n");
  EXPECT_EQ(client.read_until("\n"), "c\n");
  proxy_->publish_streams({tcp_route(port_, origin.port())});
  EXPECT_TRUE(eventually([&] {
    byte_stream again = connect();
    again.write("d\n");
    return again.read_until("\n") == "d\n";
  }));
}

TEST_F(tcp_route_test, what_cannot_be_bound_changes_nothing) {
  const raw_origin origin(echo);
  start(origin);
  const std::size_t before = proxy_->server().listening().size();
  reserved_port free;
  const auto at = [](std::uint16_t port) {
    return net::endpoint{base::address::from_parts("127.0.0.1", port).value(), net::transport::tcp};
  };
  const auto bound = proxy_->server().bind_streams({at(free.number()), at(origin.port())});
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().message().find("cannot listen on 127.0.0.1:" + std::to_string(origin.port())), std::string::npos)
      << bound.error().message();
  EXPECT_EQ(proxy_->server().listening().size(), before);
}

TEST_F(tcp_route_test, u14_a_shut_down_lets_nobody_in_and_waits_for_those_who_are) {
  const raw_origin origin(echo);
  start(origin);
  byte_stream client = connect();
  client.write("a\n");
  ASSERT_EQ(client.read_until("\n"), "a\n");
  std::thread ending([&] { proxy_->server().shut_down(3s); });
  EXPECT_TRUE(eventually([&] { return connect().end() == stream_end::reset; }));
  client.write("b\n");
  EXPECT_EQ(client.read_until("\n"), "b\n");
  const auto begin = std::chrono::steady_clock::now();
  client.end_writing();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.end(), stream_end::orderly);
  ending.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(tcp_route_test, u14_grace_resets_what_does_not_end_by_itself) {
  const raw_origin origin(echo);
  start(origin);
  byte_stream client = connect();
  client.write("a\n");
  ASSERT_EQ(client.read_until("\n"), "a\n");
  proxy_->server().shut_down(200ms);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.end(), stream_end::reset);
}

TEST_F(tcp_route_test, the_backend_is_told_of_the_client_before_its_first_byte) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.record(each.stream().read_bytes(28));
    each.record(each.stream().read_until("\n"));
    each.write("done");
  });
  config::entrypoint_section section;
  section.proxy_protocol = {config::proxy_protocol_mode::mixed, {base::address_range::parse("127.0.0.1").value()}};
  stream::route route = tcp_route(port_, origin.port());
  route.relays_proxy_header = true;
  start_with(route, section);
  byte_stream client = connect();
  client.write("PROXY TCP4 192.0.2.7 10.0.0.1 4242 443\r\nhello\n");
  EXPECT_EQ(client.read_bytes(4), "done");
  EXPECT_EQ(origin.received(), "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\x0a\x00\x00\x01\x10\x92\x01\xbb"s + "hello\n");
}

TEST_F(tcp_route_test, tls_ends_here_when_the_route_says_so) {
  const raw_origin origin([](raw_origin::connection& each) {
    each.record(each.stream().read_until("\n"));
    each.write("in the clear\n");
    each.stream().end_writing();
    each.record(each.stream().read_to_end());
  });
  stream::route route = tcp_route(port_, origin.port());
  route.terminates_tls = true;
  start_with(route);
  tls_client client(port_.number(), {.protocols = "\x03xyz"});
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.peer_names(), "app.test");
  EXPECT_EQ(client.protocol(), "");
  client.send("hello\n");
  EXPECT_EQ(client.stream().read_to_end(), "in the clear\n");
  EXPECT_EQ(client.stream().end(), stream_end::orderly) << "with a close_notify";
  client.send("bye");
  client.stream().end_writing();
  EXPECT_TRUE(eventually([&] { return origin.received() == "hello\nbye"; })) << origin.received();
}

TEST_F(tcp_route_test, much_passes_through_tls_that_ends_here) {
  constexpr std::size_t size = 8 * 1024 * 1024;
  const raw_origin origin([](raw_origin::connection& each) {
    for (std::size_t echoed = 0; echoed < size;) {
      const std::string piece = each.stream().read_bytes(64 * 1024);
      if (piece.empty() || !each.write(piece)) return;
      echoed += piece.size();
    }
  });
  stream::route route = tcp_route(port_, origin.port());
  route.terminates_tls = true;
  start_with(route);
  tls_client client(port_.number());
  ASSERT_TRUE(client.connected());
  const std::string data = numbered(size);
  EXPECT_TRUE(client.stream().write_and_read(data, size) == data);
}

}  // namespace
}  // namespace cardea::proxy
