// Goal: every request leaves one line, whatever protocol carried it and however it ended.
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/scratch_folder.hpp"

#include <boost/json.hpp>

#include <fstream>

namespace cardea::proxy {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using tests::get;
using tests::http2_client;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

/// A proxy whose entrypoint and whose route each have a log in JSON.
struct logged {
  explicit logged(raw_origin::script script, config::entrypoint_section section = {})
      : origin(std::move(script)), proxy({}, with_log(std::move(section), folder / "all.log")) {
    routing::route route = tests::route_to(origin.port());
    route.access_log = proxy.open_log(section_for(folder / "app.log"));
    proxy.publish({route});
  }

  static config::access_log_section section_for(const std::string& path) {
    config::access_log_section out;
    out.path = path;
    out.format = config::access_log_format::json;
    return out;
  }
  static config::entrypoint_section with_log(config::entrypoint_section section, const std::string& path) {
    section.access_log = std::make_shared<config::access_log_section>(section_for(path));
    return section;
  }

  /// The lines of a log once there are so many.
  std::vector<json::object> lines(const std::string& name, std::size_t count) {
    std::vector<json::object> out;
    const bool came = tests::eventually([&] {
      out.clear();
      std::ifstream file(folder / name);
      std::string line;
      while (std::getline(file, line)) out.push_back(json::parse(line).as_object());
      return out.size() >= count;
    });
    EXPECT_TRUE(came) << name << " has " << out.size() << " of " << count << " lines";
    out.resize(count);
    return out;
  }
  /// The last of so many, from the log of the entrypoint.
  json::object line(std::size_t number = 1) { return lines("all.log", number).back(); }

