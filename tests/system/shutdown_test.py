#!/usr/bin/env python3
"""SIGTERM: what is under way is finished, within the grace; then the program ends."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers, websocket

PROMPTLY = 3


class shutdown(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "local", ["*.example.test"], self.ca)
        self.trust = clients.trusting(self.ca)
        self.slow = peers.slow_origin(self)
        self.echo = websocket.echo_origin(self)

    def start_with_grace(self, grace):
        routes = cardea.route("slow", self.slow.port) + cardea.route("chat", self.echo.port)
        server = cardea.server(self, cardea.local(*self.pair), routes, grace=grace)
        return server.start()

    def begin_download(self, server):
        """(connection, response) of which half of the body is read."""
        client = clients.connection(server.https, "slow.example.test", self.trust)
        self.addCleanup(client.close)
        client.http.request("GET", "/", headers={"Host": client.name})
        response = client.http.getresponse()
        self.assertEqual(response.status, 200)
        self.assertEqual(len(response.read(len(self.slow.HALF))), len(self.slow.HALF))
        return client, response

    def assert_ends(self, server, seconds, code=0):
        begin = time.monotonic()
        self.assertEqual(server.process.child.wait(20), code)
        self.assertLess(time.monotonic() - begin, seconds)

    def test_a_download_under_way_is_finished_and_nobody_new_is_let_in(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.slow.go_on.clear()
            server = self.start_with_grace("30s")
            _, response = self.begin_download(server)
            server.process.signal(number)
            harness.wait_until(lambda server=server: not harness.listens(server.https), 5, "the listener closed")
            self.assertFalse(harness.listens(server.http))
            self.assertTrue(server.process.is_alive())
            self.slow.release()
            self.assertEqual(response.read(), self.slow.HALF)
            self.assert_ends(server, PROMPTLY)

    def test_a_download_longer_than_the_grace_is_cut(self):
        server = self.start_with_grace("1s")
        _, response = self.begin_download(server)
        begin = time.monotonic()
        server.process.signal(signal.SIGTERM)
        self.assert_ends(server, 1 + PROMPTLY)
        self.assertGreaterEqual(time.monotonic() - begin, 0.9)
        with self.assertRaises(Exception):  # the peer closed, one way or another
            if len(response.read()) < len(self.slow.HALF):
                raise EOFError

    def test_idle_connections_do_not_hold_up_the_end(self):
        server = self.start_with_grace("30s")
        silent = clients.connection(server.https, "slow.example.test", self.trust)
        used = clients.connection(server.https, "nobody.example.test", self.trust)
        for each in (silent, used):
            self.addCleanup(each.close)
        self.assertEqual(used.get("/").status, 404)
        server.process.signal(signal.SIGTERM)
        self.assert_ends(server, PROMPTLY)

    def test_a_websocket_is_cut_after_the_grace(self):
        server = self.start_with_grace("1s")
        chat = websocket.client("wss://chat.example.test/", server.https, self.trust)
        chat.send("hello")
        self.assertEqual(chat.receive(), "hello")
        server.process.signal(signal.SIGTERM)
        self.assert_ends(server, 1 + PROMPTLY)

    def test_a_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT)):
            self.slow.go_on.clear()
            server = self.start_with_grace("30s")
            self.begin_download(server)
            server.process.signal(first)
            server.process.wait_for_log("draining", 5)
            server.process.signal(second)
            harness.wait_until(lambda server=server: not server.process.is_alive(), PROMPTLY, "ended by the second signal")

    def test_a_renewal_client_is_told_that_the_server_goes(self):
        dns = peers.name_server(self, ["example.test"])
        ca = peers.acme_ca(self, dns)
        server = cardea.server(self, cardea.acme(dns, ca, more=""), cardea.route("slow", self.slow.port)).start()
        server.wait_for_certificates("main")
        ca.hang()
        client = websocket.client(f"ws://127.0.0.1:{server.api}/api/v1/cert/renew", server.api)
        self.assertIn("renewal started", client.receive())
        server.process.signal(signal.SIGTERM)
        self.assertEqual(client.receive_all()[1], 1001)
        self.assert_ends(server, PROMPTLY)
        self.assertIsNotNone(cardea.serial_on_disk(self, cardea.MAIN), "the pair from before is still there")


if __name__ == "__main__":
    harness.main()
