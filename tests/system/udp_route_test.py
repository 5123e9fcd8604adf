#!/usr/bin/env python3
"""UDP routes between real clients and real backends: client_backend_behaviour."""
import os
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers

NOTICED = 10
ZONE = "zone.test"


def stream(scheme, alias, listen, target, more=""):
    return f"{alias}:\n  scheme: {scheme}\n  host: 127.0.0.1\n  port: \"{listen}:{target}\"\n  bind: 127.0.0.1\n{more}"


class udp_echo:
    """Answers each datagram with itself, on a thread of its own."""

    def __init__(self, test):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port, self.sources = self.socket.getsockname()[1], set()
        threading.Thread(target=self._run, daemon=True).start()
        test.addCleanup(self.socket.close)

    def _run(self):
        while True:
            try:
                data, source = self.socket.recvfrom(65536)
                self.sources.add(source)
                self.socket.sendto(data, source)
            except OSError:
                return


class udp_route_system(harness.case):
    def setUp(self):
        super().setUp()
        ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], ca)
        self.server = cardea.server(self, cardea.local(*self.pair), "")
        self.port = harness.free_port()

    def serve(self, *routes):
        self.server.configure(cardea.local(*self.pair), "".join(routes))
        self.server.start()
        self.server.process.wait_for_log("listening .*kind=udp")

    def reload(self, *routes):
        before = self.server.log().count("configuration reloaded")
        self.server.configure(cardea.local(*self.pair), "".join(routes))
        self.server.process.signal(signal.SIGHUP)
        harness.wait_until(lambda: self.server.log().count("configuration reloaded") > before, NOTICED, "a reload")

    def client(self):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(out.close)
        out.settimeout(5)
        out.connect(("127.0.0.1", self.port))
        return out

    def ask(self, client, text):
        client.send(text)
        return client.recv(65536)

    def dig(self, *more):
        return harness.run("dig", "+short", "+time=2", "+tries=1", "-p", self.port, "@127.0.0.1", *more, seconds=60)

    def test_dig_bind_many_queries(self):
        dns = peers.name_server(self, [ZONE])
        self.serve(stream("udp", "dns", self.port, dns.port), stream("tcp", "dns-tcp", self.port, dns.port))
        harness.wait_until(lambda: self.dig(f"ns.{ZONE}", "A").stdout == "127.0.0.1\n", NOTICED, "an answer of BIND")
        self.assertEqual(self.dig("+tcp", f"ns.{ZONE}", "A").stdout, "127.0.0.1\n")
        names = self.write("names", "".join(f"n{number}.{ZONE} A\n" for number in range(500)))
        failures = []

        # An address for each: several digs on one may get the same port at once, and one another's answers.
        def work(number):
            out = self.dig("-b", f"127.0.0.{number + 2}", "-f", names)
            lines = [line for line in out.stdout.split("\n") if line]
            if out.returncode != 0 or lines != ["127.0.0.1"] * 500:
                failures.append((out.returncode, [line for line in lines if line != "127.0.0.1"], out.stderr))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_python_echo_sessions_of_an_unchanged_route_outlive_reloads(self):
        backend, other = udp_echo(self), harness.free_port()
        stays = stream("udp", "game", self.port, backend.port)
        self.serve(stays)
        client = self.client()
        self.assertEqual(self.ask(client, b"1"), b"1")
        before = set(backend.sources)
        for turn in range(6):
            self.reload(stays, *([stream("udp", "comes", other, backend.port)] if turn % 2 else []))
            self.assertEqual(self.ask(client, b"2"), b"2")
        self.assertEqual(backend.sources, before, "one session throughout")
        self.reload()
        client.send(b"3")
        client.settimeout(0.5)
        with self.assertRaises((socket.timeout, ConnectionRefusedError)):
            client.recv(100)

    def test_python_echo_no_datagram_is_lost_while_routes_change(self):
        backend, other = udp_echo(self), harness.free_port()
        stays = stream("udp", "game", self.port, backend.port)
        self.serve(stays)
        failures, count, ending = [], [0], threading.Event()

        def work():
            client = self.client()
            while not ending.is_set():
                count[0] += 1
                text = str(count[0]).encode()
                try:
                    if self.ask(client, text) != text:
                        failures.append("another answer")
                except OSError as problem:
                    failures.append(repr(problem))

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        for turn in range(10):
            self.reload(stays, *([stream("udp", "comes", other, backend.port)] if turn % 2 else []))
        harness.wait_until(lambda: count[0] > 1000, 20, "load")
        ending.set()
        thread.join(10)
        self.assertEqual(failures, [])

    def test_a_backend_that_is_not_there_is_said_and_harms_nobody(self):
        backend, second = udp_echo(self), harness.free_port()
        self.serve(stream("udp", "game", self.port, backend.port), stream("udp", "gone", second, harness.free_port()))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", second))
            for _ in range(3):
                client.send(b"x")
        self.server.process.wait_for_log("backend failed .*route=gone", 10)
        self.assertEqual(self.ask(self.client(), b"1"), b"1")

    def test_sigterm_waits_for_no_silent_session(self):
        backend = udp_echo(self)
        self.server.frame = self.server.frame.replace("timeout_shutdown: 2s", "timeout_shutdown: 1m")
        self.serve(stream("udp", "game", self.port, backend.port))
        self.assertEqual(self.ask(self.client(), b"1"), b"1")
        self.server.stop()


if __name__ == "__main__":
    harness.main()
