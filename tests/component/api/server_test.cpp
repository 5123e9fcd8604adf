// Goal: the plain endpoints and every limit, as a client on the wire sees them.
// Method: the server on its own thread; curl, or bytes on a socket.
#include "tests/component/api/running_server.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdio>

namespace cardea::api {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> bytes{};
  while (const auto count = fread(bytes.data(), 1, bytes.size(), pipe)) out.append(bytes.data(), count);
  pclose(pipe);
  return out;
}

std::string curl(const running_server& server, const std::string& path, const std::string& options = "") {
  return output_of("curl -sS -i --max-time 10 " + options + " http://" + server.host() + path + " 2>&1");
}

/// One connection, bytes as given.
class raw_client {
 public:
  explicit raw_client(const running_server& server) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), server.port()});
    timeval patience{10, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  void send(const std::string& bytes) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }

  /// Everything up to the end of the connection.
  std::string rest() {
    std::string out;
    boost::system::error_code ec;
    asio::read(socket_, asio::dynamic_buffer(out), ec);
    return ec == asio::error::eof ? out : out + "<" + ec.message() + ">";
  }

  /// As many bytes as `expected` has.
  std::string some(std::size_t count) {
    std::string out(count, '\0');
    boost::system::error_code ec;
    out.resize(asio::read(socket_, asio::buffer(out), ec));
    return out;
  }

 private:
  asio::io_context context_;
  asio::ip::tcp::socket socket_;
};

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