  test_support::scratch_folder folder;
  raw_origin origin;
  proxy_under_test proxy;
};

std::string text(const json::object& line, const char* key) { return std::string(line.at(key).as_string()); }

TEST(access_gate, a_request_is_logged_by_the_entrypoint_and_by_its_route) {
  logged all(raw_origin::answering(ok("hello", "Content-Type: text/plain\r\n")));
  EXPECT_EQ(all.proxy.connect().ask(get("/a?x=1", "User-Agent: test\r\n")).status, 200);
  for (const char* name : {"all.log", "app.log"}) {
    const json::object line = all.lines(name, 1)[0];
    EXPECT_EQ(text(line, "ip"), "127.0.0.1");
    EXPECT_EQ(text(line, "method"), "GET");
    EXPECT_EQ(text(line, "scheme"), "https");
    EXPECT_EQ(text(line, "host"), "app.test");
    EXPECT_EQ(text(line, "path"), "/a");
    EXPECT_EQ(text(line, "protocol"), "HTTP/1.1");
    EXPECT_EQ(line.at("status").as_int64(), 200);
    EXPECT_EQ(text(line, "type"), "text/plain");
    EXPECT_EQ(line.at("size").as_int64(), 5);
    EXPECT_EQ(text(line, "useragent"), "test");
    EXPECT_TRUE(line.at("complete").as_bool());
    EXPECT_EQ(text(line, "route"), "app.test");
    EXPECT_EQ(text(line, "upstream"), "127.0.0.1:" + std::to_string(all.origin.port()));
    EXPECT_EQ(json::serialize(line.at("query")), R"({"x":["1"]})");
  }
  EXPECT_EQ(all.proxy.server().status().access_log_lines, 2U);
}

TEST(access_gate, http2_is_logged_like_http1) {
  logged all(raw_origin::answering(ok("hello")));
  http2_client client(all.proxy.port());
  EXPECT_EQ(client.ask(1, http2_client::request("GET", "/two", {{"user-agent", "h2"}})).status, 200);
  EXPECT_EQ(client.ask(3, http2_client::request("HEAD", "/three")).status, 200);
  const auto lines = all.lines("app.log", 2);
  EXPECT_EQ(text(lines[0], "protocol"), "HTTP/2.0");
  EXPECT_EQ(text(lines[0], "path"), "/two");
  EXPECT_EQ(text(lines[0], "useragent"), "h2");
  EXPECT_EQ(lines[0].at("size").as_int64(), 5);
  EXPECT_EQ(lines[1].at("size").as_int64(), 0) << "what was sent, not what was announced";
}

TEST(access_gate, an_upgraded_connection_is_logged_when_it_ends) {
  logged all([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    while (true) {
      const std::string line = each.stream().read_until("\n");
      if (line.empty()) return;
      each.write("echo " + line);
    }
  });
  {
    tls_client client = all.proxy.connect();
    client.send(get("/socket", "User-Agent: ws\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"));
    EXPECT_EQ(client.answer().status, 101);
    for (int i = 0; i < 10; ++i) {
      client.send("hello\n");
      EXPECT_EQ(client.stream().read_until("\n"), "echo hello\n");
    }
  }
  const json::object line = all.line();
  EXPECT_EQ(line.at("status").as_int64(), 101);
  EXPECT_EQ(text(line, "path"), "/socket");
  EXPECT_EQ(text(line, "useragent"), "ws") << "although the head's room was given away";
  EXPECT_EQ(line.at("size").as_int64(), 110);
  EXPECT_EQ(line.at("request_size").as_int64(), 60);
}

TEST(access_gate, what_has_no_route_is_in_the_log_of_the_entrypoint_alone) {
  logged all(raw_origin::answering(ok()));
  EXPECT_EQ(all.proxy.connect().ask("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n").status, 404);
  EXPECT_EQ(all.proxy.connect().ask("CONNECT app.test:443 HTTP/1.1\r\nHost: app.test:443\r\n\r\n").status, 405);
  const auto lines = all.lines("all.log", 2);
  EXPECT_EQ(lines[0].at("status").as_int64(), 404);
  EXPECT_EQ(text(lines[0], "host"), "nobody.test");
  EXPECT_FALSE(lines[0].contains("route"));
  EXPECT_EQ(lines[1].at("status").as_int64(), 405);
  EXPECT_EQ(all.proxy.connect().ask(get()).status, 200);
  EXPECT_EQ(all.lines("app.log", 1)[0].at("status").as_int64(), 200) << "is the first";
}

TEST(access_gate, l12_what_was_not_understood_is_logged_as_it_came) {
  config::entrypoint_section section;
  section.limits.request_head_timeout = 200ms;
  section.limits.request_line_bytes_max = 256;
  logged all(raw_origin::answering(ok()), section);
  EXPECT_EQ(all.proxy.connect().ask("GET /\x1b[2J\" HTTP/1.1\r\nHost: app.test\r\n\r\n").status, 400);
  EXPECT_EQ(all.proxy.connect().ask(get("/" + std::string(300, 'x'))).status, 414);
  tls_client slow = all.proxy.connect();
  slow.send("GET /slow HTTP/1.1\r\nHos");
  EXPECT_EQ(slow.answer().status, 408);
  http2_client client(all.proxy.port());
  EXPECT_EQ(client.ask(1, http2_client::request("GET", "/", {{"expect", "magic"}})).status, 417);
  const auto lines = all.lines("all.log", 4);
  EXPECT_EQ(lines[0].at("status").as_int64(), 400);
  EXPECT_EQ(text(lines[0], "path"), "GET /\x1b[2J\" HTTP/1.1");
  EXPECT_EQ(lines[1].at("status").as_int64(), 414);
  EXPECT_EQ(lines[2].at("status").as_int64(), 408);
  EXPECT_EQ(text(lines[2], "path"), "GET /slow HTTP/1.1");
  EXPECT_EQ(lines[3].at("status").as_int64(), 417);
  EXPECT_EQ(text(lines[3], "protocol"), "HTTP/2.0");
}

TEST(access_gate, a_client_that_leaves_before_its_answer_is_a_499) {
  logged all([](raw_origin::connection& each) {
    each.head();
    each.stall();
  });
  {
    tls_client client = all.proxy.connect();
    client.send(get("/left"));
    EXPECT_TRUE(all.origin.wait_for_connections(1));
    EXPECT_TRUE(tests::eventually([&] { return !all.origin.received().empty(); }));
    client.stream().reset();
  }
  const json::object line = all.line();
  EXPECT_EQ(line.at("status").as_int64(), 499);
  EXPECT_FALSE(line.at("complete").as_bool());
}

TEST(access_gate, an_answer_that_is_cut_short_is_not_complete) {
  logged all([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  tls_client client = all.proxy.connect();
  client.send(get());
  static_cast<void>(client.stream().read_to_end());
  const json::object line = all.line();
  EXPECT_EQ(line.at("status").as_int64(), 200);
  EXPECT_FALSE(line.at("complete").as_bool());
  EXPECT_EQ(line.at("size").as_int64(), 4);
}

TEST(access_gate, a_backend_that_is_not_there_is_a_502_with_its_name) {
  logged all(raw_origin::answering(ok()));
  const tests::reserved_port nobody;
  routing::route route = tests::route_to(nobody.number());
  all.proxy.publish({route});
  EXPECT_EQ(all.proxy.connect().ask(get()).status, 502);
  const json::object line = all.line();
  EXPECT_EQ(line.at("status").as_int64(), 502);
  EXPECT_EQ(text(line, "upstream"), nobody.address());
  EXPECT_EQ(text(line, "type"), "text/html; charset=utf-8");
}

TEST(access_gate, the_redirect_of_the_clear_listener_is_logged_too) {
  config::entrypoint_section section;
  section.http_addr = "any";
  logged all(raw_origin::answering(ok()), section);
  auto client = tests::byte_stream::connect(all.proxy.clear_port());
  client.write("GET /old HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(tests::read_answer(client).status, 308);
  const json::object line = all.line();
  EXPECT_EQ(text(line, "scheme"), "http");
  EXPECT_EQ(text(line, "path"), "/old");
  EXPECT_EQ(line.at("status").as_int64(), 308);
}

TEST(access_gate, a_reload_turns_logs_on_and_off) {
  logged all(raw_origin::answering(ok()));
  tls_client client = all.proxy.connect();
  EXPECT_EQ(client.ask(get("/both")).status, 200);
  static_cast<void>(all.lines("app.log", 1));
  all.proxy.publish({tests::route_to(all.origin.port())});
  EXPECT_EQ(client.ask(get("/one")).status, 200);
  EXPECT_EQ(text(all.line(2), "path"), "/one");
  EXPECT_EQ(all.lines("app.log", 1).size(), 1U);
}

}  // namespace
}  // namespace cardea::proxy
