#!/usr/bin/env python3
"""Backends that speak https: nginx that demands a certificate, a name, a version; and Cardea that demands its own."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers

NOTICED = 10


class https_backend(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "site", ["*.example.test"], self.ca)
        self.inner_ca = certificates.make_ca(self.dir, "inner-ca")
        self.inner = certificates.make_leaf(self.dir, "inner", ["inner.test"], self.inner_ca)
        self.own = certificates.make_leaf(self.dir, "proxy", ["proxy"], self.inner_ca, usage="clientAuth")
        self.origin = peers.tls_origin(self, self.inner, client_ca=self.inner_ca)

    def serve(self, routes):
        self.server = cardea.server(self, cardea.local(*self.pair), routes).start()

    def route(self, alias, *lines):
        return cardea.route(alias, self.origin.port, "\n".join(["scheme: https", *lines, ""]))

    def get(self, alias, path="/who"):
        return self.server.get(path, f"{alias}.example.test", self.ca)

    def test_v13_curl_nginx_each_route_by_its_own_tls_keys(self):
        trust, name = f"ssl_trusted_certificate: {self.inner_ca}", "ssl_server_name: inner.test"
        own = (f"ssl_certificate: {self.own[0]}", f"ssl_certificate_key: {self.own[1]}")
        self.serve(self.route("plain") + self.route("trusting", trust) + self.route("named", trust, name)
                   + self.route("proved", trust, name, *own) + self.route("old", trust, name, "ssl_protocols: [TLSv1.2]")
                   + self.route("new", trust, name, "ssl_protocols: TLSv1.3") + self.route("blind", "no_tls_verify: true")
                   + self.route("silent", "no_tls_verify: true", "ssl_server_name: off"))
        self.assertEqual(self.get("plain").status, 502, "nobody vouches for it")
        # The certificate is for inner.test and 127.0.0.1, and the route's host is the address.
        self.assertEqual(self.get("trusting").body, "||TLSv1.3|NONE")
        self.assertEqual(self.get("named").body, "inner.test||TLSv1.3|NONE")
        self.assertEqual(self.get("proved").body, "inner.test|CN=proxy|TLSv1.3|SUCCESS")
        self.assertEqual(self.get("old").body, "inner.test||TLSv1.2|NONE")
        self.assertEqual(self.get("new").body, "inner.test||TLSv1.3|NONE")
        self.assertEqual(self.get("blind").body, "||TLSv1.3|NONE")
        self.assertEqual(self.get("silent").body, "||TLSv1.3|NONE")
        self.assertEqual(self.get("proved", "/private").status, 200)
        self.assertEqual(self.get("named", "/private").status, 403)
        for _ in range(3):
            self.assertEqual(self.get("named").body, "inner.test||TLSv1.3|NONE", "never over the other's connection")
        self.server.stop()

    def test_a_new_certificate_of_its_own_is_used_after_a_change_of_the_file(self):
        with open(self.own[0], encoding="ascii") as cert, open(self.own[1], encoding="ascii") as key:
            self.write("own.pem", cert.read() + key.read())
        pair = self.path("own.pem")
        self.serve(self.route("proved", f"ssl_trusted_certificate: {self.inner_ca}", f"ssl_certificate: {pair}",
                              f"ssl_certificate_key: {pair}"))
        self.assertEqual(self.get("proved").body, "|CN=proxy|TLSv1.3|SUCCESS")
        certificates.make_leaf(self.dir, "second", ["second"], self.inner_ca, usage="clientAuth")
        self.replace("own.pem", self.read("second.crt") + self.read("second.key"))
        harness.wait_until(lambda: "CN=second" in self.get("proved").body, NOTICED, "the new one in use")


if __name__ == "__main__":
    harness.main()
