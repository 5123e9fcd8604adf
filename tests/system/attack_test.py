#!/usr/bin/env python3
"""Clients that mean to wear the proxy down: slowhttptest's slowloris, RUDY and slow read, and too many connections."""
import os
import re
import resource
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers

MIB = 1 << 20

# Bounds of seconds, so that the test sees each of them crossed.
IMPATIENT = """
limits:
  request_head_timeout: 2s
  body_progress_timeout: 3s
  request_body_rate_min: 1000
  request_body_grace: 2s
  keep_alive_timeout: 4s
  buffer_memory_max: 32MiB
"""


def memory_of(process):
    """Resident bytes."""
    with open(f"/proc/{process.child.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024


def processor_seconds(process):
    with open(f"/proc/{process.child.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class attack(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.write("nginx/www/big", "x" * (4 * MIB))
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "site", ["*.example.test"], self.ca)
        self.trust = clients.trusting(self.ca)
        self.routes = cardea.route("app", self.origin.port) + cardea.route("127.0.0.1", self.origin.port)

    def attacker(self, name, *arguments):
        """slowhttptest with 300 connections until all are given up, 25 seconds at most; it probes the service itself, too."""
        return self.start(name, [harness.tool("slowhttptest"), "-c", "300", "-r", "150", "-l", "25", "-p", "4", *arguments])

    def verdict(self, attacker):
        """(why it ended, whether its probes were answered), as it reports itself."""
        attacker.child.wait(40)
        text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", attacker.log())
        return re.findall(r"Exit status: (.*)", text), re.findall(r"service available:\s+(\w+)", text)

    def test_l01_l02_l03_l09_slow_clients_of_all_kinds_hold_up_nobody_else(self):
        server = cardea.server(self, cardea.local(*self.pair), self.routes, threads=1, entrypoint=IMPATIENT).start()
        base = memory_of(server.process)
        url = f"https://127.0.0.1:{server.https}"  # a name may mean ::1 first, where nobody listens
        attackers = {
            "slowloris": self.attacker("slowloris", "-H", "-i", "1", "-x", "8", "-u", f"{url}/small"),
            "rudy": self.attacker("rudy", "-B", "-i", "1", "-s", "100000", "-x", "8", "-u", f"{url}/small"),
            "slow_read": self.attacker("slow_read", "-X", "-w", "1", "-y", "32", "-n", "2", "-z", "4", "-u", f"{url}/big"),
        }
        peak, worst, count, shed = 0, 0.0, 0, 0
        while any(each.is_alive() for each in attackers.values()):
            begin = time.monotonic()
            answer = server.get("/small", "app.example.test", self.ca)
            worst = max(worst, time.monotonic() - begin)
            self.assertIn(answer.status, (200, 503), "shed at the worst, never stuck")
            count += answer.status == 200
            shed += answer.status == 503
            peak = max(peak, memory_of(server.process))
            time.sleep(0.05)
        print(f"served {count}, shed {shed}, slowest {worst:.2f} s, memory +{(peak - base) / MIB:.0f} MiB", file=sys.stderr)
        self.assertGreater(count, 0, "ordinary requests that were served meanwhile")
        self.assertLess(worst, 10, "seconds for an ordinary request")
        self.assertLess(peak - base, (32 + 48) * MIB, "memory: the buffers' maximum, and what 900 connections cost")
        for name, each in attackers.items():
            end, available = self.verdict(each)
            self.assertTrue(available, f"{name} reported nothing:\n{each.log()[-2000:]}")
            self.assertEqual(set(available), {"YES"}, name)
            if name != "slow_read":
                self.assertEqual(end, ["No open connections left"], f"{name}: the proxy gave all of them up")
        self.assertEqual(server.get("/small", "app.example.test", self.ca).status, 200)
        server.stop()

    def test_l04_l07_descriptors_run_out_and_come_back(self):
        slow = peers.slow_origin(self)
        routes = self.routes + cardea.route("slow", slow.port)
        server = cardea.server(self, cardea.local(*self.pair), routes, threads=1)
        server.start_with_descriptors(128)
        guests = [clients.connection(server.https, "app.example.test", self.trust) for _ in range(300)]
        self.addCleanup(lambda: [each.close() for each in guests])
        self.assertEqual(guests[-1].get("/small").status, 200, "the last one is served, although 128 were many")
        harness.wait_until(lambda: "no room for more clients" in server.log(), 5, "a word in the log")
        for each in guests:
            each.close()
        self._fill_with_downloads(server, slow)
        before = processor_seconds(server.process)
        waiting = socket.create_connection(("127.0.0.1", server.https), 5)
        self.addCleanup(waiting.close)
        time.sleep(1)
        self.assertLess(processor_seconds(server.process) - before, 0.3, "it waits, and does not spin")
        self.assertEqual(server.ask_api("version")[0], 200, "the reserve is for others than clients")
        slow.release()
        harness.wait_until(lambda: self._is_served(server), 10, "new clients are served again")
        server.stop()

    def _fill_with_downloads(self, server, slow):
        """Downloads under way until no further one begins."""
        def download():
            try:
                one = clients.connection(server.https, "slow.example.test", self.trust, seconds=15)
                one.http.request("GET", "/", headers={"Host": one.name})
                response = one.http.getresponse()
                statuses.add(response.status)
                response.read(len(slow.HALF))
                began.append(one)
            except OSError:
                pass
        began, statuses = [], set()
        for _ in range(70):
            threading.Thread(target=download, daemon=True).start()
        harness.wait_until(lambda: len(began) > 30, 30, lambda: f"more than {len(began)} downloads under way")
        seen = 0
        while len(began) > seen:
            seen = len(began)
            time.sleep(0.7)
        self.addCleanup(lambda: [each.close() for each in began])
        self.assertEqual(statuses, {200}, "whoever is let in finds a backend")
        self.assertLess(len(began), 64, "two descriptors each, of 128")

    def _is_served(self, server):
        try:
            return server.get("/small", "app.example.test", self.ca, more=("--max-time", "2")).status == 200
        except AssertionError:
            return False


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    harness.main()
