// Goal: what rules for paths match is what a backend gets, and nothing a client writes leads anywhere else.
#include "tests/support/http2_client.hpp"
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/written_routes.hpp"

namespace cardea::proxy {
namespace {

using tests::get;
using tests::http_answer;
using tests::ok;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::tls_client;
using tests::written_routes;

std::string first_line(const std::string& received) { return received.substr(0, received.find("\r\n")); }

class path_route : public testing::Test {
 protected:
  path_route() : main_(raw_origin::answering(ok("main"))), other_(raw_origin::answering(ok("other"))) {}

  /// Of the route app.test; OTHER stands for the other backend's port.
  [[nodiscard]] std::vector<routing::route> with(const std::string& paths, std::string more = {}) const {
    std::string text = paths;
    for (auto at = text.find("OTHER"); at != std::string::npos; at = text.find("OTHER"))
      text.replace(at, 5, std::to_string(other_.port()));
    return written_routes("  app.test: {port: " + std::to_string(main_.port()) + ", paths: [" + text + "]" + more + "}\n" +
                          "  other.test: {port: " + std::to_string(other_.port()) + "}\n");
  }
  [[nodiscard]] static http_answer ask(const proxy_under_test& proxy, const std::string& target,
                                       const std::string& method = "GET") {
    tls_client client = proxy.connect();
    return client.ask(method + " " + target + " HTTP/1.1\r\nHost: app.test\r\n\r\n");
  }

