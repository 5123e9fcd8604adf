#!/usr/bin/env python3
"""Path rules, redirects and middlewares: curl in front, nginx behind, which says what it was asked."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness


class telling_origin:
    """nginx that answers every request with its name, method, target and the fields that matter here."""

    def __init__(self, test, name):
        self.port = harness.free_port()
        folder = test.path(name)
        os.makedirs(folder, exist_ok=True)
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        told = "|".join(("$request_method", "$request_uri", "$http_host", "$http_x_forwarded_prefix", "$http_x_client",
                         "$http_x_forwarded_for", "$http_x_debug"))
        config = test.write(f"{name}/nginx.conf", f"""
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 100; }}
http {{ access_log off; merge_slashes off; {temporary}
  server {{ listen 127.0.0.1:{self.port};
    location / {{ default_type text/plain; add_header X-Powered-By nginx; return 200 "{name}|{told}"; }} }} }}
""")
        self.process = test.start(name, [harness.tool("nginx"), "-p", folder, "-c", config])
        self.process.wait_for_port(self.port)


class told:
    def __init__(self, answer):
        self.answer, self.status = answer, answer.status
        fields = answer.body.split("|")
        if len(fields) == 8:
            (self.name, self.method, self.target, self.host, self.prefix, self.client, self.forwarded_for,
             self.debug) = fields


class path_route(harness.case):
    def setUp(self):
        super().setUp()
        self.main, self.api = telling_origin(self, "main"), telling_origin(self, "api")
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "site", ["*.example.test"], self.ca)

    def server(self, routes, entrypoint=""):
        return cardea.server(self, cardea.local(*self.pair), routes, entrypoint=entrypoint).start()

    def ask(self, server, path, *more, host="app.example.test"):
        return told(server.get(path, host, self.ca, ("--path-as-is", *more)))

    def test_curl_nginx_rules_choose_backend_path_and_answer(self):
        server = self.server(cardea.route("app", self.main.port, f"""
  paths:
    - {{prefix: /api, host: 127.0.0.1, port: {self.api.port}, strip_prefix: true}}
    - {{prefix: /admin, deny: true}}
    - {{exact: /gone, status: 410}}
    - {{pattern: "/u/{{name}}/{{rest...}}", rewrite: "/users/{{name}}$rest"}}
    - {{exact: /form, methods: [POST], route: other}}
""") + cardea.route("other", self.api.port, "\n  internal: true\n"))
        for protocol in ("--http1.1", "--http2"):
            got = self.ask(server, "/api/v1/things?q=1", protocol)
            self.assertEqual((got.name, got.target, got.prefix), ("api", "/v1/things?q=1", "/api"))
            got = self.ask(server, "/apix", protocol)
            self.assertEqual((got.name, got.target), ("main", "/apix"))
            for path in ("/admin", "/x/../admin/y", "/%61dmin", "//admin"):
                self.assertEqual(self.ask(server, path, protocol).status, 403, path)
            for path in ("/admin%2f", "/a/..;/admin", "/x%00"):
                self.assertEqual(self.ask(server, path, protocol).status, 400, path)
            self.assertEqual(self.ask(server, "/gone", protocol).status, 410)
            got = self.ask(server, "/u/ann/a/b?c", protocol)
            self.assertEqual((got.name, got.target), ("main", "/users/ann/a/b?c"))
            self.assertEqual(self.ask(server, "/form", protocol).name, "main")
            self.assertEqual(self.ask(server, "/form", protocol, "-d", "x=1").name, "api")
        server.stop()

    def test_curl_redirects_lead_where_they_are_meant_to(self):
        server = self.server(cardea.route("app", self.main.port, """
  paths:
    - {pattern: "/old/{id}", redirect: {to: "/new/{id}$query", status: 301}}
    - {prefix: /docs, redirect: "https://docs.example.test$path"}
""") + "www:\n  redirect: {to: \"https://app.example.test$uri\", status: 308}\n")
        got = self.ask(server, "/old/7?x=y")
        self.assertEqual((got.status, got.answer.headers["location"]), (301, "/new/7?x=y"))
        got = self.ask(server, "/docs/a%0d%0aSet-Cookie:x")
        self.assertEqual(got.status, 307)
        self.assertEqual(got.answer.headers["location"], "https://docs.example.test/docs/a%0D%0ASet-Cookie:x")
        self.assertNotIn("set-cookie", got.answer.headers)
        got = self.ask(server, "//evil.test/x?y", host="www.example.test")
        self.assertEqual(got.status, 308)
        self.assertRegex(got.answer.headers["location"], r"^https://app\.example\.test/")
        server.stop()

    def test_curl_nginx_middlewares_check_and_edit(self):
        server = self.server(cardea.route("app", self.main.port, """
  middlewares:
    modify_request:
      set_headers: {X-Client: "$remote_host via $req_host"}
      hide_headers: [X-Debug]
    modify_response:
      set_headers: {Strict-Transport-Security: max-age=60}
      hide_headers: [Server, X-Powered-By]
""") + cardea.route("inside", self.main.port, "\n  middlewares:\n    cidr_whitelist: {allow: [10.0.0.0/8]}\n")
            + cardea.route("slow", self.main.port, "\n  middlewares:\n    rate_limit: {average: 1, burst: 2, period: 1h}\n"),
            entrypoint="middlewares:\n  - {use: real_ip, header: X-Real-Client, from: [127.0.0.0/8]}\n")
        got = self.ask(server, "/", "-H", "X-Debug: 1", "-H", "X-Client: forged", "-H", "X-Real-Client: 192.0.2.7")
        self.assertEqual((got.client, got.debug, got.forwarded_for), ("192.0.2.7 via app.example.test", "", "192.0.2.7"))
        self.assertEqual(got.answer.headers["strict-transport-security"], "max-age=60")
        self.assertNotIn("server", got.answer.headers)
        self.assertNotIn("x-powered-by", got.answer.headers)
        self.assertEqual(self.ask(server, "/", host="inside.example.test").status, 403)
        let_in = self.ask(server, "/", "-H", "X-Real-Client: 10.1.2.3", host="inside.example.test")
        self.assertEqual(let_in.status, 200)
        answers = [self.ask(server, "/", host="slow.example.test") for _ in range(4)]
        self.assertEqual([each.status for each in answers], [200, 200, 429, 429])
        self.assertTrue(re.fullmatch(r"\d+", answers[2].answer.headers["retry-after"]))
        other = self.ask(server, "/", "-H", "X-Real-Client: 192.0.2.8", host="slow.example.test")
        self.assertEqual(other.status, 200, "of another client")
        server.stop()

    def test_curl_a_mistake_in_a_rule_keeps_the_old_ones(self):
        good = cardea.route("app", self.main.port, "\n  paths: [{prefix: /admin, deny: true}]\n")
        server = self.server(good)
        server.configure(cardea.local(*self.pair), good.replace("deny", "dney"))
        server.process.wait_for_log("dney")
        self.assertEqual(self.ask(server, "/admin").status, 403)
        server.configure(cardea.local(*self.pair), good.replace("/admin", "/other"))
        harness.wait_until(lambda: self.ask(server, "/admin").status == 200, 10, "the new rules")
        self.assertEqual(self.ask(server, "/other").status, 403)
        server.stop()


if __name__ == "__main__":
    harness.main()
