#!/usr/bin/env python3
"""Renewing through the API while the proxy is in use: who sees what, and that nobody is disturbed."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, clients, harness, peers, websocket

IN_PROGRESS = "renewal already in progress"
UPGRADE = ("--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
           "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


class renewal(harness.case):
    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test", "other.test"])
        self.ca = peers.acme_ca(self, self.dns)
        self.files = peers.file_origin(self)
        self.echo = websocket.echo_origin(self)
        routes = cardea.route("app", self.files.port) + cardea.route("chat", self.echo.port)
        self.server = cardea.server(self, cardea.acme(self.dns, self.ca), routes)
        self.server.start()
        self.server.wait_for_certificates("main", "extra[0]")

    def serials(self):
        return [cardea.serial_on_disk(self, pair) for pair in (cardea.MAIN, cardea.EXTRA)]

    def renew(self, **more):
        return websocket.client(f"ws://127.0.0.1:{self.server.api}/api/v1/cert/renew", self.server.api, **more)

    def outcomes(self, messages):
        """{provider: its outcome}, which are the last messages, one for each."""
        found = [json.loads(each) for each in messages[-2:]]
        for each in found:
            self.assertTrue(each["renewed"], each)
        return {each["provider"]: each for each in found}

    def assert_complete(self, messages):
        self.assertIn("renewal started", messages[0], "the first line that the renewal logs comes first")
        for provider in ("provider=main", "provider=extra[0]"):
            lines = [each for each in messages if provider in each]
            for step in ("renewal started", "ordering a certificate", "certificate saved", "certificate renewed"):
                self.assertTrue(any(step in each for each in lines), f"{step} of {provider} in {lines}")
        self.assertEqual(self.outcomes(messages).keys(), {"main", "extra[0]"})

    def test_a_client_sees_every_line_and_the_outcome_and_handshakes_show_the_new_certificates(self):
        before = self.serials()
        messages, code = self.renew().receive_all()
        self.assertEqual(code, 1000)
        self.assert_complete(messages)
        self.assertNotIn(IN_PROGRESS, messages)
        after = self.serials()
        for old, new in zip(before, after, strict=True):
            self.assertNotEqual(old, new)
        for name, serial in zip(("app.example.test", "api.other.test"), after, strict=True):
            harness.wait_until(lambda name=name, serial=serial: self.server.serial(name) == serial, 5, f"{name} {serial}")
        self.assertEqual(self.ca.order_count(), 4)

    def test_requests_and_open_connections_do_not_notice(self):
        trust = clients.trusting(self.ca.root)
        old = self.serials()[0]
        kept = clients.connection(self.server.https, "app.example.test", trust)
        self.addCleanup(kept.close)
        self.assertEqual(kept.get("/small").status, 200)
        chat = websocket.client("wss://chat.example.test/", self.server.https, trust)
        chat.send("before")
        self.assertEqual(chat.receive(), "before")
        with clients.load(self.server.https, "app.example.test", "/small", trust) as load:
            harness.wait_until(lambda: load.succeeded > 200, 20, "load")
            for _ in range(2):
                messages, code = self.renew().receive_all()
                self.assertEqual(code, 1000)
                self.outcomes(messages)
            at_the_swap = load.succeeded
            harness.wait_until(lambda: load.succeeded > at_the_swap + 200, 20, "load after the swap")
            chat.send("meanwhile")
            self.assertEqual(chat.receive(), "meanwhile")
        self.assertEqual(load.failures, [], f"beside {load.succeeded} that succeeded")
        self.assertNotEqual(self.serials()[0], old)
        self.assertEqual(kept.serial(), old, "the handshake of the connection was before")
        self.assertEqual(kept.get("/small").status, 200)
        chat.send("after")
        self.assertEqual(chat.receive(), "after")
        chat.close()

    def test_a_second_client_is_told_and_sees_the_same_and_the_first_may_leave(self):
        before = self.serials()
        self.ca.hang()
        first = self.renew()
        lines = [first.receive()]
        while not any("key and signing request made" in each and "extra[0]" in each for each in lines):
            lines.append(first.receive())
        second, third = self.renew(), self.renew()
        for each in (second, third):
            self.assertEqual(each.receive(), IN_PROGRESS)
        first.abort()
        time.sleep(0.3)  # the server has noticed: nothing else tells
        self.ca.go_on()
        messages, code = second.receive_all()
        self.assertEqual(code, 1000)
        self.assertEqual(self.outcomes(messages).keys(), {"main", "extra[0]"})
        self.assertEqual(third.receive_all(), (messages, 1000))
        for old, new in zip(before, self.serials(), strict=True):
            self.assertNotEqual(old, new)
        self.assertEqual(self.ca.order_count(), 4, "one renewal, whoever asked")

    def test_all_clients_may_leave_and_the_renewal_goes_on(self):
        before = self.serials()
        self.ca.hang()
        only = self.renew()
        only.receive()
        only.abort()
        self.ca.go_on()
        harness.wait_until(lambda: all(old != new for old, new in zip(before, self.serials(), strict=True)), 30,
                           "two new pairs")

    def test_strangers_are_refused_and_renew_nothing(self):
        def ask(*more, host="127.0.0.1"):
            return clients.curl(f"http://{host}:{self.server.api}/api/v1/cert/renew", self.server.api, *more).status

        self.assertEqual(ask(), 426, "a plain GET")
        self.assertEqual(ask(*UPGRADE, "-H", "Origin: http://evil.test"), 403)
        self.assertEqual(ask(*UPGRADE, "-H", "Origin: null"), 403)
        self.assertEqual(ask(*UPGRADE, "-H", "Sec-Fetch-Site: cross-site"), 403)
        self.assertEqual(ask(*UPGRADE, host="rebound.test"), 403)
        self.assertEqual(ask("-X", "POST"), 405)
        own = self.renew(origin=f"http://127.0.0.1:{self.server.api}")
        self.assertEqual(own.receive_all()[1], 1000, "a page of the API itself may")
        self.assertEqual(self.ca.order_count(), 4)


if __name__ == "__main__":
    harness.main()
