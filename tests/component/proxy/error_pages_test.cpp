// Goal: who sees the operator's own error pages, who sees what else, and that nothing but the content is replaced.
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/written_routes.hpp"

namespace cardea::proxy {
namespace {

using tests::get;
using tests::http2_client;
using tests::http_answer;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;

std::string failing(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 503 Nope\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class error_page : public testing::Test {
 protected:
  static config::entrypoint_section with_pages() {
    config::entrypoint_section out;
    out.error_pages.files = std::make_shared<const config::error_page_files>(config::error_page_files{
        {"404.html", "<p>ours: not here"}, {"5xx.html", "<p>ours: broken"}, {"style.css", "p{}"}});
    return out;
  }
  static std::vector<routing::route> to(const raw_origin& origin, const std::string& middlewares = "error_page: ") {
    return tests::written_routes("  app.test: {port: " + std::to_string(origin.port()) + ", middlewares: {" + middlewares + "}}\n");
  }
  static http_answer ask(const proxy_under_test& proxy, const std::string& request) {
    tls_client client = proxy.connect();
    return client.ask(request);
  }
};

TEST_F(error_page, of_the_operator_is_shown_for_our_own_errors) {
  const raw_origin origin(raw_origin::answering(tests::ok()));
  const proxy_under_test proxy(to(origin, ""), with_pages());
  tls_client client = proxy.connect();
  const http_answer unknown = client.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "<p>ours: not here");
  EXPECT_EQ(unknown.value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(unknown.value("Vary"), "Accept");
  client.send("HEAD / HTTP/1.1\r\nHost: other.test\r\n\r\n");
  EXPECT_EQ(client.answer(true).head, unknown.head);
  EXPECT_EQ(client.ask(get("/")).body, "ok") << "the connection goes on";
}

TEST_F(error_page, of_a_route_without_the_middleware_is_the_backends) {
  const raw_origin origin(raw_origin::answering(failing("Content-Type: text/html\r\n", "theirs")));
  const proxy_under_test proxy(to(origin, ""), with_pages());
  EXPECT_EQ(ask(proxy, get()).body, "theirs");
}

TEST_F(error_page, replaces_what_a_backend_says_and_keeps_the_rest_of_its_answer) {
  const raw_origin origin(raw_origin::answering(failing(
      "Content-Type: text/html\r\nContent-Encoding: gzip\r\nETag: \"x\"\r\nLast-Modified: never\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
      "WWW-Authenticate: Basic\r\nContent-Security-Policy: default-src 'self'\r\n",
      std::string(300'000, 't'))));
  const proxy_under_test proxy(to(origin), with_pages());
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    const http_answer answer = client.ask(get());
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body, "<p>ours: broken");
    EXPECT_EQ(answer.value("Content-Length"), "15");
    EXPECT_EQ(answer.value("Content-Type"), "text/html; charset=utf-8");
    for (const char* name : {"Content-Encoding", "ETag", "Last-Modified"}) EXPECT_FALSE(answer.has(name)) << name;
    for (const char* line : {"Set-Cookie: a=1", "Set-Cookie: b=2", "WWW-Authenticate: Basic", "Content-Security-Policy: default-src 'self'"})
      EXPECT_NE(answer.head.find(line), std::string::npos) << line;
  }
}

TEST_F(error_page, is_not_shown_instead_of_data) {
  for (const char* type : {"application/json", "application/grpc", "image/png", "text/css"}) {
    const raw_origin origin(raw_origin::answering(failing("Content-Type: " + std::string(type) + "\r\n", "data")));
    const proxy_under_test proxy(to(origin), with_pages());
    EXPECT_EQ(ask(proxy, get()).body, "data") << type;
  }
  const raw_origin fine(raw_origin::answering(tests::ok("fine", "Content-Type: text/html\r\n")));
  EXPECT_EQ(ask(proxy_under_test(to(fine), with_pages()), get()).body, "fine");
}

TEST_F(error_page, is_not_shown_to_programs) {
  const raw_origin origin(raw_origin::answering(failing("Content-Type: text/plain\r\n", "theirs")));
  const proxy_under_test proxy(to(origin), with_pages());
  EXPECT_EQ(ask(proxy, get()).body, "<p>ours: broken");
  for (const char* fields : {"Accept: application/json\r\n", "Content-Type: application/grpc\r\n",
                             "Connection: Upgrade\r\nUpgrade: websocket\r\n"})
    EXPECT_EQ(ask(proxy, get("/", fields)).body, "theirs") << fields;
}

TEST_F(error_page, is_a_problem_for_who_likes_json_and_a_line_for_who_likes_neither) {
  const proxy_under_test proxy(std::vector<routing::route>{}, with_pages());
  const http_answer problem = ask(proxy, get("/", "Accept: application/json\r\n"));
  EXPECT_EQ(problem.status, 404);
  EXPECT_EQ(problem.value("Content-Type"), "application/problem+json");
  EXPECT_EQ(problem.body, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}\n");
  const http_answer line = ask(proxy, get("/", "Accept: image/png\r\n"));
  EXPECT_EQ(line.value("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(line.body, "404 Not Found\n");
}

TEST_F(error_page, finds_what_it_refers_to_on_every_host) {
  const proxy_under_test proxy(std::vector<routing::route>{}, with_pages());
  tls_client client = proxy.connect();
  const http_answer style = client.ask(get("/$gperrorpage/style.css?v=1"));
  EXPECT_EQ(style.status, 200);
  EXPECT_EQ(style.body, "p{}");
  EXPECT_EQ(style.value("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(client.ask(get("/$gperrorpage/missing.css")).status, 404);
  EXPECT_EQ(client.ask("POST /$gperrorpage/style.css HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n").value("Allow"), "GET, HEAD");
}

TEST_F(error_page, larger_than_every_buffer_arrives_whole_by_both_protocols) {
  config::entrypoint_section section;
  const std::string big(3 << 20, 'b');
  section.error_pages.files = std::make_shared<const config::error_page_files>(config::error_page_files{{"503.html", big}});
  const raw_origin origin(raw_origin::answering(failing("Content-Type: text/html\r\n", "theirs")));
  const proxy_under_test proxy(to(origin), section);
  EXPECT_TRUE(ask(proxy, get()).body == big);
  http2_client client(proxy.port());
  const tests::h2_answer answer = client.ask(1, http2_client::request("GET", "/"));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.body == big) << answer.body.size();
  EXPECT_EQ(answer.value("content-length"), std::to_string(big.size()));
}

TEST_F(error_page, of_the_entrypoints_middleware_is_for_every_route) {
  const raw_origin origin(raw_origin::answering(failing("Content-Type: text/html\r\n", "theirs")));
  config::entrypoint_section section = with_pages();
  section.middlewares.push_back({"error_page", config::error_page{}});
  EXPECT_EQ(ask(proxy_under_test(to(origin, ""), section), get()).body, "<p>ours: broken");
}

}  // namespace
}  // namespace cardea::proxy
