// Goal: what middlewares make of requests and responses, byte by byte, and that clients cannot undo it.
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

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}
bool names(const std::string& head, const std::string& name) {
  return head.find("\r\n" + name + ":") != std::string::npos;
}

class middleware_chain : public testing::Test {
 protected:
  middleware_chain() : origin_(raw_origin::answering(ok("ok", "Server: nginx\r\nX-Old: 1\r\nX-Old: 2\r\nContent-Type: a/b\r\n"))) {}

  [[nodiscard]] std::vector<routing::route> with(const std::string& middlewares) const {
    return tests::written_routes("  app.test: {port: " + std::to_string(origin_.port()) + ", middlewares: {" + middlewares + "}}\n");
  }
  /// What the backend gets.
  [[nodiscard]] std::string forwarded(const std::string& middlewares, const std::string& request = get()) const {
    const proxy_under_test proxy(with(middlewares));
    tls_client client = proxy.connect();
    EXPECT_EQ(client.ask(request).status, 200) << middlewares;
    return origin_.received();
  }
  [[nodiscard]] http_answer relayed(const std::string& middlewares, const std::string& request = get()) const {
    const proxy_under_test proxy(with(middlewares));
    tls_client client = proxy.connect();
    return client.ask(request);
  }

  const raw_origin origin_;
};

TEST_F(middleware_chain, request_fields_are_set_added_and_hidden) {
  const std::string seen = forwarded(
      "modify_request: {set_headers: {X-Set: new, X-Real-IP: $remote_host}, add_headers: {X-Add: more}, "
      "hide_headers: [X-Secret, cookie]}",
      get("/", "X-Set: old\r\nx-set: older\r\nX-Add: some\r\nX-Secret: s\r\nCookie: c=1\r\nX-Real-IP: 6.6.6.6\r\nX-Keep: k\r\n"));
  EXPECT_TRUE(has_line(seen, "X-Set: new")) << seen;
  EXPECT_EQ(seen.find("old"), std::string::npos) << seen;
  EXPECT_TRUE(has_line(seen, "X-Add: some") && has_line(seen, "X-Add: more")) << seen;
  EXPECT_TRUE(has_line(seen, "X-Real-IP: 127.0.0.1")) << seen;
  EXPECT_FALSE(names(seen, "X-Secret") || names(seen, "Cookie")) << seen;
  EXPECT_TRUE(has_line(seen, "X-Keep: k")) << seen;
}

