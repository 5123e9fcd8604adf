#!/usr/bin/env python3
"""gRPC through the proxy: a client and a server that are not ours, to an h2c backend and to one over TLS."""
import os
import queue
import sys
import time

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, grpc_peers, harness

PATIENCE = 20


class grpc_calls(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "local", ["*.example.test"], self.ca)

    def serve(self, port, scheme="h2c", more=""):
        trust = "" if scheme == "h2c" else f"ssl_trusted_certificate: {self.ca}\n"
        routes = cardea.route("app", port, f"scheme: {scheme}\n{trust}{more}")
        proxy = cardea.server(self, cardea.local(*self.pair), routes).start()
        return grpc_peers.client(self, proxy.https, self.ca)

    def both(self):
        """A client through each kind of backend, and the server behind it."""
        for scheme, pair in (("h2c", None), ("https", self.pair)):
            with self.subTest(scheme=scheme):
                behind = grpc_peers.server(self, pair)
                yield self.serve(behind.port, scheme), behind

    def fails_with(self, code, call, *arguments, **more):
        with self.assertRaises(grpc.RpcError) as caught:
            result = call(*arguments, timeout=PATIENCE, **more)
            list(result)  # of a stream
        self.assertEqual(caught.exception.code(), code, caught.exception)
        return caught.exception

    def test_unary_calls_carry_messages_and_metadata(self):
        for client, _ in self.both():
            answer, call = client.unary("Say").with_call(b"hello", timeout=PATIENCE, metadata=(("x-own", "7"), ("x-bin", b"\x00\x01")))
            self.assertEqual(answer, b"hello")
            self.assertEqual(dict(call.initial_metadata())["x-begin"], "7")
            trailing = dict(call.trailing_metadata())
            self.assertEqual((trailing["x-end"], trailing["x-bytes-bin"]), ("1", b"\x00\xff"))
            self.assertEqual(call.code(), grpc.StatusCode.OK)

    def test_many_calls_at_once_are_all_answered(self):
        for client, _ in self.both():
            calls = [client.unary("Say").future(str(i).encode(), timeout=PATIENCE) for i in range(500)]
            self.assertEqual([each.result() for each in calls], [str(i).encode() for i in range(500)])

    def test_large_messages_pass_whole(self):
        message = os.urandom(1024) * (16 * 1024)
        for client, _ in self.both():
            self.assertEqual(client.unary("Say")(message, timeout=60), message)

    def test_a_client_streams(self):
        for client, _ in self.both():
            self.assertEqual(client.client_stream("Sum")(iter([b"x" * 1000] * 2000), timeout=PATIENCE), b"2000000")

    def test_a_server_streams(self):
        for client, _ in self.both():
            got = list(client.server_stream("Count")(b"5000", timeout=PATIENCE))
            self.assertEqual(got, [str(i).encode() for i in range(5000)])

    def test_both_stream_in_turns(self):
        for client, _ in self.both():
            said = queue.Queue()
            heard = client.both_streams("Chat")(iter(said.get, None), timeout=PATIENCE)
            for i in range(100):
                said.put(f"word {i}".encode())
                self.assertEqual(next(heard), f"WORD {i}".encode())
            said.put(None)
            self.assertEqual(list(heard), [])
            self.assertEqual(heard.code(), grpc.StatusCode.OK)

    def test_a_status_of_the_server_reaches_the_client(self):
        for client, _ in self.both():
            failure = self.fails_with(grpc.StatusCode.FAILED_PRECONDITION, client.unary("Fail"), "not  yet: 100 %".encode())
            self.assertEqual(failure.details(), "not  yet: 100 %")
            self.fails_with(grpc.StatusCode.UNIMPLEMENTED, client.unary("Nothing"), b"")

    def test_a_deadline_is_the_server_s_too(self):
        for client, behind in self.both():
            with self.assertRaises(grpc.RpcError) as caught:
                client.unary("Wait")(b"", timeout=1)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
            self.assertLessEqual(behind.remaining, 1)
            self.assertTrue(behind.cancelled.wait(PATIENCE))

    def test_who_cancels_stops_the_server(self):
        for client, behind in self.both():
            call = client.unary("Wait").future(b"", timeout=PATIENCE)
            self.assertTrue(behind.waiting.wait(PATIENCE))
            self.assertFalse(behind.cancelled.is_set())
            self.assertTrue(call.cancel())
            self.assertTrue(behind.cancelled.wait(PATIENCE))
            self.assertEqual(client.unary("Say")(b"on", timeout=PATIENCE), b"on")

    def test_a_server_that_is_down_is_unavailable_until_it_is_back(self):
        behind = grpc_peers.server(self)
        client = self.serve(behind.port)
        self.assertEqual(client.unary("Say")(b"1", timeout=PATIENCE), b"1")
        behind.stop()
        self.fails_with(grpc.StatusCode.UNAVAILABLE, client.unary("Say"), b"2")
        self.fails_with(grpc.StatusCode.UNAVAILABLE, client.server_stream("Count"), b"2")

    def test_a_server_that_takes_too_long_exceeds_the_deadline(self):
        behind = grpc_peers.server(self)
        client = self.serve(behind.port, more="response_header_timeout: 500ms\n")
        self.fails_with(grpc.StatusCode.DEADLINE_EXCEEDED, client.unary("Wait"), b"")

    def test_a_message_beyond_the_body_limit_is_resource_exhausted(self):
        behind = grpc_peers.server(self)
        client = self.serve(behind.port, more="request_body_bytes_max: 1MiB\n")
        self.fails_with(grpc.StatusCode.RESOURCE_EXHAUSTED, client.unary("Say"), b"x" * (2 * 1024 * 1024))
        self.assertEqual(client.unary("Say")(b"small", timeout=PATIENCE), b"small")

    def test_a_host_without_a_route_is_unimplemented(self):
        behind = grpc_peers.server(self)
        client = self.serve(behind.port)
        self.assertEqual(client.unary("Say")(b"1", timeout=PATIENCE), b"1")
        routes = cardea.route("other", behind.port, "scheme: h2c\n")
        proxy = cardea.server(self, cardea.local(*self.pair), routes).start()
        lost = grpc_peers.client(self, proxy.https, self.ca)
        self.fails_with(grpc.StatusCode.UNIMPLEMENTED, lost.unary("Say"), b"1")

    def test_a_slow_client_stream_may_take_its_time(self):
        behind = grpc_peers.server(self)
        proxy = cardea.server(self, cardea.local(*self.pair), cardea.route("app", behind.port, "scheme: h2c\n"),
                              entrypoint="limits:\n  request_body_grace: 200ms\n  request_body_rate_min: 1MiB\n").start()
        client = grpc_peers.client(self, proxy.https, self.ca)

        def slowly():
            for _ in range(4):
                yield b"word"
                time.sleep(0.3)

        self.assertEqual(client.client_stream("Sum")(slowly(), timeout=PATIENCE), b"16")


if __name__ == "__main__":
    harness.main()
