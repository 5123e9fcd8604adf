#!/usr/bin/env python3
"""Cardea's own authority, as `cardea run --quickstart` uses it in an empty folder."""
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness

ROOT = "certs/internal-root.crt"


class internal_ca(harness.case):
    def setUp(self):
        super().setUp()
        self.https, self.http, self.api = (harness.free_port() for _ in range(3))
        self.process = None

    def run_quickstart(self):
        self.process = self.start("cardea", [harness.binary, "run", "--quickstart"], {
            "CARDEA_HTTPS_ADDR": f"127.0.0.1:{self.https}", "CARDEA_HTTP_ADDR": f"127.0.0.1:{self.http}",
            "CARDEA_API_ADDR": f"127.0.0.1:{self.api}"})
        self.process.wait_for_port(self.https)
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN), 10, "a pair")
        serial = cardea.serial_on_disk(self, cardea.MAIN)
        harness.wait_until(lambda: certificates.served(self.https, "localhost").serial == serial, 5, "the pair served")

    def get(self, host="localhost"):
        return clients.curl(f"https://{host}/", self.https, cacert=self.path(ROOT))

    def test_an_empty_folder_becomes_a_welcome_page_with_a_certificate_that_its_root_vouches_for(self):
        self.run_quickstart()
        for host in ("localhost", "app.cardea.localhost"):
            answer = self.get(host)
            self.assertEqual(answer.status, 200, host)
            self.assertIn("<html", answer.body.lower())
            self.assertIn("Cardea", answer.body)
        self.assertEqual(certificates.served(self.https, "localhost").names, ["*.cardea.localhost", "localhost"])
        for name in ("internal-root.key", "priv.key"):
            self.assertEqual(oct(stat.S_IMODE(os.stat(self.path("certs", name)).st_mode)), oct(0o600), name)
        self.assertEqual(self.process.stop(), 0)

    def test_plain_http_is_sent_to_https(self):
        self.run_quickstart()
        answer = clients.curl("http://localhost/some/where?a=b%20c", self.http)
        self.assertIn(answer.status, (301, 308))
        self.assertEqual(answer.headers["location"], f"https://localhost:{self.https}/some/where?a=b%20c")

    def test_a_restart_keeps_root_and_leaf(self):
        self.run_quickstart()
        before = [self.read(name) for name in (ROOT, *cardea.MAIN)]
        self.assertEqual(self.process.stop(), 0)
        self.run_quickstart()
        self.assertEqual(self.get().status, 200)
        self.assertEqual(self.process.stop(), 0)
        self.assertEqual([self.read(name) for name in (ROOT, *cardea.MAIN)], before)

    def test_a_lost_leaf_comes_back_from_the_same_root(self):
        self.run_quickstart()
        root, leaf = self.read(ROOT), self.read(cardea.MAIN[0])
        self.assertEqual(self.process.stop(), 0)
        for name in cardea.MAIN:
            os.remove(self.path(name))
        self.run_quickstart()
        self.assertEqual(self.get().status, 200)
        self.assertEqual(self.read(ROOT), root)
        self.assertNotEqual(self.read(cardea.MAIN[0]), leaf)

    def test_a_damaged_root_is_reported_with_its_path_and_never_replaced(self):
        self.run_quickstart()
        self.assertEqual(self.process.stop(), 0)
        for name in cardea.MAIN:
            os.remove(self.path(name))
        self.write("certs/internal-root.key", "damaged\n")
        root = self.read(ROOT)
        self.process = self.start("cardea", [harness.binary, "run", "--quickstart"], {
            "CARDEA_HTTPS_ADDR": f"127.0.0.1:{self.https}", "CARDEA_HTTP_ADDR": "",
            "CARDEA_API_ADDR": f"127.0.0.1:{self.api}"})
        self.process.wait_for_port(self.https)
        self.process.wait_for_log(r"renewal failed.*internal-root\.key")
        self.assertTrue(self.process.is_alive())
        self.assertEqual((self.read(ROOT), self.read("certs/internal-root.key")), (root, "damaged\n"))
        self.assertEqual(self.process.stop(), 0)


if __name__ == "__main__":
    harness.main()
