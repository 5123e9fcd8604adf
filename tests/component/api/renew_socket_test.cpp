// Goal: what a person sees who renews the certificates, and that no client can
// hold up the renewal or another client. Method: Debian's python3-websockets
// against the server; a scripted autocert::control.
#include "base/log.hpp"
#include "tests/component/api/running_server.hpp"
#include "tests/support/python_child.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace cardea::api {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

class watcher {
 public:
  explicit watcher(const running_server& server, const std::vector<std::string>& headers = {})
      : watcher(server, server.host(), headers) {}
  /// Connects to the server by a name that is not its own.
  watcher(const running_server& server, const std::string& name, const std::vector<std::string>& headers)
      : child_(arguments(server, name, headers)) {}

  /// The next event, e.g. {"text": "..."}.
  json::object next() {
    const std::string line = child_.read_line();
    return line.empty() ? json::object{} : json::parse(line).as_object();
  }

  /// The next text; anything else is a failure.
  std::string text() {
    const json::object event = next();
    const auto* const found = event.if_contains("text");
    EXPECT_NE(found, nullptr) << json::value(event);
    return found == nullptr ? std::string() : std::string(found->as_string());
  }

  void expect_open() { EXPECT_EQ(next(), (json::object{{"open", true}})); }
  void expect_closed(int code) {
    const json::object event = next();
    EXPECT_TRUE(event.contains("closed")) << json::value(event);
    if (!event.contains("closed")) return;
    EXPECT_EQ(event.at("closed"), code) << json::value(event);
  }

  void say(const std::string& words) { child_.write_line(words); }
  void vanish() { child_.close_input(); }

 private:
  static std::vector<std::string> arguments(const running_server& server, const std::string& name,
                                            const std::vector<std::string>& headers) {
    std::vector<std::string> out{CARDEA_SOURCE_DIR "/tests/component/api/websocket_client.py", server.host(),
                                 "ws://" + name + "/api/v1/cert/renew"};
    out.insert(out.end(), headers.begin(), headers.end());
    return out;
  }

  tests::python_child child_;
};

class renew_socket : public testing::Test {
 protected:
  const base::logger log_{"autocert"};
};

TEST_F(renew_socket, sends_every_line_from_the_first_then_the_outcomes_and_closes) {
  running_server server;
  log_.info("before");
  server.control().on_force = [this] { log_.info("first line of the renewal"); };
  watcher client(server);
  client.expect_open();
  EXPECT_NE(client.text().find("first line of the renewal component=autocert"), std::string::npos);
  log_.warn("second", {{"reason", "b\nc"}});  // this thread is not the control thread
  EXPECT_NE(client.text().find("second component=autocert reason=b\\x0ac"), std::string::npos);
  server.on_control([&] {
    log_.info("last line");
    server.control().finish({{"main", true, "until 2030"}, {"extra[0]", false, "the CA refused"}});
  });
  EXPECT_NE(client.text().find("last line"), std::string::npos) << "lines come before outcomes";
  EXPECT_EQ(client.text(), R"({"provider":"main","renewed":true,"detail":"until 2030"})");
  EXPECT_EQ(client.text(), R"({"provider":"extra[0]","renewed":false,"detail":"the CA refused"})");
  client.expect_closed(1000);
  EXPECT_EQ(server.control().forced_count, 1);
}

TEST_F(renew_socket, tells_a_second_client_that_a_renewal_is_running_and_shows_it_the_same) {
  running_server server;
  watcher first(server);
  first.expect_open();
  ASSERT_TRUE(server.wait_for_force(1));
  watcher second(server);
  second.expect_open();
  EXPECT_EQ(second.text(), "renewal already in progress");
  log_.info("for both");
  for (watcher* client : {&first, &second}) EXPECT_NE(client->text().find("for both"), std::string::npos);
  server.finish({{"main", true, "x"}});
  for (watcher* client : {&first, &second}) {
    EXPECT_EQ(client->text(), R"({"provider":"main","renewed":true,"detail":"x"})");
    client->expect_closed(1000);
  }
  EXPECT_EQ(server.control().forced_count, 1);

  watcher third(server);
  third.expect_open();
  ASSERT_TRUE(server.wait_for_force(2)) << "after the end a new one may start";
  server.finish({});
  third.expect_closed(1000);
}

TEST_F(renew_socket, sends_a_client_away_when_somebody_else_forced_the_renewal) {
  running_server server;
  server.control().busy = true;
  watcher client(server);
  client.expect_open();
  EXPECT_EQ(client.text(), "renewal already in progress");
  client.expect_closed(1013);
}

TEST_F(renew_socket, goes_on_for_others_when_the_client_that_started_goes_away) {
  running_server server;
  watcher first(server);
  first.expect_open();
  ASSERT_TRUE(server.wait_for_force(1));
  watcher second(server);
  second.expect_open();
  EXPECT_EQ(second.text(), "renewal already in progress");
  first.vanish();
  log_.info("still here");
  EXPECT_NE(second.text().find("still here"), std::string::npos);
  bool running = false;
  server.on_control([&] { running = server.control().running(); });
  EXPECT_TRUE(running);
  server.finish({{"main", true, "x"}});
  EXPECT_EQ(second.text(), R"({"provider":"main","renewed":true,"detail":"x"})");
  second.expect_closed(1000);
}