  const raw_origin main_;
  const raw_origin other_;
};

TEST_F(path_route, t07_what_is_matched_is_what_goes_on) {
  const proxy_under_test proxy(with("{prefix: /admin, deny: true}, {prefix: /api, host: 127.0.0.1, port: OTHER}"));
  for (const char* target : {"/admin", "/admin/x", "/a/../admin", "/a/%2e%2e/admin", "/%61dmin", "//admin", "/a/.%2E/admin/",
                             "/./admin?x=/api", "/x/../../admin"})
    EXPECT_EQ(ask(proxy, target).status, 403) << target;
  for (const char* target : {"/a/..;/admin", "/admin%2fx", "/admin\\..", "/x%00", "/%zz", "/..%5cadmin"})
    EXPECT_EQ(ask(proxy, target).status, 400) << target;
  EXPECT_EQ(main_.received(), "");
  EXPECT_EQ(other_.received(), "");
  EXPECT_EQ(ask(proxy, "/a/../api//%75sers/./7?q=%2e%2e/x").body, "other");
  EXPECT_EQ(first_line(other_.received()), "GET /api/users/7?q=%2e%2e/x HTTP/1.1");
  EXPECT_EQ(ask(proxy, "/a%252e%252e/b").body, "main");
  EXPECT_EQ(first_line(main_.received()), "GET /a%252e%252e/b HTTP/1.1");
}

TEST_F(path_route, t07_a_route_without_rules_gets_the_path_as_it_came) {
  const proxy_under_test proxy(written_routes("  app.test: {port: " + std::to_string(main_.port()) + "}\n"));
  EXPECT_EQ(ask(proxy, "/a/../b//c%2f").body, "main");
  EXPECT_EQ(first_line(main_.received()), "GET /a/../b//c%2f HTTP/1.1");
}

TEST_F(path_route, t03_an_absolute_target_is_matched_like_any_other) {
  const proxy_under_test proxy(with("{prefix: /admin, deny: true}"));
  EXPECT_EQ(ask(proxy, "https://app.test/x/../admin").status, 403);
  EXPECT_EQ(ask(proxy, "https://app.test").body, "main");
  EXPECT_EQ(first_line(main_.received()), "GET / HTTP/1.1");
}

TEST_F(path_route, a_method_decides_and_options_for_the_server_passes) {
  const proxy_under_test proxy(with("{prefix: /, methods: [POST, OPTIONS], status: 405}"));
  EXPECT_EQ(ask(proxy, "/x").body, "main");
  EXPECT_EQ(ask(proxy, "/x", "POST").status, 405);
  EXPECT_EQ(ask(proxy, "*", "OPTIONS").body, "main");
}

TEST_F(path_route, another_route_answers_and_what_was_stripped_is_named) {
  const proxy_under_test proxy(with("{prefix: /app, route: other.test, strip_prefix: true}"));
  EXPECT_EQ(ask(proxy, "/app?x").body, "other");
  EXPECT_EQ(ask(proxy, "/app/a/b?x").body, "other");
  EXPECT_EQ(ask(proxy, "/application").body, "main");
  const std::string seen = other_.received();
  EXPECT_TRUE(seen.starts_with("GET /?x HTTP/1.1\r\nHost: app.test\r\n")) << seen;
  EXPECT_NE(seen.find("GET /a/b?x HTTP/1.1"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\nX-Forwarded-Prefix: /app\r\n"), std::string::npos) << seen;
}

TEST_F(path_route, parameters_become_another_path) {
  const proxy_under_test proxy(with("{pattern: '/u/{id}/{rest...}', rewrite: '/users/{id}/v1/{rest}'}, "
                                    "{prefix: /old, rewrite: /new$rest}"));
  EXPECT_EQ(ask(proxy, "/u/7%20x/a/b?q=1").status, 200);
  EXPECT_EQ(first_line(main_.received()), "GET /users/7%20x/v1/a/b?q=1 HTTP/1.1");
  EXPECT_EQ(ask(proxy, "/old/x").status, 200);
  EXPECT_NE(main_.received().find("GET /new/x HTTP/1.1"), std::string::npos);
}

TEST_F(path_route, t07_a_rewrite_makes_no_dot_segment) {
  const proxy_under_test proxy(with("{pattern: '/x/{a}/{rest...}', rewrite: '/{a}/.{rest}'}"));
  EXPECT_EQ(ask(proxy, "/x/a/b").status, 200);
  EXPECT_EQ(first_line(main_.received()), "GET /a/.b HTTP/1.1");
  EXPECT_EQ(ask(proxy, "/x/a/").status, 400);
  EXPECT_EQ(ask(proxy, "/x/a/./b/..").status, 400) << "/a/. in another form";
}

TEST_F(path_route, t16_a_redirect_keeps_what_it_is_given_escaped_and_leads_to_no_other_host) {
  const proxy_under_test proxy(with(
      "{pattern: '/go/{rest...}', redirect: '/{rest}'}, {prefix: /old, redirect: {to: $rest$query, status: 301}}, "
      "{prefix: /site, redirect: {to: 'https://new.test$path$query', status: 308}}, "
      "{exact: /here, redirect: {to: 'https://$host:8443/there?from=$uri', status: 302}}, "
      "{prefix: /slash, redirect: {to: /$rest, status: 303}}",
      ", path_options: {merge_slashes: false, reject: []}"));
  const struct {
    const char* target;
    int status;
    const char* location;
  } cases[] = {
      {"/go//evil.test/x", 307, "/evil.test/x"},
      {"/go/%0d%0aSet-Cookie:%20a=b", 307, "/%0D%0ASet-Cookie:%20a=b"},
      {"/go/%5cevil.test", 307, "/%5Cevil.test"},
      {"/old//evil.test/", 301, "/evil.test/"},
      {"/old", 301, "/"},
      {"/old?x=%0d%0ay", 301, "/?x=%0d%0ay"},
      {"/site/a/../b?c=d", 308, "https://new.test/site/b?c=d"},
      {"/here?a=b", 302, "https://app.test:8443/there?from=/here?a=b"},
      {"/slash//evil.test", 303, "/evil.test"},
  };
  for (const auto& each : cases) {
    const http_answer answer = ask(proxy, each.target);
    EXPECT_EQ(answer.status, each.status) << each.target;
    EXPECT_EQ(answer.value("Location"), each.location) << each.target;
    EXPECT_FALSE(answer.has("Set-Cookie")) << each.target;
  }
  EXPECT_EQ(main_.received(), "");
}

TEST_F(path_route, s36_a_redirected_upload_is_not_taken_for_the_next_request) {
  const proxy_under_test proxy(with("{prefix: /old, redirect: /new}, {prefix: /no, deny: true}"));
  for (const char* path : {"/old", "/no"}) {
    tls_client client = proxy.connect();
    client.send("POST " + std::string(path) + " HTTP/1.1\r\nHost: app.test\r\nContent-Length: 35\r\n\r\nGET /evil HTTP/1.1\r\nHost: app.test\r\n");
    const http_answer answer = client.answer();
    EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
    EXPECT_EQ(client.answer().status, 0);
  }
  EXPECT_EQ(main_.received(), "");
}

TEST_F(path_route, a_host_that_only_redirects_has_no_backend) {
  const proxy_under_test proxy(written_routes("  \"app.test,www.test\": {redirect: {to: 'https://new.test$uri', status: 301}}\n"));
  EXPECT_EQ(ask(proxy, "/a?b").value("Location"), "https://new.test/a?b");
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: www.test\r\n\r\n").value("Location"), "https://new.test/");
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: www.test\r\n\r\n").status, 404);
}

TEST_F(path_route, an_internal_route_answers_for_no_host) {
  const proxy_under_test proxy(written_routes("  app.test: {port: " + std::to_string(main_.port()) +
                                              ", paths: [{prefix: /in, route: in.test}]}\n  in.test: {internal: true, port: " +
                                              std::to_string(other_.port()) + "}\n"));
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: in.test\r\n\r\n").status, 404);
  EXPECT_EQ(client.ask(get("/in/x")).body, "other");
}

TEST_F(path_route, holds_for_http2_as_well) {
  const proxy_under_test proxy(with("{prefix: /admin, deny: true}, {prefix: /api, host: 127.0.0.1, port: OTHER, strip_prefix: true}"));
  tests::http2_client client(proxy.port());
  EXPECT_EQ(client.ask(1, tests::http2_client::request("GET", "/x/%2e%2e/admin", {})).status, 403);
  EXPECT_EQ(client.ask(3, tests::http2_client::request("GET", "/a/../api/y?z", {})).body, "other");
  EXPECT_EQ(client.ask(5, tests::http2_client::request("GET", "/a/..;/admin", {})).status, 400);
  EXPECT_EQ(first_line(other_.received()), "GET /y?z HTTP/1.1");
}

TEST_F(path_route, a_request_that_was_retried_is_rewritten_again) {
  const raw_origin flaky([](raw_origin::connection& each) {
    if (each.request().head.empty() || each.number() != 1) return;
    each.write(ok("first"));
    static_cast<void>(each.request());  // and dies on a reused connection
  });
  const raw_origin steady([](raw_origin::connection& each) {
    while (!each.request().head.empty()) each.write(ok("steady"));
  });
  auto routes = with("{prefix: /api, rewrite: /v1$rest}");
  routes[0].upstream.backends = {tests::backend_at(flaky.port()), tests::backend_at(steady.port())};
  const proxy_under_test proxy(std::move(routes));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(proxy, "/api/x").status, 200);
  EXPECT_TRUE(steady.received().starts_with("GET /v1/x HTTP/1.1")) << steady.received();
}

}  // namespace
}  // namespace cardea::proxy