int status_of(const std::string& text) {
  return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(api_server, answers_the_plain_endpoints) {
  running_server server;
  const std::string version = curl(server, "/api/v1/version");
  EXPECT_TRUE(version.starts_with("HTTP/1.1 200 OK\r\n")) << version;
  EXPECT_TRUE(has(version, "Content-Type: application/json\r\n")) << version;
  EXPECT_TRUE(has(version, "Cache-Control: no-store\r\n")) << version;
  EXPECT_TRUE(version.ends_with("\r\n\r\n\"1.2.3\"\n")) << version;
  EXPECT_FALSE(has(version, "Access-Control")) << "no page of another origin may read answers";
  EXPECT_TRUE(curl(server, "/api/v1/health").ends_with("\r\n\r\n{}\n"));
  EXPECT_TRUE(curl(server, "/api/v1/cert/info").starts_with("HTTP/1.1 404 "));
  server.on_control([&] {
    server.control().served = {{"main", "a.test", "CA", 1, 2, {"a.test"}, {}, 3, ""}};
  });
  EXPECT_TRUE(
      has(curl(server, "/api/v1/cert/info"), R"([{"subject":"a.test","issuer":"CA","not_before":1,)"));
}

TEST(api_server, answers_head_without_a_body) {
  running_server server;
  const std::string head = curl(server, "/api/v1/version", "--head");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
  EXPECT_TRUE(has(head, "Content-Length: 8\r\n")) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST(api_server, refuses_wrong_paths_methods_and_missing_upgrades) {
  running_server server;
  EXPECT_TRUE(curl(server, "/nowhere").ends_with("{\"message\":\"no such endpoint\"}\n"));
  const std::string wrong = curl(server, "/api/v1/version", "-X DELETE");
  EXPECT_EQ(status_of(wrong), 405);
  EXPECT_TRUE(has(wrong, "Allow: GET, HEAD\r\n")) << wrong;
  const std::string plain = curl(server, "/api/v1/cert/renew");
  EXPECT_EQ(status_of(plain), 426);
  EXPECT_TRUE(has(plain, "Upgrade: websocket\r\n")) << plain;
  EXPECT_TRUE(has(plain, "Connection: Upgrade\r\n")) << plain;
  EXPECT_TRUE(has(plain, "{\"message\":\"this endpoint speaks WebSocket only\"}")) << plain;
}

TEST(api_server, refuses_foreign_hosts_and_pages) {
  running_server server;
  EXPECT_EQ(status_of(curl(server, "/api/v1/version", "-H 'Host: rebound.example'")), 403);
  EXPECT_EQ(status_of(curl(server, "/api/v1/version", "-H 'Origin: https://evil.example'")), 403);
  EXPECT_EQ(status_of(curl(server, "/api/v1/version", "-H 'Origin: http://" + server.host() + "'")), 200);
  EXPECT_EQ(status_of(curl(server, "/api/v1/version", "-H 'Sec-Fetch-Mode: no-cors'")), 403);
  EXPECT_EQ(status_of(curl(server, "/api/v1/version", "-H 'Sec-Fetch-Site: cross-site'")), 403);
  EXPECT_EQ(status_of(curl(server, "/nowhere", "-H 'Host: rebound.example'")), 403)
      << "before anything is told";
}

TEST(api_server, refuses_ambiguous_requests_and_closes) {
  running_server server;
  const std::string begin = "GET /api/v1/version HTTP/1.1\r\n";
  for (const std::string& head : std::initializer_list<std::string>{
           begin + "\r\n", begin + "Host: localhost\r\nHost: localhost\r\n\r\n",
           begin + "Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://localhost\r\n\r\n",
           begin + "Host: localhost\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
           begin + "Host: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           begin + "Host: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
           "GET /api/v1/version HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "GET http://evil.example/api/v1/version HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "\x16\x03\x01\x02\x01\x01\x01\x01\x01\r\n\r\n"}) {
    raw_client client(server);
    client.send(head + get("/api/v1/version"));
    const std::string said = client.rest();
    EXPECT_TRUE(status_of(said) == 400 || status_of(said) == 403) << head << said;
    EXPECT_TRUE(has(said, "Connection: close\r\n")) << said;
    EXPECT_EQ(said.find("HTTP/1.1", 1), std::string::npos) << "nothing after it is served: " << said;
  }
}

TEST(api_server, keeps_a_connection_alive_and_serves_pipelined_requests) {
  running_server server;
  raw_client client(server);
  client.send(get("/api/v1/version") + get("/nowhere") + get("/api/v1/version", "Connection: close\r\n"));
  const std::string said = client.rest();
  EXPECT_EQ(status_of(said), 200);
  EXPECT_TRUE(has(said, "HTTP/1.1 404 ")) << said;
  EXPECT_TRUE(said.ends_with("\"1.2.3\"\n")) << said;
}

TEST(api_server, bounds_heads_and_bodies) {
  running_server server({.head_bytes_max = 1024, .body_bytes_max = 100});
  const auto exchange = [&server](const std::string& bytes) {
    raw_client client(server);
    client.send(bytes);
    return client.rest();
  };
  const std::string close = "Connection: close\r\n";
  EXPECT_EQ(status_of(exchange(get("/api/v1/version", close + "X: " + std::string(900, 'x') + "\r\n"))), 200);
  const std::string over = exchange(get("/api/v1/version", close + "X: " + std::string(1000, 'x') + "\r\n"));
  EXPECT_EQ(status_of(over), 431) << over;
  EXPECT_TRUE(over.ends_with("{\"message\":\"the request's head is too long\"}\n")) << over;
  const std::string body(100, 'x');
  EXPECT_EQ(status_of(exchange(get("/api/v1/version", close + "Content-Length: 100\r\n") + body)), 200);
  const std::string more = exchange(get("/api/v1/version", close + "Content-Length: 101\r\n") + body + "x");
  EXPECT_EQ(status_of(more), 413) << more;
  const std::string chunks = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(status_of(exchange(get("/api/v1/version", chunks) + "64\r\n" + body + "\r\n1\r\nx\r\n0\r\n\r\n")),
            413);
}

TEST(api_server, bounds_the_time_of_a_request) {
  running_server server({.request_timeout = 200ms});
  raw_client client(server);
  const auto begin = std::chrono::steady_clock::now();
  client.send("GET /api/v1/version HTTP/1.1\r\nHost: lo");
  EXPECT_EQ(client.rest(), "");
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, 190ms);
  EXPECT_LT(took, 5s);
}

TEST(api_server, bounds_the_time_between_requests) {
  running_server server({.idle_timeout = 200ms});
  raw_client client(server);
  const auto begin = std::chrono::steady_clock::now();
  client.send(get("/api/v1/version"));
  EXPECT_EQ(status_of(client.rest()), 200);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, 190ms);
  EXPECT_LT(took, 5s);
}

TEST(api_server, bounds_the_number_of_connections) {
  running_server server({.connections_max = 2});
  const std::string answer_end = "\"1.2.3\"\n";
  {
    raw_client first(server);
    raw_client second(server);
    first.send(get("/api/v1/version"));
    second.send(get("/api/v1/version"));
    EXPECT_EQ(status_of(first.some(20)), 200);
    EXPECT_EQ(status_of(second.some(20)), 200);
    raw_client third(server);
    const std::string said = third.rest();
    EXPECT_EQ(status_of(said), 503) << said;
    EXPECT_TRUE(said.ends_with("{\"message\":\"too many connections\"}\n")) << said;
  }
  int status = 0;
  for (int i = 0; i < 100 && status != 200; ++i) status = status_of(curl(server, "/api/v1/version"));
  EXPECT_EQ(status, 200) << "places are given back";
}

TEST(api_server, ends_while_clients_are_connected) {
  auto server = std::make_unique<running_server>();
  raw_client idle(*server);
  raw_client halfway(*server);
  idle.send(get("/api/v1/version"));
  EXPECT_EQ(status_of(idle.some(20)), 200);
  halfway.send(get("/api/v1/version") + "GET /api");
  EXPECT_EQ(status_of(halfway.some(20)), 200);
  const auto begin = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 800ms) << "at once";
  EXPECT_TRUE(idle.rest().ends_with("\"1.2.3\"\n")) << "an orderly end";
  EXPECT_TRUE(halfway.rest().ends_with("\"1.2.3\"\n"));
}

TEST(api_server, listens_on_every_address_when_no_host_is_given) {
  running_server server({}, ":0");
  EXPECT_EQ(status_of(curl(server, "/api/v1/version")), 200);
  EXPECT_EQ(status_of(curl(server, "/api/v1/version", "-H 'Host: rebound.example'")), 403);
}

base::awaitable<void> try_to_listen(server* one, std::optional<base::result<void>>* out) {
  auto bound = co_await one->listen();
  out->emplace(std::move(bound));
}

TEST(api_server, names_the_address_that_it_cannot_have) {
  running_server holder;
  for (const std::string& addr :
       {holder.host(), std::string("127.0.0.1"), std::string("127.0.0.1:"), std::string("nonsense")}) {
    asio::io_context context(1);
    tests::scripted_control control;
    const tests::scripted_health health;
    server second(context.get_executor(), {addr, "1", {}}, control, health);
    std::optional<base::result<void>> bound;
    asio::co_spawn(context, try_to_listen(&second, &bound), [](std::exception_ptr) {});
    context.run();
    ASSERT_TRUE(bound && !*bound) << addr;
    EXPECT_TRUE(bound->error().message().starts_with("api.addr " + addr + ": ")) << bound->error().message();
  }
}

}  // namespace
}  // namespace cardea::api
