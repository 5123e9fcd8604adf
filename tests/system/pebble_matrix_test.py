#!/usr/bin/env python3
"""Pebble with each of its odd habits: nonces, authorizations, slow validation, several chains."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, harness, peers, websocket

DOMAINS = ("example.test", "*.example.test")


class pebble_matrix(harness.case):
    def obtain(self, env=None, more="", seconds=60):
        dns = peers.name_server(self, ["example.test"])
        ca = peers.acme_ca(self, dns, env=env)
        server = cardea.server(self, cardea.acme(dns, ca, DOMAINS, more), cardea.route("app", 1))
        server.start()
        server.wait_for_certificates("main", seconds=seconds)
        return ca, server

    def renew(self, server):
        before = cardea.serial_on_disk(self, cardea.MAIN)
        renew = websocket.client(f"ws://127.0.0.1:{server.api}/api/v1/cert/renew", server.api)
        messages, code = renew.receive_all()
        self.assertEqual(code, 1000, messages)
        self.assertNotEqual(cardea.serial_on_disk(self, cardea.MAIN), before)
        return "\n".join(messages)

    def chain(self):
        return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", self.read("certs/cert.crt"), re.S)

    def issuer_of(self, pem):
        out = harness.run("openssl", "x509", "-noout", "-issuer", input=pem)
        return re.search(r"CN\s*=\s*(.*)", out.stdout).group(1).strip()

    def test_b20_nine_of_ten_good_nonces_refused(self):
        # One request in nine hundred fails 64 times in a row; then the order is made again after its pause.
        _, server = self.obtain({"PEBBLE_WFE_NONCEREJECT": "90"}, seconds=120)
        server.stop()

    def check_reuse(self, share, presented):
        _, server = self.obtain({"PEBBLE_AUTHZREUSE": share})
        said = self.renew(server)
        self.assertEqual("writing a DNS record" in said, presented, said)
        server.stop()

    def test_b40_authorizations_that_are_never_reused(self):
        self.check_reuse("0", True)

    def test_b40_authorizations_that_are_always_reused(self):
        self.check_reuse("100", False)

    def test_b41_a_validation_that_takes_its_time(self):
        _, server = self.obtain({"PEBBLE_VA_NOSLEEP": "", "PEBBLE_VA_SLEEPTIME": "8"})
        self.assertIn("waiting for the CA to validate", server.log())
        server.stop()

    def test_b51_the_preferred_chain_of_several(self):
        dns = peers.name_server(self, ["example.test"])
        ca = peers.acme_ca(self, dns, env={"PEBBLE_ALTERNATE_ROOTS": "2", "PEBBLE_CHAIN_LENGTH": "2"})
        roots = [ca.ask_management(f"/roots/{i}") for i in range(3)]
        names = [self.issuer_of(root) for root in roots]
        self.assertEqual(len(set(names)), 3, names)
        server = None
        for wanted in (names[2], names[1], names[0], "nobody"):
            more = f"preferred_chain: {wanted}\n"
            if server is None:
                server = cardea.server(self, cardea.acme(dns, ca, DOMAINS, more), cardea.route("app", 1))
                server.start()
                server.wait_for_certificates("main")
            else:
                server.configure(cardea.acme(dns, ca, DOMAINS, more), cardea.route("app", 1))
                server.start()
                self.renew(server)
            expected = wanted if wanted != "nobody" else names[0]
            self.assertEqual(self.issuer_of(self.chain()[-1]), expected, f"preferred_chain: {wanted}")
            self.assertEqual("offers no chain of the preferred issuer" in server.log(), wanted == "nobody")
            server.stop()


if __name__ == "__main__":
    harness.main()
