#!/usr/bin/env python3
"""testssl.sh looks at the front door: protocols, ciphers, what the server prefers."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers


class tls_scan(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "site", ["app.example.test"], self.ca)

    def scan(self, *checks, entrypoint=""):
        """{id: finding} of testssl.sh."""
        server = cardea.server(self, cardea.local(*self.pair), cardea.route("app", self.origin.port),
                               entrypoint=entrypoint).start()
        self.count = getattr(self, "count", 0) + 1
        path = self.path(f"scan-{self.count}.json")
        end = harness.run(harness.tool("testssl"), "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none",
                          "--ip", "127.0.0.1", "--openssl-timeout", "5", *checks, "--jsonfile", path,
                          f"app.example.test:{server.https}", seconds=200, cwd=self.dir)
        server.stop()
        self.assertTrue(os.path.exists(path), f"testssl.sh: {end.stdout[-3000:]}{end.stderr[-1000:]}")
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        self.assertGreater(len(found), 5, end.stdout[-3000:])
        self.assertEqual([each for each in found if each["severity"] in ("HIGH", "CRITICAL", "FATAL")
                          and not each["id"].startswith("cert")], [], "serious findings")
        return {each["id"]: each["finding"] for each in found}

    def test_v09_only_sound_protocols_and_ciphers_are_offered(self):
        found = self.scan("-p", "-s")
        for id in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
            self.assertIn("not offered", found[id], id)
        for id in ("TLS1_2", "TLS1_3"):
            self.assertTrue(found[id].startswith("offered"), f"{id}: {found[id]}")
        for id in ("NULL", "aNULL", "EXPORT", "LOW", "3DES_IDEA", "AVERAGE"):
            self.assertEqual(found[f"cipherlist_{id}"], "not offered", id)
        self.assertEqual(found["cipherlist_STRONG"], "offered")

    def test_v06_v08_v09_the_known_attacks_find_nothing(self):
        found = self.scan("-R", "-C", "-H", "-I", "-T", "-O", "-Z")
        for id in ("secure_renego", "secure_client_renego", "CRIME_TLS", "heartbleed", "CCS", "ticketbleed", "POODLE_SSL"):
            self.assertIn(id, found)
            self.assertRegex(found[id], "not vulnerable|supported", id)

    def test_v09_a_stricter_minimum_is_a_stricter_minimum(self):
        found = self.scan("-p", entrypoint="tls: {min_version: TLSv1.3}")
        self.assertIn("not offered", found["TLS1_2"])
        self.assertTrue(found["TLS1_3"].startswith("offered"))


if __name__ == "__main__":
    harness.main()
