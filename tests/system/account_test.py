#!/usr/bin/env python3
"""`certs rollover` and `certs revoke` against Pebble, also killed in the middle, while a server runs."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers, websocket


class account(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test"])
        self.ca = peers.acme_ca(self, self.dns)
        self.server = cardea.server(self, cardea.acme(self.dns, self.ca, more=""), cardea.route("app", 1))

    def obtain(self):
        self.server.start()
        self.server.wait_for_certificates("main")

    def command(self, *arguments, expected=0):
        end = cardea.run("certs", *arguments, "--config", "config/config.yml", folder=self.dir, seconds=60)
        self.assertEqual(end.returncode, expected, end.stdout + end.stderr)
        return end.stdout + end.stderr

    def begin(self, *arguments):
        return subprocess.Popen([harness.binary, "certs", *arguments, "--config", "config/config.yml"], cwd=self.dir,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=harness.environment())

    def key(self):
        with open(self.path("certs/acme.key"), "rb") as file:
            return file.read()

    def force(self):
        renew = websocket.client(f"ws://127.0.0.1:{self.server.api}/api/v1/cert/renew", self.server.api)
        messages, code = renew.receive_all()
        self.assertEqual(code, 1000, messages)
        return "\n".join(messages)

    def renew_with_account_unchanged(self):
        before = cardea.serial_on_disk(self, cardea.MAIN)
        said = self.force()
        self.assertNotEqual(cardea.serial_on_disk(self, cardea.MAIN), before, said)
        self.assertEqual(self.ca.account_count(), 1)

    def test_b50_a_rollover_is_taken_up_by_a_server_that_runs(self):
        self.obtain()
        before = self.key()
        said = self.command("rollover")
        self.assertIn("certs/acme.key: new key for the account at " + self.ca.directory, said)
        self.assertIn("certs/acme.key: done", said)
        self.assertNotEqual(self.key(), before)
        self.assertEqual(os.stat(self.path("certs/acme.key")).st_mode & 0o777, 0o600)
        self.assertFalse(os.path.exists(self.path("certs/acme.key.next")))
        self.renew_with_account_unchanged()
        self.assertIn("the account's key was changed by somebody else", self.server.log())
        self.command("rollover", "example.test")
        self.renew_with_account_unchanged()
        self.server.stop()

    def test_b50_a_rollover_that_is_killed_around_the_request_is_finished_or_taken_back(self):
        self.obtain()
        note = self.path("certs/acme.key.next")
        notes, changes = 0, 0
        for i in range(20):
            before = self.key()
            child = self.begin("rollover")
            # From the moment on in which the new key is stored, each time a little later.
            while not os.path.exists(note) and child.poll() is None:
                pass
            time.sleep(i * 0.0005)
            child.kill()
            child.wait()
            notes += os.path.exists(note)
            self.renew_with_account_unchanged()
            self.assertFalse(os.path.exists(note))
            changes += self.key() != before
        self.server.stop()
        self.assertGreater(notes, 0, "no kill came while the new key was only stored")
        self.assertGreater(changes, 0, "no kill came after the CA had it")

    def test_b50_a_rollover_that_the_ca_takes_after_its_sender_was_killed_is_finished(self):
        self.obtain()
        before = self.key()
        # The CA stops once it has the request's connection; what the kernel holds is served afterwards.
        child = None
        for _ in range(200):
            child = self.begin("rollover")
            # Without a pause: the request follows within a millisecond.
            while not os.path.exists(self.path("certs/acme.key.next")) and child.poll() is None:
                pass
            self.ca.hang()
            time.sleep(0.3)
            child.kill()
            child.wait()
            self.ca.go_on()
            if os.path.exists(self.path("certs/acme.key.next")):
                break
            before = self.key()  # it was faster
        self.assertTrue(os.path.exists(self.path("certs/acme.key.next")))
        time.sleep(0.5)
        self.renew_with_account_unchanged()
        self.assertFalse(os.path.exists(self.path("certs/acme.key.next")))
        self.assertRegex(self.server.log(), "an interrupted key rollover (is finished|had not reached the CA)")
        self.assertEqual("is finished" in self.server.log(), self.key() != before)
        self.server.stop()

    def test_b54_a_revoked_certificate_is_replaced_first_and_a_server_that_runs_takes_the_new_one(self):
        self.obtain()
        old = cardea.serial_on_disk(self, cardea.MAIN)
        old_key = self.read("certs/priv.key")
        said = self.command("revoke", "example.test", "--reason", "keyCompromise")
        for step in ("ordering a new certificate with a new key", "installed", "revoking the old certificate", "revoked"):
            self.assertIn(f"main: {step}", said)
        new = cardea.serial_on_disk(self, cardea.MAIN)
        self.assertNotEqual(new, old)
        self.assertNotEqual(self.read("certs/priv.key"), old_key)
        self.assertTrue(self.ca.is_revoked(old))
        self.assertFalse(self.ca.is_revoked(new))
        harness.wait_until(lambda: self.server.serial("example.test") == new, 15, "the new one is served")
        self.assertEqual(self.ca.order_count(), 2, "the server ordered nothing itself")
        self.assertEqual(json.loads(self.read("certs/cert.crt.meta.json"))["ca"], self.ca.directory)
        self.server.stop()

    def test_b54_a_ca_that_is_away_leaves_the_certificate_as_it_is_and_the_next_run_goes_on(self):
        self.obtain()
        old = cardea.serial_on_disk(self, cardea.MAIN)
        self.server.stop()
        # The order is made; before the revocation arrives, the command is killed.
        child = self.begin("revoke", "main")
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN) != old or child.poll() is not None, 30,
                           "the new one is installed")
        child.kill()
        child.wait()
        new = cardea.serial_on_disk(self, cardea.MAIN)
        self.assertNotEqual(new, old)
        if not self.ca.is_revoked(old):
            self.assertIn("going on with a revocation that was interrupted", self.command("revoke", "main"))
        self.assertTrue(self.ca.is_revoked(old))
        self.assertEqual(cardea.serial_on_disk(self, cardea.MAIN), new, "nothing is ordered twice")
        self.assertFalse(self.ca.is_revoked(new))

    def test_b54_the_end_of_a_service_revokes_without_a_new_one(self):
        self.obtain()
        self.server.stop()
        old = cardea.serial_on_disk(self, cardea.MAIN)
        self.command("revoke", "main", "--reason", "cessationOfOperation")
        self.assertTrue(self.ca.is_revoked(old))
        self.assertEqual(self.ca.order_count(), 1)

    def test_what_cannot_be_done_is_said(self):
        self.assertIn("there are main, and their domains are names, too", self.command("revoke", "other.test", expected=1))
        self.assertIn("there are main", self.command("rollover", "other.test", expected=1))
        self.assertIn("main: there is no certs/cert.crt yet", self.command("revoke", "main", expected=1))
        wrong = cardea.run("certs", "revoke", "main", "--reason", "boredom", folder=self.dir)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("keyCompromise", wrong.stdout + wrong.stderr)
        for command in (("certs", "--help"), ("certs", "revoke", "--help"), ("certs", "rollover", "--help")):
            end = cardea.run(*command, folder=self.dir)
            self.assertEqual(end.returncode, 0)
            self.assertIn("--config", end.stdout)
        two = cardea.acme(self.dns, self.ca, more="certificate_key_type: [EC256, RSA2048]\n")
        self.server.configure(two, cardea.route("app", 1))
        self.assertIn("several certificates are for 'example.test': say which of main, main/rsa",
                      self.command("revoke", "example.test", expected=1))
        ca = certificates.make_ca(self.dir, "local-ca")
        cert, key = certificates.make_leaf(self.dir, "local", ["app.test"], ca)
        self.replace("config/config.yml", cardea.local(cert, key))
        self.assertIn("only an ACME CA revokes", self.command("revoke", "main", expected=1))
        self.assertIn("no certificate of an ACME CA is configured", self.command("rollover", expected=1))


if __name__ == "__main__":
    harness.main()
