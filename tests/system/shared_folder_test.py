#!/usr/bin/env python3
"""Several processes on one folder of certificates: one account, whoever comes first or dies."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, harness, peers

LOCK = "certs/acme.key.lock"


class shared_folder(harness.case):
    def prepare(self, count):
        self.dns = peers.name_server(self, ["example.test", "other.test"])
        self.ca = peers.acme_ca(self, self.dns)
        self.commands = []
        for i in range(count):
            text = cardea.acme(self.dns, self.ca, (f"p{i}.example.test",), "")
            for path in cardea.MAIN:
                text = text.replace(path, path.replace("certs/", f"certs/p{i}-"))
            server = cardea.server(self, text, "x-none: {}\n")  # writes config.yml
            config = f"config/p{i}.yml"
            os.rename(self.path("config/config.yml"), self.path(config))
            self.commands.append([harness.binary, "run", "--config", config])
            del server

    def begin(self, i):
        return self.start(f"cardea-{i}", self.commands[i])

    def test_b32_three_processes_that_start_at_once_register_one_account(self):
        self.prepare(3)
        all_of_them = [self.begin(i) for i in range(3)]
        for each in all_of_them:
            each.wait_for_log("certificate renewed", seconds=60)
        self.assertEqual(self.ca.account_count(), 1)
        registered = [each.name for each in all_of_them if "registering an account" in each.log()]
        self.assertEqual(len(registered), 1, registered)
        self.assertEqual(self.ca.order_count(), 3)
        self.assertEqual(self.read(LOCK), "", "nobody's turn any more")
        self.assertEqual(os.stat(self.path(LOCK)).st_mode & 0o777, 0o600)
        for each in all_of_them:
            self.assertEqual(each.stop(), 0)

    def holder(self):
        """The process whose turn it is, by its number; 0 when nobody's."""
        try:
            words = self.read(LOCK).split()
        except FileNotFoundError:
            return 0
        return int(words[-1]) if words else 0

    def test_b32_a_process_that_dies_in_its_turn_leaves_it_to_the_next(self):
        self.prepare(2)
        self.ca.hang()
        first = self.begin(0)
        harness.wait_until(lambda: self.holder() == first.child.pid, 20, lambda: f"the first one's turn:\n{first.log()}")
        second = self.begin(1)
        second.wait_for_log(r"another process is at the account.*acme\.key\.lock")
        self.assertEqual(self.holder(), first.child.pid)
        first.kill()
        harness.wait_until(lambda: self.holder() == second.child.pid, 10, lambda: f"the next one's:\n{second.log()}")
        self.ca.go_on()
        second.wait_for_log("certificate renewed", seconds=90)
        self.assertEqual(self.ca.account_count(), 1)
        self.assertEqual(second.stop(), 0)

    def test_b32_a_process_that_ends_in_its_turn_gives_it_back(self):
        self.prepare(1)
        self.ca.hang()
        only = self.begin(0)
        harness.wait_until(lambda: self.holder() == only.child.pid, 20, "its turn")
        self.assertEqual(only.stop(signal.SIGTERM), 0)
        self.assertEqual(self.read(LOCK), "")
        self.ca.go_on()
        self.assertFalse(re.search("Traceback|terminate called", only.log()))


if __name__ == "__main__":
    harness.main()
