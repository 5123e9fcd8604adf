#!/usr/bin/env python3
"""HTTP/2 to backends that are not ours: nginx and nghttpd behind, curl, h2load and python3-h2 in front."""
import hashlib
import os
import re
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, http2_backends, websocket

BIG = 24 * 1024 * 1024


class http2_backend(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "local", ["*.example.test"], self.ca)
        self.server = None

    def serve(self, backend, scheme, more="", entrypoint="", threads=1):
        trust = "" if scheme == "h2c" else f"ssl_trusted_certificate: {self.ca}\n"
        routes = cardea.route("app", backend.port, f"scheme: {scheme}\n{trust}{more}")
        self.server = cardea.server(self, cardea.local(*self.pair), routes, threads=threads, entrypoint=entrypoint).start()

    def curl(self, path, *more):
        return clients.curl(f"https://app.example.test{path}", self.server.https, *more, cacert=self.ca)

    def load(self, path, requests, connections, streams):
        out = harness.run("h2load", "-n", requests, "-c", connections, "-m", streams, "-H", ":authority: app.example.test",
                          f"https://127.0.0.1:{self.server.https}{path}", seconds=120)
        self.assertIn(f"{requests} succeeded, 0 failed, 0 errored, 0 timeout", out.stdout, out.stderr)
        self.assertIn(f"status codes: {requests} 2xx", out.stdout)
        return out.stdout

    def h2_connection(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", self.server.https), 20)
        secure = context.wrap_socket(plain, server_hostname="app.example.test")
        self.addCleanup(secure.close)
        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        state.initiate_connection()
        secure.sendall(state.data_to_send())
        return secure, state

    def test_curl_nginx_is_spoken_to_over_http2_when_it_chooses_so(self):
        self.serve(http2_backends.nginx(self, "tls", self.pair), "https")
        for version in ("--http1.1", "--http2"):
            protocol, _, kind, forwarded = self.curl("/version", version).body.split("|")
            self.assertEqual((protocol, kind, forwarded), ("HTTP/2.0", "h2", "app.example.test"))

    def test_curl_nginx_is_spoken_to_over_http2_without_being_asked_by_scheme_h2c(self):
        self.serve(http2_backends.nginx(self, "clear"), "h2c")
        for version in ("--http1.1", "--http2"):
            protocol, _, kind, forwarded = self.curl("/version", version).body.split("|")
            self.assertEqual((protocol, kind, forwarded), ("HTTP/2.0", "h2c", "app.example.test"))

    def test_curl_nginx_is_not_offered_http2_where_the_route_says_no(self):
        self.serve(http2_backends.nginx(self, "tls", self.pair), "https", "backend_http2: false\n")
        self.assertTrue(self.curl("/version").body.startswith("HTTP/1.1|"))

    def test_curl_nginx_answers_without_a_body_end_where_they_should(self):
        self.serve(http2_backends.nginx(self, "clear"), "h2c")
        for version in ("--http1.1", "--http2"):
            self.assertEqual(self.curl("/empty", version).status, 204)
            head = self.curl("/small", version, "--head")
            self.assertEqual((head.status, head.headers["content-length"], head.body), (200, "6", ""))
            etag = self.curl("/small", version).headers["etag"]
            unchanged = self.curl("/small", version, "-H", f"If-None-Match: {etag}")
            self.assertEqual((unchanged.status, unchanged.body), (304, ""))
            self.assertEqual(self.curl("/nowhere", version).status, 404)

    def test_h2load_nginx_exchanges_share_a_connection(self):
        backend = http2_backends.nginx(self, "clear", more="keepalive_requests 1000000;")
        self.serve(backend, "h2c")
        first = self.curl("/version").body.split("|")[1]
        self.load("/small", 20000, 10, 20)
        last = self.curl("/version").body.split("|")[1]
        # nginx numbers what it accepts: 200 at once fit the 128 streams of two connections.
        self.assertLess(int(last) - int(first), 3, (first, last))

    def test_h2load_nginx_that_says_goaway_every_hundred_requests_loses_none(self):
        backend = http2_backends.nginx(self, "tls", self.pair, more="keepalive_requests 100;")
        self.serve(backend, "https", threads=2)
        self.load("/small", 10000, 5, 20)

    def test_h2load_nginx_with_few_streams_a_connection_gets_no_more_of_them(self):
        backend = http2_backends.nginx(self, "clear", more="http2_max_concurrent_streams 4; keepalive_requests 1000000;")
        self.serve(backend, "h2c", entrypoint="limits:\n  backend_http2_connections_max: 5\n")
        first = int(self.curl("/version").body.split("|")[1])
        self.load("/small", 5000, 4, 20)
        last = int(self.curl("/version").body.split("|")[1])
        self.assertLessEqual(last - first, 5)

    def test_h2load_nginx_downloads_big_files_side_by_side(self):
        backend = http2_backends.nginx(self, "tls", self.pair)
        with open(self.path("nginx-tls/www/big"), "wb") as file:
            file.write(os.urandom(1024) * (BIG // 1024))
        self.serve(backend, "https")
        out = self.load("/big", 12, 3, 4)
        self.assertGreaterEqual(int(re.search(r"\((\d+)\) data", out).group(1)), 12 * BIG, out)

    def test_curl_nghttpd_a_big_upload_comes_back_whole(self):
        big = os.urandom(1024) * (BIG // 1024)
        with open(self.path("upload"), "wb") as file:
            file.write(big)
        self.serve(http2_backends.nghttpd(self), "h2c")
        for version in ("--http1.1", "--http2"):
            out = harness.run("curl", "-sS", version, "--max-time", "60", "--cacert", self.ca, "--connect-to",
                              f"::127.0.0.1:{self.server.https}", "-T", self.path("upload"), "-o", self.path("back"),
                              "https://app.example.test/echo", seconds=90)
            self.assertEqual(out.returncode, 0, out.stderr)
            with open(self.path("back"), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(big).digest())

    def test_python_h2_nghttpd_trailers_arrive(self):
        self.serve(http2_backends.nghttpd(self, self.pair), "https")
        connection, state = self.h2_connection()
        state.send_headers(1, [(":method", "GET"), (":scheme", "https"), (":authority", "app.example.test"),
                               (":path", "/small"), ("te", "trailers")], end_stream=True)
        connection.sendall(state.data_to_send())
        body, trailers, ended = b"", [], False
        while not ended:
            for event in state.receive_data(connection.recv(65536)):
                if isinstance(event, h2.events.DataReceived):
                    body += event.data
                if isinstance(event, h2.events.TrailersReceived):
                    trailers = event.headers
                ended = ended or isinstance(event, h2.events.StreamEnded)
        self.assertEqual((body, trailers), (b"small\n", [(b"x-checked", b"yes")]))

    def test_curl_nginx_a_backend_that_restarts_costs_no_request(self):
        backend = http2_backends.nginx(self, "clear")
        self.serve(backend, "h2c")
        self.assertEqual(self.curl("/small").status, 200)
        backend.process.kill()
        self.assertEqual(self.curl("/small").status, 502)
        backend.start()
        self.assertEqual(self.curl("/small").body, "small\n")

    def test_websockets_go_over_http1_to_a_backend_that_prefers_http2(self):
        echo = websocket.echo_origin(self)
        self.serve(http2_backends.nginx(self, "tls", self.pair, websocket=echo.port), "https")
        self.assertTrue(self.curl("/version").body.startswith("HTTP/2.0|"))
        talk = websocket.client(f"wss://app.example.test:{self.server.https}/hook", self.server.https, clients.trusting(self.ca))
        self.addCleanup(talk.close)
        talk.send("hello")
        self.assertEqual(talk.receive(), "hello")

    def test_curl_a_server_that_speaks_no_http2_is_a_bad_gateway(self):
        plain = harness.free_port()
        web = self.start("http", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(plain)])
        web.wait_for_port(plain)
        web.port = plain
        self.serve(web, "h2c")
        self.assertEqual(self.curl("/").status, 502)
        self.server.process.wait_for_log("does not speak HTTP/2|closed the connection")


if __name__ == "__main__":
    harness.main()
