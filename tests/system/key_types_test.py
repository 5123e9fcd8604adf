#!/usr/bin/env python3
"""ECDSA and RSA for one name: each client gets the one that it can use."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers

# What `openssl s_client` says, and what it then gets.
MATRIX = (
    (("-tls1_3",), "ECDSA"),
    (("-tls1_3", "-sigalgs", "ECDSA+SHA256"), "ECDSA"),
    (("-tls1_3", "-sigalgs", "RSA-PSS+SHA256"), "RSA"),
    (("-tls1_3", "-sigalgs", "RSA-PSS+SHA512:ECDSA+SHA384"), "RSA"),
    (("-tls1_2",), "ECDSA"),
    (("-tls1_2", "-sigalgs", "RSA+SHA256"), "RSA"),
    (("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"), "RSA"),
    (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), "ECDSA"),
    (("-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"), "ECDSA"),
)
TWO_TYPES = "certificate_key_type: [EC256, RSA2048]\n"


class key_types(harness.case):
    def check_matrix(self, server, names):
        for name in names:
            for options, expected in MATRIX:
                got = certificates.served(server.https, name, *options)
                self.assertEqual(got.key, expected, f"{name}: {options}")

    def test_b90_local_files_of_both_types_are_chosen_by_what_the_client_can_use(self):
        ca = certificates.make_ca(self.dir, "local-ca")
        names = ["site.example.test", "*.example.test"]
        for key, cert_path, key_path in ((certificates.EC_KEY, "site.crt", "site.key"),
                                         (certificates.RSA_KEY, "site.rsa.crt", "site.rsa.key")):
            cert, private = certificates.make_leaf(self.dir, "made", names, ca, key=key)
            shutil.move(cert, self.path(cert_path))
            shutil.move(private, self.path(key_path))
        section = cardea.local("site.crt", "site.key") + "  " + TWO_TYPES
        server = cardea.server(self, section, "x-none: {}\n").start()
        # Exact, wildcard, unknown, none.
        self.check_matrix(server, ("site.example.test", "any.example.test", "unknown.test", None))
        # The second pair is watched like the first.
        cert, private = certificates.make_leaf(self.dir, "made", names, ca, key=certificates.RSA_KEY)
        fresh = certificates.leaf.on_disk(cert).serial
        os.replace(private, self.path("site.rsa.key"))
        os.replace(cert, self.path("site.rsa.crt"))
        harness.wait_until(lambda: certificates.served(server.https, "site.example.test", "-sigalgs",
                                                       "RSA-PSS+SHA256").serial == fresh, 10, "the new RSA certificate")
        server.stop()

    def test_both_types_of_one_name_are_obtained_from_a_ca(self):
        dns = peers.name_server(self, ["example.test", "other.test"])
        ca = peers.acme_ca(self, dns)
        server = cardea.server(self, cardea.acme(dns, ca, more=TWO_TYPES), "x-none: {}\n").start()
        server.wait_for_certificates("main", "main/rsa", seconds=60)
        rsa = ("-sigalgs", "RSA-PSS+SHA256:RSA+SHA256")
        harness.wait_until(lambda: certificates.served(server.https, "example.test", *rsa).key == "RSA", 5, "RSA served")
        self.check_matrix(server, ("example.test", "any.example.test", None))
        for pair, key in ((cardea.MAIN, "ECDSA"), (("certs/cert.rsa.crt", "certs/priv.rsa.key"), "RSA")):
            self.assertTrue(certificates.key_fits(*(self.path(each) for each in pair)))
            self.assertEqual(certificates.leaf.on_disk(self.path(pair[0])).key, key)
        self.assertEqual(ca.order_count(), 2)
        self.assertEqual(ca.account_count(), 1)
        server.stop()
        printed = cardea.run("certs", folder=self.dir)
        self.assertIn("main/rsa", printed.stdout)


if __name__ == "__main__":
    harness.main()