TEST_F(renew_socket, lets_the_renewal_end_without_any_client) {
  running_server server;
  {
    watcher only(server);
    only.expect_open();
    ASSERT_TRUE(server.wait_for_force(1));
  }
  server.finish({{"main", true, "x"}});
  watcher next(server);
  next.expect_open();
  ASSERT_TRUE(server.wait_for_force(2));
  server.finish({});
  next.expect_closed(1000);
}

TEST_F(renew_socket, answers_ping_and_ignores_other_words) {
  running_server server;
  watcher client(server);
  client.expect_open();
  client.say("hello");
  client.say("ping");
  EXPECT_EQ(client.text(), "pong");
  ASSERT_TRUE(server.wait_for_force(1));
  server.finish({});
  client.expect_closed(1000);
}

TEST_F(renew_socket, closes_a_client_that_says_too_much_at_once) {
  running_server server({.message_bytes_max = 100});
  watcher client(server);
  client.expect_open();
  client.say(std::string(100, 'x'));
  client.say("ping");
  EXPECT_EQ(client.text(), "pong");
  client.say(std::string(101, 'x'));
  client.expect_closed(1009);
}

TEST_F(renew_socket, refuses_pages_of_another_origin_before_anything_starts) {
  running_server server;
  watcher foreign(server, {"Origin: https://evil.example"});
  EXPECT_EQ(foreign.next(), (json::object{{"refused", 403}}));
  watcher rebound(server, "rebound.example:" + std::to_string(server.port()), {});
  EXPECT_EQ(rebound.next(), (json::object{{"refused", 403}}));
  EXPECT_EQ(server.control().forced_count, 0);
  watcher own(server, {"Origin: http://" + server.host()});
  own.expect_open();
  ASSERT_TRUE(server.wait_for_force(1));
  server.finish({});
  own.expect_closed(1000);
}

// Never reads after the upgrade.
const char* const mute_client = R"(
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET /api/v1/cert/renew HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
print(s.recv(12).decode())
sys.stdin.readline()
s.settimeout(10)
count = 0
try:
    while True:
        more = s.recv(65536)
        if not more: break
        count += len(more)
except ConnectionError:
    pass
print("ended")
)";

TEST_F(renew_socket, drops_a_slow_client_and_keeps_the_others) {
  running_server server({.queue_lines_max = 200, .close_timeout = 300ms});
  tests::python_child mute({"-c", mute_client, std::to_string(server.port())});
  EXPECT_EQ(mute.read_line(), "HTTP/1.1 101");
  ASSERT_TRUE(server.wait_for_force(1));
  watcher quick(server);
  quick.expect_open();
  EXPECT_EQ(quick.text(), "renewal already in progress");
  const std::string padding(2000, 'x');
  for (int i = 0; i < 1000; ++i) {
    log_.info("line", {{"i", i}, {"padding", padding}});
    // The quick client keeps up: it has each line before the next is logged.
    ASSERT_NE(quick.text().find(" i=" + std::to_string(i) + " "), std::string::npos);
  }
  std::this_thread::sleep_for(400ms);  // the close timeout of the dropped client
  mute.write_line("");
  EXPECT_EQ(mute.read_line(), "ended");
  server.finish({{"main", true, "x"}});
  EXPECT_EQ(quick.text(), R"({"provider":"main","renewed":true,"detail":"x"})");
  quick.expect_closed(1000);
}

TEST_F(renew_socket, says_why_it_drops_a_client_that_could_not_follow_a_burst) {
  running_server server({.queue_lines_max = 10});
  watcher client(server);
  client.expect_open();
  ASSERT_TRUE(server.wait_for_force(1));
  server.on_control([this] {
    for (int i = 0; i < 50; ++i) log_.info("line");
  });
  client.expect_closed(1013);
  server.finish({});
}

TEST_F(renew_socket, cuts_a_client_that_is_silent_in_spite_of_pings) {
  running_server server({.websocket_idle_timeout = 400ms});
  tests::python_child mute({"-c", mute_client, std::to_string(server.port())});
  EXPECT_EQ(mute.read_line(), "HTTP/1.1 101");
  ASSERT_TRUE(server.wait_for_force(1));
  watcher alive(server);
  alive.expect_open();
  EXPECT_EQ(alive.text(), "renewal already in progress");
  std::this_thread::sleep_for(1200ms);
  mute.write_line("");
  EXPECT_EQ(mute.read_line(), "ended");
  server.finish({});
  alive.expect_closed(1000);
}

TEST_F(renew_socket, says_goodbye_when_the_program_ends) {
  auto server = std::make_unique<running_server>();
  watcher client(*server);
  client.expect_open();
  ASSERT_TRUE(server->wait_for_force(1));
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  client.expect_closed(1001);
  server->control().finish({{"main", true, "later than the API"}});
}

}  // namespace
}  // namespace cardea::api
