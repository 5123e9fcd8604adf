#!/usr/bin/env python3
"""A certs/ folder as GoDoxy leaves it is taken over as it is: the pair, the account key, the failure stamp."""
import datetime
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers, websocket

DOMAINS = ("example.test", "*.example.test")


class takeover(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test"])
        self.pebble = peers.acme_ca(self, self.dns)
        self.origin = peers.file_origin(self)
        os.mkdir(self.path("certs"), 0o755)
        self.key = self.account_key("certs/acme.key")

    def account_key(self, name):
        """P-256 in SEC1 DER without a line of PEM, 0600."""
        pem = harness.run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout").stdout
        out = harness.run("openssl", "ec", "-outform", "DER", "-out", self.path(name), input=pem)
        self.assertEqual(out.returncode, 0, out.stderr)
        os.chmod(self.path(name), 0o600)
        return self.read_bytes(name)

    def read_bytes(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def lay_pair(self, days):
        ca = certificates.make_ca(self.dir, "old-ca")
        cert, key = certificates.make_leaf(self.dir, "old", list(DOMAINS), ca, days, addresses=())
        for source, name, mode in ((cert, cardea.MAIN[0], 0o644), (key, cardea.MAIN[1], 0o600)):
            with open(source, "rb") as file, open(self.path(name), "wb") as copy:
                copy.write(file.read())
            os.chmod(self.path(name), mode)
        return certificates.leaf.on_disk(cert).serial

    def serve(self):
        server = cardea.server(self, cardea.acme(self.dns, self.pebble, DOMAINS, more=""),
                               cardea.route("app", self.origin.port))
        return server.start()

    def test_a_valid_pair_is_served_and_the_account_is_used_at_the_next_order(self):
        serial = self.lay_pair((-1, 89))
        self.write("certs/agent.example.test:8890.zip", "somebody else's")
        server = self.serve()
        self.assertEqual(server.serial("app.example.test"), serial)
        harness.wait_until(lambda: server.certificates().get("main", {}).get("next_renewal", 0) > 0, 10, "a schedule")
        self.assertEqual(self.pebble.order_count(), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("certs")).st_mode), 0o755, "the folder stays as it is")
        renew = websocket.client(f"ws://127.0.0.1:{server.api}/api/v1/cert/renew", server.api)
        messages, code = renew.receive_all()
        self.assertEqual(code, 1000, messages)
        self.assertNotEqual(cardea.serial_on_disk(self, cardea.MAIN), serial)
        self.assertEqual(self.read_bytes("certs/acme.key"), self.key)
        self.assertEqual(self.read("certs/agent.example.test:8890.zip"), "somebody else's")
        server.stop()

    def test_a_pair_that_is_due_is_served_and_renewed(self):
        serial = self.lay_pair((-80, 10))
        server = self.serve()
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN) != serial, 30, "a renewed pair")
        self.assertEqual(self.read_bytes("certs/acme.key"), self.key)
        server.stop()

    def test_a_failure_stamp_with_an_offset_is_honoured(self):
        zone = datetime.timezone(datetime.timedelta(hours=2))
        stamp = cardea.failure_stamp(cardea.MAIN)
        self.write(stamp, datetime.datetime.now(zone).isoformat(timespec="seconds"))
        server = self.serve()
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN), 60, "the first pair, after the pause")
        log = server.log()
        self.assertNotIn("renewal failed", log)
        self.assertFalse(os.path.exists(self.path(stamp)))
        server.stop()


if __name__ == "__main__":
    harness.main()
