#!/usr/bin/env python3
"""A CA that cannot be reached: Cardea serves what it has, says what is wrong, and keeps trying."""
import datetime
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers, websocket

FIRST_COOLDOWN = 15


class unreachable_ca(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test"])
        self.ca = peers.acme_ca(self, self.dns, is_up=False)
        self.origin = peers.file_origin(self)
        self.server = cardea.server(self, cardea.acme(self.dns, self.ca, more=""), cardea.route("app", self.origin.port))

    def stamp(self):
        """Unix seconds of the last failure, None when there is none."""
        try:
            text = self.read(cardea.failure_stamp(cardea.MAIN))
        except FileNotFoundError:
            return None
        return datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00")).timestamp()

    def renew(self):
        return websocket.client(f"ws://127.0.0.1:{self.server.api}/api/v1/cert/renew", self.server.api).receive_all()

    def put_on_disk(self, names, days):
        """(its CA, its serial) of a pair that an earlier run may have left."""
        ca = certificates.make_ca(self.dir, "earlier-ca")
        pair = certificates.make_leaf(self.dir, "earlier", names, ca, days)
        os.makedirs(self.path("certs"), exist_ok=True)
        for made, name in zip(pair, cardea.MAIN, strict=True):
            shutil.copy(made, self.path(name))
        return ca, cardea.serial_on_disk(self, cardea.MAIN)

    def wait_for_certificate(self, seconds, old=None):
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN) not in (None, old), seconds,
                           lambda: f"a certificate; cardea logged:\n{self.server.log()[-4000:]}")
        serial = cardea.serial_on_disk(self, cardea.MAIN)
        harness.wait_until(lambda: self.server.serial("app.example.test") == serial, 5, "the certificate served")
        self.assert_works("--cacert", self.ca.root)

    def assert_works(self, *trust):
        answer = self.server.get("/small", more=trust)
        self.assertEqual(answer.status, 200, answer)

    def test_b14_a_first_start_serves_a_placeholder_and_gets_a_certificate_when_the_ca_is_there(self):
        begin = time.time()
        self.server.start()
        self.server.process.wait_for_log("renewal failed")
        placeholder = certificates.served(self.server.https, "app.example.test")
        self.assertEqual(placeholder.subject, placeholder.issuer, "self-signed")
        self.assert_works("--insecure")
        self.assertEqual(self.server.ask_api("cert/info")[0], 404)
        self.assertFalse(os.path.exists(self.path(cardea.MAIN[0])), "a placeholder is not stored")
        self.assertTrue(int(begin) <= self.stamp() <= time.time(), self.stamp())
        self.ca.start()
        self.wait_for_certificate(FIRST_COOLDOWN + 10)
        self.assertGreaterEqual(time.time() - begin, FIRST_COOLDOWN - 1, "not before the cooldown was over")
        self.assertIsNone(self.stamp(), "success removes the time of the failure")
        self.assertEqual(self.ca.order_count(), 1)
        self.server.stop()

    def test_the_error_names_the_ca_and_what_to_do(self):
        self.server.start()
        self.server.process.wait_for_log("renewal failed")
        line = next(each for each in self.server.log().splitlines() if "renewal failed" in each)
        self.assertIn("provider=main", line)
        self.assertIn(f"127.0.0.1:{self.ca.port}", line)
        self.assertRegex(line, "(?i)refused")
        self.assertRegex(line, "next_attempt=20")
        self.assertRegex(line, "(?i)check|ca_dir_url", "the remedy")

    def test_force_does_not_wait_for_the_cooldown_and_reports_the_failure(self):
        self.server.start()
        self.server.process.wait_for_log("renewal failed")
        messages, code = self.renew()
        self.assertEqual(code, 1000)
        self.assertIn('"renewed":false', messages[-1])
        self.assertIn(f"127.0.0.1:{self.ca.port}", messages[-1])
        self.ca.start()
        messages, code = self.renew()
        self.assertIn('"renewed":true', messages[-1])
        self.wait_for_certificate(1)
        self.assertIsNone(self.stamp())

    def test_a_restart_does_not_shorten_the_cooldown(self):
        self.server.start()
        self.server.process.wait_for_log("renewal failed")
        failed = self.stamp()
        self.server.stop()
        self.server.start()
        time.sleep(1)
        self.assertEqual(self.stamp(), failed)
        self.assertNotIn("renewal started", self.server.log())

    def test_b14_what_is_on_disk_is_served_even_when_it_has_expired_or_has_other_names(self):
        for names, days in ((["app.example.test"], (-1, 20)), (["example.test", "*.example.test"], (-90, -1))):
            with self.subTest(names=names, days=days):
                shutil.rmtree(self.path("certs"), ignore_errors=True)
                _, serial = self.put_on_disk(names, days)
                self.server.start()
                self.server.process.wait_for_log("renewal failed")
                self.assertEqual(self.server.serial("app.example.test"), serial)
                self.assert_works("--insecure")
                self.assertEqual(cardea.serial_on_disk(self, cardea.MAIN), serial, "nothing is lost")
                self.assertEqual(self.server.certificates()["main"]["next_renewal"] > time.time(), True)
                self.server.stop()

    def test_a_ca_that_never_answers_holds_up_neither_requests_nor_the_end(self):
        self.ca.start()
        self.ca.hang()
        self.server.start()
        self.server.process.wait_for_log("renewal started")
        self.assert_works("--insecure")
        self.server.process.signal(15)
        self.assertEqual(self.server.process.child.wait(10), 0)

    def test_a_damaged_pair_on_disk_is_kept_aside_and_replaced(self):
        self.put_on_disk(["example.test", "*.example.test"], (-1, 20))
        self.write(cardea.MAIN[1], "damaged\n")
        self.ca.start()
        self.server.start()
        harness.wait_until(lambda: self.server.certificates(), 20, "a certificate")
        self.wait_for_certificate(5)
        kept = [name for name in os.listdir(self.path("certs")) if self.is_damaged(name)]
        self.assertEqual(len(kept), 1, os.listdir(self.path("certs")))
        self.assertIn("not usable", self.server.log())

    def is_damaged(self, name):
        with open(self.path("certs", name), "rb") as file:
            return file.read() == b"damaged\n"


if __name__ == "__main__":
    harness.main()
