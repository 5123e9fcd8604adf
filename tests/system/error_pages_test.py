#!/usr/bin/env python3
"""Error pages of the operator's own, in front of nginx and of nobody, while they change."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers


class error_pages(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], self.ca)
        for name, text in {"404.html": "first page\n", "5xx.html": "broken\n", "style.css": "p{}\n"}.items():
            self.write(f"error_pages/{name}", text)
        more = "middlewares:\n  error_page:\n"
        routes = (cardea.route("app", self.origin.port, more) + cardea.route("plain", self.origin.port)
                  + cardea.route("down", harness.free_port()))
        self.server = cardea.server(self, cardea.local(*pair), routes).start()

    def get(self, host, path="/missing", *more):
        return self.server.get(path, f"{host}.example.test", self.ca, more)

    def test_curl_nginx_pages_where_they_belong(self):
        for version in ("--http1.1", "--http2"):
            self.assertEqual(self.get("app", "/small", version).body, "small\n")
            replaced = self.get("app", "/missing", version)
            self.assertEqual((replaced.status, replaced.body), (404, "first page\n"))
            self.assertEqual(replaced.headers["content-length"], str(len("first page\n")))
            self.assertIn("nginx", self.get("plain", "/missing", version).body, "without the middleware it is the backend's")
            unknown = self.get("unknown", "/", version)
            self.assertEqual((unknown.status, unknown.body), (404, "first page\n"))
            down = self.get("down", "/", version)
            self.assertEqual((down.status, down.body), (502, "broken\n"))
            style = self.get("plain", "/$gperrorpage/style.css", version)
            self.assertEqual((style.status, style.body), (200, "p{}\n"))
            self.assertEqual(self.get("app", "/missing", version, "--head").headers["content-length"], "11")

    def test_curl_a_program_gets_a_problem(self):
        answer = self.get("down", "/", "-H", "Accept: application/json")
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        problem = json.loads(answer.body)
        self.assertEqual((problem["status"], problem["title"]), (502, "Bad Gateway"))
        self.assertIn("nginx", self.get("app", "/missing", "-H", "Accept: application/json").body)

    def test_pages_are_read_again_when_they_change_come_or_go(self):
        self.replace("error_pages/404.html", "second page\n")
        self.wait_for_body("unknown", "second page\n")
        self.write("error_pages/502.html", "down\n")
        self.wait_for_body("down", "down\n")
        os.remove(self.path("error_pages/502.html"))
        self.wait_for_body("down", "broken\n")
        self.write("error_pages/huge.css", "x" * (5 << 20))
        self.server.process.wait_for_log("entrypoint.error_pages.*more than")
        self.assertEqual(self.get("down").body, "broken\n", "the old ones go on")
        refused = cardea.run("validate", "--config", "config/config.yml", folder=self.dir)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("error_pages.bytes_max", refused.stdout + refused.stderr)

    def wait_for_body(self, host, body):
        harness.wait_until(lambda: self.get(host).body == body, 20, lambda: f"{body!r}; it is {self.get(host).body!r}")


if __name__ == "__main__":
    harness.main()
