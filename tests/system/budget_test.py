#!/usr/bin/env python3
"""What a proxied request costs in system calls, allocations and locks: counts, which do not depend on the machine.

Each figure is the difference of two runs that differ only in the number of requests, so that start, handshake
and end do not count.
"""
import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, http2_backends, http2_client, peers, websocket

FEW, MANY = 50, 550
RECORD = 16 * 1024  # what a TLS record holds


class budget(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "ca")
        self.cert, self.key = certificates.make_leaf(self.dir, "leaf", ["app.example.test"], self.ca)
        self.origin = peers.file_origin(self)
        self.library = os.path.join(os.path.dirname(harness.binary), "..", "tests", "libcall_counter.so")
        self.assertTrue(os.path.exists(self.library), f"{self.library} is built together with the program")

    def counts(self, work, port, more=""):
        """What the program counted while `work(server)` ran and while it started and ended."""
        server = cardea.server(self, cardea.local(self.cert, self.key), cardea.route("app", port, more), threads=1)
        server.start(env={"LD_PRELOAD": os.path.abspath(self.library), "CALL_COUNTER_OUTPUT": self.path("counts")})
        work(server)
        server.stop()
        return {name: int(value) for name, value in (line.split() for line in self.read("counts").splitlines())}

    def spent(self, talk, port=None, few=FEW, many=MANY, more=""):
        """What each exchange of `talk(server)` costs: a context whose value makes one."""
        def times(number):
            def work(server):
                with talk(server) as exchange:
                    for _ in range(number):
                        exchange()
            return work

        less, all_of_them = (self.counts(times(number), port or self.origin.port, more) for number in (few, many))
        return {name: (all_of_them[name] - less[name]) / (many - few) for name in less}

    @contextlib.contextmanager
    def connection(self, server):
        connection = clients.connection(server.https, "app.example.test", clients.trusting(self.ca))
        try:
            yield connection
        finally:
            connection.close()

    def gets(self, path, size):
        @contextlib.contextmanager
        def talk(server):
            with self.connection(server) as connection:
                def exchange():
                    answer = connection.get(path)
                    self.assertEqual((answer.status, len(answer.body)), (200, size))
                yield exchange
        return talk

    def uploads(self, size):
        """Head and body in as few records as they need."""
        request = (f"POST /drop HTTP/1.1\r\nHost: app.example.test\r\nContent-Length: {size}\r\n\r\n".encode()
                   + b"u" * size)

        @contextlib.contextmanager
        def talk(server):
            with self.connection(server) as connection:
                def exchange():
                    connection.socket.sendall(request)
                    answer = b""
                    while b"\r\n\r\n" not in answer:
                        part = connection.socket.recv(RECORD)
                        self.assertTrue(part, f"the connection ended after {answer!r}")
                        answer += part
                    self.assertTrue(answer.startswith(b"HTTP/1.1 204 "), answer)
                yield exchange
        return talk

    def assert_four_data_calls(self, spent):
        # Timers and the control thread go on meanwhile: an exchange's own share is a whole number.
        self.assertEqual((round(spent["receive"]), round(spent["send"])), (2, 2), spent)
        self.assertLessEqual(round(spent["wait"], 1), 2, spent)
        self.assert_nothing_allocated_or_locked(spent)

    def assert_nothing_allocated_or_locked(self, spent):
        for name in ("watch", "option", "lock", "allocation"):
            self.assertEqual(round(spent[name]), 0, f"{name}: {spent}")

    def test_a_keep_alive_request_makes_four_data_calls_and_allocates_and_locks_nothing(self):
        self.assert_four_data_calls(self.spent(self.gets("/small", 6)))

    def test_a_logged_request_allocates_and_locks_nothing_either(self):
        spent = self.spent(self.gets("/small", 6), more="access_log: {path: access.log, format: json}\n")
        self.assertEqual((round(spent["receive"]), round(spent["send"])), (2, 2), spent)
        self.assert_nothing_allocated_or_locked(spent)
        self.assertEqual(self.read("access.log").count("\n"), FEW + MANY)

    def test_an_answer_of_16_kib_costs_no_more_calls_than_a_small_one(self):
        self.write("nginx/www/page", "p" * RECORD)
        self.assert_four_data_calls(self.spent(self.gets("/page", RECORD)))

    def test_a_body_that_comes_with_its_head_goes_on_with_it(self):
        self.assert_four_data_calls(self.spent(self.uploads(8 * 1024)))

    def test_an_upload_costs_at_most_two_calls_a_record_on_each_side_and_allocates_nothing(self):
        size = 256 * 1024
        spent = self.spent(self.uploads(size), few=50, many=450)
        records = size // RECORD
        for name in ("receive", "send", "wait"):
            self.assertLessEqual(spent[name], 2 * records + 2, spent)
        self.assert_nothing_allocated_or_locked(spent)

    def test_a_websocket_message_and_its_echo_make_four_data_calls_and_allocate_and_lock_nothing(self):
        origin = websocket.echo_origin(self)

        @contextlib.contextmanager
        def talk(server):
            client = websocket.client("wss://app.example.test/", server.https, clients.trusting(self.ca))

            def exchange():
                client.send("a message")
                self.assertEqual(client.receive(), "a message")
            try:
                yield exchange
            finally:
                client.close()

        self.assert_four_data_calls(self.spent(talk, port=origin.port))

    def streams(self, at_once):
        """Requests of an HTTP/2 client, so many at once."""
        @contextlib.contextmanager
        def talk(server):
            connection = http2_client.connection(self, server.https, "app.example.test", self.ca)
            yield lambda: self.assertEqual(connection.get_all(["/small"] * at_once), [(200, b"small\n")] * at_once)
            connection.close()
        return talk

    def h2c(self):
        return {"port": http2_backends.nginx(self, "h2c", more="keepalive_requests 1000000;").port,
                "more": "scheme: h2c\n"}

    def test_a_request_of_an_http2_client_costs_what_one_of_http1_costs(self):
        self.assert_four_data_calls(self.spent(self.streams(1)))

    def test_a_request_to_an_http2_backend_makes_hardly_more_calls_and_allocates_and_locks_nothing(self):
        spent = self.spent(self.streams(1), **self.h2c())
        # Two of each, unless nginx sends head and body apart, which then arrive apart.
        self.assertLess(spent["receive"], 3, spent)
        self.assertLess(spent["send"], 3, spent)
        # One turn more than over HTTP/1: whoever reads for many wakes the one whom it concerns.
        self.assertLess(spent["wait"], 4.5, spent)
        self.assert_nothing_allocated_or_locked(spent)

    def test_requests_at_once_share_the_calls_of_both_connections(self):
        backend = self.h2c()
        # For fifty, which would make two hundred one by one. How many come and go together is also the client's
        # and the backend's affair, who may be held up: the best of three tells what we do.
        measured = [self.spent(self.streams(50), few=100, many=300, **backend) for _ in range(3)]
        spent = min(measured, key=lambda each: each["receive"] + each["send"])
        self.assertLess(spent["receive"] + spent["send"], 100, measured)
        self.assert_nothing_allocated_or_locked(spent)


if __name__ == "__main__":
    harness.main()
