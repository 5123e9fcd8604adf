#!/usr/bin/env python3
"""How long certificates take from a cold start: Pebble and BIND on this machine, the propagation check on.

    bench/issuance.py build/release/app/cardea [EXTRAS]

Prints the seconds until apex and wildcard are served, and until EXTRAS (50) more are.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
from support import cardea, certificates, clients, harness, peers

EXTRAS = 50


class issuance(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test"])
        self.ca = peers.acme_ca(self, self.dns)
        self.origin = peers.file_origin(self)

    def measure(self, domains, extras):
        more = ""
        if extras:
            more = "extra:\n" + "".join(
                f"  - {{domains: [e{i}.example.test], cert_path: certs/e{i}.crt, key_path: certs/e{i}.key}}\n"
                for i in range(extras))
        server = cardea.server(self, cardea.acme(self.dns, self.ca, domains, more=more),
                               cardea.route("app", self.origin.port))
        begin = time.monotonic()
        server.start()
        names = ["main"] + [f"extra[{i}]" for i in range(extras)]
        harness.wait_until(lambda: server.certificates().keys() >= set(names), 280, f"{len(names)} certificates")
        harness.wait_until(lambda: certificates.served(server.https, domains[0]).names == sorted(domains), 20, "served")
        took = time.monotonic() - begin
        trust = clients.trusting(self.ca.root)
        clients.connection(server.https, "app.example.test", trust).close()
        server.stop()
        return took, server

    def test_apex_and_wildcard(self):
        took, server = self.measure(["example.test", "*.example.test"], 0)
        print(f"\napex and wildcard: {took:.2f} s from the start to serving, {self.ca.order_count()} order")
        if os.environ.get("SHOW"):
            print(server.log())

    def test_many_at_once(self):
        took, server = self.measure(["example.test", "*.example.test"], EXTRAS)
        print(f"\n{EXTRAS} extras and main: {took:.2f} s, {self.ca.order_count()} orders")
        if os.environ.get("SHOW"):
            print(server.log())


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[2].isdigit():
        EXTRAS = int(sys.argv.pop(2))
    harness.main()
