#!/usr/bin/env python3
"""What a proxied request costs in system calls, allocations and locks: counts, which do not depend on the machine.

Each figure is the difference of two runs that differ only in the number of requests, so that start, handshake
and end do not count.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers

FEW, MANY = 50, 550


class budget(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "ca")
        self.cert, self.key = certificates.make_leaf(self.dir, "leaf", ["app.example.test"], self.ca)
        self.origin = peers.file_origin(self)
        self.library = os.path.join(os.path.dirname(harness.binary), "..", "tests", "libcall_counter.so")
        self.assertTrue(os.path.exists(self.library), f"{self.library} is built together with the program")

    def counts(self, work):
        """What the program counted while `work(server)` ran and while it started and ended."""
        server = cardea.server(self, cardea.local(self.cert, self.key), cardea.route("app", self.origin.port), threads=1)
        server.start(env={"LD_PRELOAD": os.path.abspath(self.library), "CALL_COUNTER_OUTPUT": self.path("counts")})
        work(server)
        server.stop()
        return {name: int(value) for name, value in (line.split() for line in self.read("counts").splitlines())}

    def for_each_request(self, path):
        def requests(number):
            def work(server):
                connection = clients.connection(server.https, "app.example.test", clients.trusting(self.ca))
                for _ in range(number):
                    self.assertEqual(connection.get(path).status, 200)
                connection.close()
            return work

        few, many = self.counts(requests(FEW)), self.counts(requests(MANY))
        return {name: (many[name] - few[name]) / (MANY - FEW) for name in many}

    def test_a_keep_alive_request_makes_four_data_calls_and_allocates_and_locks_nothing(self):
        spent = self.for_each_request("/small")
        # Timers and the control thread go on meanwhile: a request's own share is a whole number.
        self.assertEqual(round(spent["receive"]), 2, spent)
        self.assertEqual(round(spent["send"]), 2, spent)
        self.assertLessEqual(round(spent["wait"], 1), 2, spent)
        for name in ("watch", "option", "lock", "allocation"):
            self.assertEqual(round(spent[name]), 0, f"{name}: {spent}")


if __name__ == "__main__":
    harness.main()
