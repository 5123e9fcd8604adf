// Goal: requests are spread over the backends of a route as it says, and stay where they should.
#include "tests/support/proxy_under_test.hpp"

#include <map>

namespace cardea::proxy {
namespace {

using namespace std::chrono_literals;
using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

/// Three backends that answer with their letter.
class balancing : public ::testing::Test {
 protected:
  [[nodiscard]] routing::route route() const { return tests::route_to_all({a_.port(), b_.port(), c_.port()}); }
  static std::string answers(tls_client& client, int count, const std::string& fields = {}) {
    std::string out;
    for (int i = 0; i < count; ++i) out += client.ask(get("/", fields)).body;
    return out;
  }

  const raw_origin a_{raw_origin::answering(ok("a"))};
  const raw_origin b_{raw_origin::answering(ok("b"))};
  const raw_origin c_{raw_origin::answering(ok("c"))};
};

// Sticky as the control thread makes it: tokens by which nobody knows a backend.
void make_sticky(routing::route& route) {
  route.upstream.sticky_cookie = "lb";
  for (std::size_t i = 0; i < route.upstream.backends.size(); ++i) {
    upstream::backend& each = route.upstream.backends[i];
    each.sticky_token = "token" + std::to_string(i);
    each.set_cookie = "Set-Cookie: lb=" + each.sticky_token + "; Path=/; Secure\r\n";
  }
}

TEST_F(balancing, takes_turns_on_one_connection) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const std::string seen = answers(client, 30);
  for (const char each : {'a', 'b', 'c'}) EXPECT_EQ(std::count(seen.begin(), seen.end(), each), 10) << seen;
  EXPECT_EQ(a_.connections(), 1) << "connections are kept for each backend";
}

TEST_F(balancing, weights_count) {
  routing::route weighted = route();
  weighted.upstream.backends[0].weight = 8;
  const proxy_under_test proxy({weighted});
  tls_client client = proxy.connect();
  const std::string seen = answers(client, 50);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 'a'), 40) << seen;
}

TEST_F(balancing, a_new_weight_counts_after_a_reload_and_connections_stay) {
  proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  static_cast<void>(answers(client, 6));
  routing::route weighted = route();
  weighted.upstream.backends[0].weight = 100;
  proxy.publish({weighted});
  EXPECT_TRUE(tests::eventually([&] { return answers(client, 20).find_first_of("bc") == std::string::npos; }));
  EXPECT_EQ(a_.connections(), 1);
}

TEST_F(balancing, a_header_or_a_cookie_decides_when_it_is_hashed) {
  routing::route hashed = route();
  hashed.upstream.balance.mode = config::balance_mode::hash;
  hashed.upstream.balance.hash_on = config::hash_source::header;
  hashed.upstream.balance.hash_name = "X-User";
  routing::route by_cookie = tests::route_to_all({a_.port(), b_.port(), c_.port()}, "cookie.test");
  by_cookie.upstream.balance = hashed.upstream.balance;
  by_cookie.upstream.balance.hash_on = config::hash_source::cookie;
  by_cookie.upstream.balance.hash_name = "user";
  const proxy_under_test proxy({hashed, by_cookie});
  std::map<std::string, int> users;
  for (int user = 0; user < 30; ++user) {
    tls_client client = proxy.connect();
    const std::string first = answers(client, 1, "x-user: u" + std::to_string(user) + "\r\n");
    ++users[first];
    EXPECT_EQ(answers(client, 3, "X-User: u" + std::to_string(user) + "\r\n"), first + first + first);
    const std::string cookie = "GET / HTTP/1.1\r\nHost: cookie.test\r\nCookie: a=b; user=u" + std::to_string(user);
    EXPECT_EQ(client.ask(cookie + "\r\n\r\n").body, first) << "the same value is the same key";
  }
  EXPECT_EQ(users.size(), 3U);
  tls_client client = proxy.connect();
  const std::string without = answers(client, 5);
  EXPECT_EQ(without, std::string(5, without[0])) << "without the field the client's address decides";
}

TEST_F(balancing, a_path_that_is_hashed_goes_to_one_backend_whatever_its_query) {
  routing::route hashed = route();
  hashed.upstream.balance.mode = config::balance_mode::hash;
  hashed.upstream.balance.hash_on = config::hash_source::path;
  const proxy_under_test proxy({hashed});
  tls_client client = proxy.connect();
  std::map<std::string, int> seen;
  for (int i = 0; i < 30; ++i) {
    const std::string path = "/item" + std::to_string(i);
    const std::string first = client.ask(get(path)).body;
    ++seen[first];
    EXPECT_EQ(client.ask(get(path + "?x=" + std::to_string(i))).body, first);
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST_F(balancing, a_sticky_client_comes_back_to_its_backend_and_is_told_once) {
  routing::route sticky = route();
  make_sticky(sticky);
  const proxy_under_test proxy({sticky});
  tls_client client = proxy.connect();
  const http_answer first = client.ask(get());
  const std::string token = "token" + std::string(1, static_cast<char>('0' + (first.body[0] - 'a')));
  EXPECT_TRUE(first.has_line("Set-Cookie: lb=" + token + "; Path=/; Secure")) << first.head;
  for (int i = 0; i < 6; ++i) {
    const http_answer next = client.ask(get("/", "Cookie: x=y; lb=" + token + "\r\n"));
    EXPECT_EQ(next.body, first.body);
    EXPECT_EQ(next.head.find("Set-Cookie"), std::string::npos) << "it knows";
  }
}

TEST_F(balancing, a_cookie_that_we_did_not_make_leads_nowhere_and_is_replaced) {
  routing::route sticky = route();
  make_sticky(sticky);
  const proxy_under_test proxy({sticky});
  tls_client client = proxy.connect();
  std::map<std::string, int> seen;
  for (int i = 0; i < 9; ++i) {
    const http_answer answer = client.ask(get("/", "Cookie: lb=127.0.0.1:" + std::to_string(a_.port()) + "\r\n"));
    ++seen[answer.body];
    EXPECT_NE(answer.head.find("Set-Cookie: lb=token"), std::string::npos);
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST_F(balancing, u10_a_sticky_client_whose_backend_is_gone_gets_another_one_and_stays_there) {
  const tests::reserved_port nobody;
  routing::route sticky = tests::route_to_all({nobody.number(), b_.port()});
  make_sticky(sticky);
  const proxy_under_test proxy({sticky});
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(get("/", "Cookie: lb=token0\r\n"));
  EXPECT_EQ(answer.body, "b");
  EXPECT_TRUE(answer.has_line("Set-Cookie: lb=token1; Path=/; Secure")) << answer.head;
}

TEST_F(balancing, least_conn_sends_nothing_to_the_one_that_is_busy) {
  const raw_origin busy([](raw_origin::connection& each) {
    each.head();
    each.stall();
  });
  routing::route route = tests::route_to_all({busy.port(), b_.port()});
  route.upstream.balance.mode = config::balance_mode::least_conn;
  const proxy_under_test proxy({route});
  std::vector<std::unique_ptr<tls_client>> waiting;
  // Until the busy one has its request, every second new one goes there.
  while (busy.connections() == 0) {
    waiting.push_back(std::make_unique<tls_client>(proxy.port()));
    waiting.back()->send(get());
    static_cast<void>(waiting.back()->stream().stays_silent(20ms));
    ASSERT_LT(waiting.size(), 5U);
  }
  tls_client client = proxy.connect();
  EXPECT_EQ(answers(client, 10), "bbbbbbbbbb");
  EXPECT_EQ(busy.connections(), 1);
}

}  // namespace
}  // namespace cardea::proxy