TEST_F(middleware_chain, godoxys_variables_are_filled_in) {
  const std::string seen = forwarded(
      "modify_request: {set_headers: {X-A: '$req_method $req_scheme $req_host $req_addr $req_path $req_query', "
      "X-B: '$req_url', X-C: '$req_uri $header(X-In) $arg(b) $nothing', X-D: '$upstream_name $upstream_host $req_content_length', "
      "X-E: '$remote_addr'}}",
      "POST /p/q?a=1&b=x%20y HTTP/1.1\r\nHost: app.test:8443\r\nX-In: in\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(has_line(seen, "X-A: POST https app.test app.test:8443 /p/q a=1&b=x%20y")) << seen;
  EXPECT_TRUE(has_line(seen, "X-B: https://app.test:8443/p/q?a=1&b=x%20y")) << seen;
  EXPECT_TRUE(has_line(seen, "X-C: /p/q?a=1&b=x%20y in x y $nothing")) << seen;
  EXPECT_TRUE(has_line(seen, "X-D: app.test 127.0.0.1 2")) << seen;
  EXPECT_NE(seen.find("\r\nX-E: 127.0.0.1:"), std::string::npos) << seen;
}

TEST_F(middleware_chain, t16_no_variable_makes_a_second_line) {
  const std::string seen =
      forwarded("modify_request: {set_headers: {X-A: 'a$arg(x)b'}}", get("/?x=1%0d%0aX-Evil:%201%0d%0a"));
  EXPECT_TRUE(has_line(seen, "X-A: a1%0d%0aX-Evil:%201%0d%0ab")) << seen;
  const http_answer answer =
      relayed("modify_response: {set_headers: {X-A: '$arg(x)'}}", get("/?x=1%0d%0aSet-Cookie:%20a=b"));
  EXPECT_FALSE(answer.has("Set-Cookie")) << answer.head;
  EXPECT_TRUE(answer.has_line("X-A: 1%0d%0aSet-Cookie:%20a=b")) << answer.head;
}

TEST_F(middleware_chain, host_is_set_and_the_one_that_was_asked_for_is_still_told) {
  const std::string seen = forwarded("modify_request: {set_headers: {Host: internal.test}}");
  EXPECT_TRUE(seen.starts_with("GET / HTTP/1.1\r\nHost: internal.test\r\n")) << seen;
  EXPECT_TRUE(has_line(seen, "X-Forwarded-Host: app.test")) << seen;
  EXPECT_EQ(seen.find("Host: app.test\r\nHost"), std::string::npos);
  const http_answer refused = relayed("modify_request: {set_headers: {Host: $header(X-Host)}}", get("/", "X-Host: a b\r\n"));
  EXPECT_EQ(refused.status, 400) << "what a client makes of Host has to be one";
}

TEST_F(middleware_chain, a_prefix_is_added_to_the_path) {
  EXPECT_TRUE(forwarded("request: {add_prefix: /base/}", get("/x?y")).starts_with("GET /base/x?y HTTP/1.1"));
}

TEST_F(middleware_chain, t11_forwarded_fields_are_hidden_or_replaced) {
  const std::string hidden = forwarded("hide_x_forwarded: ", get("/", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Foo: a\r\n"));
  EXPECT_EQ(hidden.find("X-Forwarded"), std::string::npos) << hidden;
  const std::string set = forwarded("modify_request: {set_headers: {X-Forwarded-Proto: http, X-Forwarded-Host: public.test}}");
  const std::string last = set.substr(set.rfind("GET "));
  EXPECT_TRUE(has_line(last, "X-Forwarded-Proto: http")) << last;
  EXPECT_EQ(last.find("X-Forwarded-Proto: https"), std::string::npos) << last;
  EXPECT_TRUE(has_line(last, "X-Forwarded-Host: public.test")) << last;
  EXPECT_EQ(last.find("X-Forwarded-Host: app.test"), std::string::npos) << last;
}

TEST_F(middleware_chain, t10_t13_a_client_can_strip_nothing_that_was_set_and_proxy_never_passes) {
  const std::string seen = forwarded("modify_request: {set_headers: {X-User: me, X-Real-IP: $remote_host}}",
                                     get("/", "Connection: X-User, X-Real-IP\r\nProxy: http://evil.test\r\n"));
  EXPECT_TRUE(has_line(seen, "X-User: me") && has_line(seen, "X-Real-IP: 127.0.0.1")) << seen;
  EXPECT_FALSE(names(seen, "Proxy")) << seen;
}

TEST_F(middleware_chain, response_fields_are_set_added_and_hidden) {
  const http_answer answer = relayed(
      "modify_response: {set_headers: {X-Old: '$status_code $resp_header(Server) $resp_content_type', "
      "Strict-Transport-Security: max-age=1}, add_headers: {X-Add: $req_host}, hide_headers: [server]}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "ok");
  EXPECT_TRUE(answer.has_line("X-Old: 200 nginx a/b")) << answer.head;
  EXPECT_EQ(answer.head.find("X-Old: 1"), std::string::npos) << answer.head;
  EXPECT_TRUE(answer.has_line("Strict-Transport-Security: max-age=1")) << answer.head;
  EXPECT_TRUE(answer.has_line("X-Add: app.test")) << answer.head;
  EXPECT_FALSE(answer.has("Server")) << answer.head;
  EXPECT_TRUE(answer.has_line("Content-Length: 2")) << answer.head;
}

TEST_F(middleware_chain, responses_of_our_own_are_changed_as_well) {
  auto routes = with("modify_response: {set_headers: {X-Frame-Options: DENY}}, cidr_whitelist: {allow: 10.0.0.1}");
  const proxy_under_test proxy(std::move(routes));
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(get());
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "IP not allowed");
  EXPECT_TRUE(answer.has_line("X-Frame-Options: DENY")) << answer.head;
}

TEST_F(middleware_chain, http2_clients_see_the_same) {
  const proxy_under_test proxy(with("modify_response: {set_headers: {X-New: a, X-Old: b}, hide_headers: Server}, "
                                    "modify_request: {set_headers: {X-Up: $req_method}}"));
  tests::http2_client client(proxy.port());
  for (std::uint32_t stream = 1; stream < 7; stream += 2) {
    const auto answer = client.ask(stream, tests::http2_client::request());
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.value("x-new"), "a");
    EXPECT_EQ(answer.value("x-old"), "b");
    EXPECT_EQ(answer.value("server"), "");
  }
  EXPECT_TRUE(has_line(origin_.received(), "X-Up: GET"));
}

TEST_F(middleware_chain, a_whitelist_lets_in_who_is_on_it) {
  EXPECT_EQ(relayed("cidr_whitelist: {allow: [10.0.0.0/8, 127.0.0.0/8]}").status, 200);
  const http_answer refused = relayed("cidr_whitelist: {allow: 10.0.0.0/8, status: 404, message: nothing here}");
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(refused.body, "nothing here");
}

TEST_F(middleware_chain, t11_only_a_trusted_proxy_says_who_the_client_is) {
  const std::string trusted = "real_ip: {header: X-Forwarded-For, from: 127.0.0.0/8, recursive: true}, ";
  const std::string header = "X-Forwarded-For: 10.9.9.9, 192.0.2.7, 127.0.0.5\r\n";
  EXPECT_EQ(relayed(trusted + "cidr_whitelist: {allow: 192.0.2.7}", get("/", header)).status, 200);
  EXPECT_EQ(relayed(trusted + "cidr_whitelist: {allow: 10.9.9.9}", get("/", header)).status, 403) << "anybody could write that";
  EXPECT_EQ(relayed("real_ip: {header: X-Forwarded-For, from: 10.0.0.0/8}, cidr_whitelist: {allow: 127.0.0.5}", get("/", header)).status,
            403) << "from a stranger";
  const std::string seen = forwarded(trusted + "modify_request: {set_headers: {X-Seen: $remote_host}}", get("/", header));
  EXPECT_TRUE(has_line(seen, "X-Forwarded-For: 192.0.2.7")) << seen;
  EXPECT_TRUE(has_line(seen, "X-Seen: 192.0.2.7")) << seen;
}

TEST_F(middleware_chain, a_client_that_asks_too_often_waits) {
  const proxy_under_test proxy(with("rate_limit: {average: 1, burst: 3, period: 1h}"));
  for (int i = 0; i < 3; ++i) {
    tls_client client = proxy.connect();
    EXPECT_EQ(client.ask(get()).status, 200);
  }
  tls_client client = proxy.connect();
  const http_answer refused = client.ask(get());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body, "rate limit exceeded");
  EXPECT_NEAR(std::stoi(refused.value("Retry-After")), 3'600, 60);
  EXPECT_EQ(client.ask(get()).status, 429) << "the connection stays";
}

TEST_F(middleware_chain, of_a_route_that_a_rule_names_counts_as_well) {
  const proxy_under_test proxy(tests::written_routes(
      "  app.test: {port: " + std::to_string(origin_.port()) + ", paths: [{prefix: /admin, route: admin.test}]}\n" +
      "  admin.test: {port: " + std::to_string(origin_.port()) + ", middlewares: {cidr_whitelist: {allow: 10.0.0.1}}}\n"));
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_EQ(client.ask(get("/admin")).status, 403);
}

TEST_F(middleware_chain, an_upgrade_keeps_its_fields) {
  const raw_origin backend([](raw_origin::connection& each) {
    each.head();
    each.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\nX-Old: 1\r\n\r\nhello");
  });
  auto routes = with("modify_response: {hide_headers: X-Old, set_headers: {X-New: a}}");
  routes[0].upstream.backends = {tests::backend_at(backend.port())};
  const proxy_under_test proxy(std::move(routes));
  tls_client client = proxy.connect();
  client.send(get("/", "Connection: upgrade\r\nUpgrade: echo\r\n"));
  const http_answer answer = client.answer();
  EXPECT_EQ(answer.status, 101);
  EXPECT_TRUE(answer.has_line("Upgrade: echo") && answer.has_line("X-New: a")) << answer.head;
  EXPECT_FALSE(answer.has("X-Old")) << answer.head;
}

}  // namespace
}  // namespace cardea::proxy
