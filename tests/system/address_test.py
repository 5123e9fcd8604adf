#!/usr/bin/env python3
"""Clients that send no server name, as every one that was given an IP address."""
import os
import socket
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers

EXTRA = """  extra:
    - provider: local
      cert_path: {0}
      key_path: {1}
    - provider: local
      cert_path: {2}
      key_path: {3}
"""


class no_server_name(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.origin = peers.file_origin(self)
        main = certificates.make_leaf(self.dir, "main", ["main.test"], self.ca, addresses=())
        first = certificates.make_leaf(self.dir, "first", ["first.test"], self.ca, addresses=("127.0.0.2", "::1"))
        second = certificates.make_leaf(self.dir, "second", ["second.test", "*.wild.test"], self.ca,
                                        addresses=("127.0.0.3",))
        self.section = cardea.local(*main) + EXTRA.format(*first, *second)

    def serve(self, entrypoint=""):
        self.server = cardea.server(self, self.section, cardea.route("app", self.origin.port), entrypoint=entrypoint,
                                    host="")
        self.server.start()

    def shown(self, host, name=None, *more):
        return certificates.served(self.server.https, name, *more, host=host).names[-1]

    def test_b90_exact_name_then_wildcard_then_the_address_that_was_reached_then_the_default(self):
        self.serve()
        for options in (("-tls1_3",), ("-tls1_2",)):
            rows = (("127.0.0.2", None, "first.test"), ("[::1]", None, "first.test"),
                    ("127.0.0.3", None, "second.test"),
                    ("127.0.0.1", None, "main.test"),  # nobody's address
                    ("127.0.0.2", "second.test", "second.test"),  # a name comes first, whatever the address
                    ("127.0.0.2", "a.wild.test", "second.test"),
                    ("127.0.0.2", "unknown.test", "main.test"))
            for host, name, expected in rows:
                self.assertEqual(self.shown(host, name, *options), expected, f"{host} {name} {options}")
        # A client that checks what it gets is content.
        answer = harness.run("curl", "-sS", "--noproxy", "*", "--cacert", self.ca, "-H", "Host: app.example.test",
                             f"https://127.0.0.2:{self.server.https}/")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.server.stop()

    def test_b90_behind_a_proxy_it_is_the_address_that_the_proxy_was_reached_at(self):
        self.serve("proxy_protocol:\n  mode: required\n  trusted_proxies: [127.0.0.1]\n")
        context = ssl.create_default_context(cafile=self.ca)
        context.check_hostname = False
        for reached, expected in (("127.0.0.3", "second.test"), ("127.0.0.2", "first.test"), ("192.0.2.1", "main.test")):
            with socket.create_connection(("127.0.0.1", self.server.https), timeout=10) as plain:
                plain.sendall(f"PROXY TCP4 192.0.2.7 {reached} 5000 443\r\n".encode())
                with context.wrap_socket(plain) as secured:
                    names = [value for kind, value in secured.getpeercert()["subjectAltName"] if kind == "DNS"]
            self.assertEqual(names[0], expected, reached)
        self.server.stop()

    def test_b90_the_certificate_of_an_address_comes_and_goes_with_a_reload(self):
        self.serve()
        self.assertEqual(self.shown("127.0.0.2"), "first.test")
        self.section = self.section.split("  extra:")[0]
        self.server.configure(self.section, cardea.route("app", self.origin.port))
        self.server.process.wait_for_log("configuration reloaded")
        # Until it ends it answers for what nobody else has, as every certificate that left.
        self.assertEqual(self.shown("127.0.0.2"), "first.test")
        self.server.stop()
        self.server.start()
        self.assertEqual(self.shown("127.0.0.2"), "main.test")
        self.server.stop()


if __name__ == "__main__":
    harness.main()
