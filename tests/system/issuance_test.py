#!/usr/bin/env python3
"""Certificates of an ACME CA (Pebble, with its bad nonces) over DNS-01 (BIND), from a fresh start on."""
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers, websocket


class issuance(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test", "other.test"])
        self.ca = peers.acme_ca(self, self.dns)
        self.origin = peers.file_origin(self)
        self.server = cardea.server(self, cardea.acme(self.dns, self.ca), self.routes(),
                                    match_domains=("example.test", "api.other.test"))

    def routes(self):
        return cardea.route("app", self.origin.port)

    def obtain(self):
        self.server.start()
        self.server.wait_for_certificates("main", "extra[0]")

    def wait_for_served(self, name, serial):
        harness.wait_until(lambda: self.server.serial(name) == serial, 5, f"{name} served with {serial}")

    def test_a_fresh_start_obtains_main_and_extra_and_a_request_goes_through(self):
        self.obtain()
        main, extra = (cardea.serial_on_disk(self, pair) for pair in (cardea.MAIN, cardea.EXTRA))
        self.wait_for_served("app.example.test", main)
        for name in ("example.test", "deep.app.example.test", "unknown.test", None):
            self.assertEqual(self.server.serial(name), main, f"SNI {name}")
        for name in ("api.other.test", "app.api.other.test", "APP.Api.Other.Test"):
            self.assertEqual(self.server.serial(name), extra, f"SNI {name}")
        self.assertEqual(certificates.served(self.server.https, "example.test").names, ["*.example.test", "example.test"])
        self.assertEqual(certificates.served(self.server.https, "api.other.test").names,
                         ["*.api.other.test", "api.other.test"])
        for host in ("app.example.test", "app.api.other.test"):
            answer = self.server.get("/small", host, self.ca.root)
            self.assertEqual((answer.status, answer.body), (200, "small\n"), host)
        self.assertEqual(self.ca.order_count(), 2)
        self.assertEqual(self.ca.account_count(), 1, "main and extra share an account")
        self.server.stop()

    def test_the_origin_sees_who_asked_and_not_who_claims_to_have_asked(self):
        self.obtain()
        for claims in ((), ("-H", "X-Forwarded-For: 192.0.2.1", "-H", "X-Forwarded-Proto: gopher", "-H",
                            "X-Forwarded-Host: evil.test", "-H", "X-Forwarded-Port: 1")):
            answer = self.server.get("/forwarded", "app.example.test", self.ca.root, claims)
            self.assertEqual(answer.status, 200)
            seen = self.origin.forwarded(answer.body)
            # curl names the port when it is not the scheme's own; here it believes to speak to 443.
            self.assertEqual(seen, {"host": "app.example.test", "x_forwarded_for": "127.0.0.1",
                                    "x_forwarded_proto": "https", "x_forwarded_host": "app.example.test",
                                    "x_forwarded_port": str(self.server.https)})

    def test_keys_are_readable_by_their_owner_only_and_nothing_is_left_behind(self):
        self.obtain()
        for name in ("priv.key", "other.key", "acme.key"):
            mode = stat.S_IMODE(os.stat(self.path("certs", name)).st_mode)
            self.assertEqual(oct(mode), oct(0o600), name)
        self.assertEqual(self.dns.query("ns.example.test", "A"), ["127.0.0.1"], "BIND answers")
        for name in ("example.test", "api.other.test"):
            self.assertEqual(self.dns.query(f"_acme-challenge.{name}"), [], f"TXT records of {name} are removed")
        self.assertEqual(self.read("certs/acme.key.lock"), "", "nobody's turn")
        expected = ["acme.key", "acme.key.lock", "cert.crt", "cert.crt.lock", "cert.crt.meta.json", "other.crt", "other.crt.lock",
                    "other.crt.meta.json", "other.key", "priv.key"]
        self.assertEqual(sorted(os.listdir(self.path("certs"))), expected)
        self.assertNotIn(peers.TSIG_SECRET, self.server.log())

    def test_b45_the_accounts_key_and_those_of_the_certificates_are_three_p256_keys(self):
        self.obtain()
        public = set()
        for name, form in (("acme.key", "DER"), ("priv.key", "PEM"), ("other.key", "PEM")):
            out = harness.run("openssl", "pkey", "-inform", form, "-in", self.path("certs", name), "-noout", "-text_pub")
            self.assertIn("NIST CURVE: P-256", out.stdout, name + out.stderr)
            public.add(out.stdout)
        self.assertEqual(len(public), 3)
        self.server.stop()

    def test_a_restart_serves_what_is_on_disk_and_orders_nothing(self):
        self.obtain()
        before = [cardea.serial_on_disk(self, pair) for pair in (cardea.MAIN, cardea.EXTRA)]
        self.server.stop()
        self.server.start()
        self.server.wait_for_certificates("main", "extra[0]", seconds=5)
        self.wait_for_served("app.example.test", before[0])
        self.wait_for_served("api.other.test", before[1])
        self.server.process.wait_for_log("certificate loaded[\\s\\S]*certificate loaded", 5)
        self.server.stop()
        self.assertEqual(self.ca.order_count(), 2)
        self.assertNotIn("renewal started", self.server.log())
        self.assertEqual([cardea.serial_on_disk(self, pair) for pair in (cardea.MAIN, cardea.EXTRA)], before)

    def test_b10_changed_domains_are_ordered_once_under_the_account_that_is_there(self):
        self.obtain()
        before = [cardea.serial_on_disk(self, pair) for pair in (cardea.MAIN, cardea.EXTRA)]
        self.server.stop()
        more = ("example.test", "*.example.test", "www.shop.example.test")
        self.server.configure(cardea.acme(self.dns, self.ca, more), self.routes())
        self.server.start()
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN) != before[0], 30, "a new pair of main")
        self.wait_for_served("www.shop.example.test", cardea.serial_on_disk(self, cardea.MAIN))
        self.assertEqual(certificates.served(self.server.https, "example.test").names, sorted(more))
        self.assertEqual(cardea.serial_on_disk(self, cardea.EXTRA), before[1], "extra is left alone")
        self.assertEqual(self.ca.order_count(), 3)
        self.assertEqual(self.ca.account_count(), 1)
        self.assertNotIn("registering an account", self.server.log())
        self.server.stop()

    def test_b31_a_ca_that_forgot_the_account_gets_it_again_under_the_same_key(self):
        self.obtain()
        with open(self.path("certs/acme.key"), "rb") as file:
            key = file.read()
        before = cardea.serial_on_disk(self, cardea.MAIN)
        self.ca.process.stop()
        self.ca.start()
        renew = websocket.client(f"ws://127.0.0.1:{self.server.api}/api/v1/cert/renew", self.server.api)
        messages, code = renew.receive_all()
        self.assertEqual(code, 1000, messages)
        self.assertNotEqual(cardea.serial_on_disk(self, cardea.MAIN), before)
        self.assertEqual(self.ca.account_count(), 1)
        with open(self.path("certs/acme.key"), "rb") as file:
            self.assertEqual(file.read(), key)


if __name__ == "__main__":
    harness.main()
