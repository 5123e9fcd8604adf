#!/usr/bin/env python3
"""HTTP/2 by clients and origins that are not ours: curl, nghttp, h2load and python3-h2 in front, nginx behind."""
import hashlib
import os
import re
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers, websocket

BIG = 24 * 1024 * 1024
ENHANCE_YOUR_CALM = 11


class http2(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        pair = certificates.make_leaf(self.dir, "local", ["*.example.test"], self.ca)
        self.origin = peers.file_origin(self)
        self.big = os.urandom(1024) * (BIG // 1024)
        with open(self.path("nginx/www/big"), "wb") as file:
            file.write(self.big)
        routes = cardea.route("app", self.origin.port) + cardea.route("chat", websocket.echo_origin(self).port)
        self.server = cardea.server(self, cardea.local(*pair), routes).start()

    def url(self, path):
        return f"https://app.example.test:{self.server.https}{path}"

    def run_client(self, *command, seconds=60):
        out = harness.run(*command, seconds=seconds)
        self.assertEqual(out.returncode, 0, out.stderr[-2000:])
        return out.stdout

    def test_curl_nginx_speaks_http2_and_sees_what_the_proxy_added(self):
        answer = clients.curl("https://app.example.test/forwarded", self.server.https, "--http2", "-w", "%{http_version}",
                              cacert=self.ca)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.body.endswith("2"), answer.body)
        seen = peers.file_origin.forwarded(answer.body[:-1])
        self.assertEqual(seen["x_forwarded_proto"], "https")
        self.assertEqual(seen["x_forwarded_for"], "127.0.0.1")

    def test_curl_without_http2_is_served_as_before(self):
        answer = clients.curl("https://app.example.test/small", self.server.https, "--http1.1", "-w", "%{http_version}",
                              "-k")
        self.assertEqual(answer.body, "small\n1.1")

    def test_nghttp_nginx_fetches_many_at_once(self):
        urls = [self.url(f"/small?{i}") for i in range(60)]
        out = self.run_client("nghttp", "-ns", "--no-verify-peer", *self.through(urls))
        self.assertEqual(len(re.findall(r"\s200\s", out)), 60, out[-3000:])

    def through(self, urls):
        """nghttp and h2load resolve names themselves: the loopback's address, and Host as a field."""
        return ["-H", ":authority: app.example.test"] + [url.replace("app.example.test", "127.0.0.1") for url in urls]

    def test_h2load_nginx_loses_nothing_with_many_connections_and_streams(self):
        out = self.run_client("h2load", "-n", "20000", "-c", "10", "-m", "40", *self.through([self.url("/small")]))
        self.assertIn("20000 succeeded, 0 failed, 0 errored, 0 timeout", out)
        self.assertIn("status codes: 20000 2xx", out)

    def test_h2load_nginx_downloads_big_files_side_by_side(self):
        out = self.run_client("h2load", "-n", "12", "-c", "3", "-m", "4", *self.through([self.url("/big")]))
        self.assertIn("12 succeeded, 0 failed, 0 errored, 0 timeout", out)
        total = re.search(r"\((\d+)\) data", out)
        self.assertGreaterEqual(int(total.group(1)), 12 * BIG, out)

    def h2_connection(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", self.server.https), 20)
        secure = context.wrap_socket(plain, server_hostname="app.example.test")
        self.addCleanup(secure.close)
        self.assertEqual(secure.selected_alpn_protocol(), "h2")
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        state.initiate_connection()
        secure.sendall(state.data_to_send())
        return secure, state

    def test_python_h2_nginx_a_slow_reader_gets_every_byte(self):
        connection, state = self.h2_connection()
        state.send_headers(1, [(":method", "GET"), (":scheme", "https"), (":authority", "app.example.test"),
                               (":path", "/big")], end_stream=True)
        connection.sendall(state.data_to_send())
        digest, received, ended = hashlib.sha256(), 0, False
        while not ended:
            # Few bytes at a time, and windows are given back byte for byte.
            events = state.receive_data(connection.recv(8192))
            for event in events:
                self.assertNotIsInstance(event, (h2.events.ConnectionTerminated, h2.events.StreamReset))
                if isinstance(event, h2.events.DataReceived):
                    digest.update(event.data)
                    received += len(event.data)
                    state.acknowledge_received_data(event.flow_controlled_length, 1)
                ended = ended or isinstance(event, h2.events.StreamEnded)
            connection.sendall(state.data_to_send())
        self.assertEqual(received, BIG)
        self.assertEqual(digest.digest(), hashlib.sha256(self.big).digest())

    def test_python_h2_websockets_speak_through_an_extended_connect(self):
        connection, state = self.h2_connection()
        while h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL not in state.remote_settings:
            state.receive_data(connection.recv(65536))
        state.send_headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
                               (":authority", "chat.example.test"), (":path", "/"), ("sec-websocket-version", "13")])
        mask, text = b"\x01\x02\x03\x04", b"hello over two protocols"
        frame = bytes([0x81, 0x80 | len(text)]) + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(text))
        state.send_data(1, frame)
        connection.sendall(state.data_to_send())
        got, status = b"", None
        while len(got) < 2 + len(text):
            for event in state.receive_data(connection.recv(65536)):
                self.assertNotIsInstance(event, (h2.events.ConnectionTerminated, h2.events.StreamReset))
                if isinstance(event, h2.events.ResponseReceived):
                    status = dict(event.headers)[b":status" if isinstance(event.headers[0][0], bytes) else ":status"]
                if isinstance(event, h2.events.DataReceived):
                    got += event.data
        self.assertIn(status, (b"200", "200"))
        self.assertEqual(got[:2], bytes([0x81, len(text)]))
        self.assertEqual(got[2:], text)

    @staticmethod
    def goaway_codes(connection):
        """The error codes of all GOAWAY frames up to the end. Past a first one python3-h2 reads nothing more."""
        connection.settimeout(10)
        data, codes = b"", []
        try:
            while part := connection.recv(65536):
                data += part
        except OSError:
            pass
        while len(data) >= 9:
            size = int.from_bytes(data[:3], "big")
            if data[3] == 7:
                codes.append(int.from_bytes(data[13:17], "big"))
            data = data[9 + size:]
        return codes

    def test_python_h2_floods_are_ended_and_others_go_on(self):
        connection, state = self.h2_connection()
        try:
            for i in range(1200):
                stream = 2 * i + 1
                state.send_headers(stream, [(":method", "GET"), (":scheme", "https"),
                                            (":authority", "app.example.test"), (":path", "/small")], end_stream=True)
                state.reset_stream(stream)
                connection.sendall(state.data_to_send())
        except OSError:
            pass  # the proxy has closed meanwhile: what it said before is still there
        self.assertIn(ENHANCE_YOUR_CALM, self.goaway_codes(connection))
        self.assertEqual(clients.curl("https://app.example.test/small", self.server.https, "-k").body, "small\n")


if __name__ == "__main__":
    harness.main()
