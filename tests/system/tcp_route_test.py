#!/usr/bin/env python3
"""TCP routes between real clients and real backends: client_backend_behaviour."""
import os
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers, stream_peers

NOTICED = 10


def tcp_route(alias, listen, target, more=""):
    return f"{alias}:\n  scheme: tcp\n  host: 127.0.0.1\n  port: \"{listen}:{target}\"\n  bind: 127.0.0.1\n{more}"


def answer_once(connection, _number):
    connection.sendall(b"heard " + connection.recv(100))


class stream_case(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], self.ca)
        self.app = cardea.route("app", self.origin.port)
        self.server = cardea.server(self, cardea.local(*self.pair), self.app)

    def configure(self, *routes):
        self.server.configure(cardea.local(*self.pair), self.app + "".join(routes))

    def serve(self, *routes):
        self.configure(*routes)
        self.server.start()
        # Routes follow when names are resolved.
        harness.wait_until(lambda: self.server.get("/small", cacert=self.ca).status == 200, NOTICED, "the first answer")

    def reload(self, *routes):
        before = self.server.log().count("configuration reloaded")
        self.configure(*routes)
        self.server.process.signal(signal.SIGHUP)
        harness.wait_until(lambda: self.server.log().count("configuration reloaded") > before, NOTICED, "a reload")

    def connect(self, port, seconds=20):
        out = socket.create_connection(("127.0.0.1", port), seconds)
        self.addCleanup(out.close)
        return out

    def say(self, connection, text):
        connection.sendall(text)
        return connection.recv(65536)


class tcp_route_system(stream_case):
    def test_curl_nginx_http_passes_as_bytes(self):
        port = harness.free_port()
        self.serve(tcp_route("raw", port, self.origin.port))
        body = clients.curl("http://whatever.test/forwarded", port).body
        self.assertEqual(peers.file_origin.forwarded(body)["x_forwarded_for"], "", "nothing was added")

    def test_l07_python_echo_a_client_has_no_more_connections_than_it_may(self):
        backend = stream_peers.scripted_server(self, stream_peers.echo)
        port = harness.free_port()
        self.server = cardea.server(self, cardea.local(*self.pair), self.app, threads=1,
                                    entrypoint="limits:\n  connections_per_client_max: 3\n")
        self.serve(tcp_route("raw", port, backend.port))
        let_in = [self.connect(port) for _ in range(3)]
        for each in let_in:
            self.assertEqual(self.say(each, b"a"), b"a")
        self.assertEqual(self.connect(port).recv(10), b"", "one too many is closed")
        let_in.pop().close()

        def another():
            try:
                return self.say(self.connect(port), b"b") == b"b"
            except OSError:
                return False
        harness.wait_until(another, NOTICED, "room for another one")

    def test_curl_nginx_a_large_file_arrives_unchanged(self):
        content = os.urandom(1 << 20) * 64
        self.write("nginx/www/large", "")
        with open(self.path("nginx/www/large"), "wb") as file:
            file.write(content)
        port = harness.free_port()
        self.serve(tcp_route("raw", port, self.origin.port))
        out = self.path("large.out")
        done = harness.run("curl", "-sS", "--noproxy", "*", "-o", out, f"http://127.0.0.1:{port}/large", seconds=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(out, "rb") as file:
            self.assertTrue(file.read() == content)

    def test_curl_nginx_stream_is_told_the_client(self):
        behind, port = harness.free_port(), harness.free_port()
        process = stream_peers.nginx_stream(
            self, f"server {{ listen 127.0.0.1:{behind} proxy_protocol; "
                  f"return '$proxy_protocol_addr $proxy_protocol_server_port\\n'; }}")
        process.wait_for_port(behind)
        self.serve(tcp_route("raw", port, behind, "  relay_proxy_protocol_header: true\n"))
        client = socket.create_connection(("127.0.0.1", port), 10, source_address=("127.0.0.77", 0))
        with client:
            self.assertEqual(client.recv(1000), f"127.0.0.77 {port}\n".encode())

    def test_curl_haproxy_is_told_the_client_that_another_haproxy_told_us(self):
        behind, port = harness.free_port(), harness.free_port()
        config = self.write("behind.cfg", f"""
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:{behind} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]"
""")
        process = self.start("behind", [harness.tool("haproxy"), "-db", "-f", config])
        stream_peers.wait_for_listener(process, behind)
        self.server.frame = self.server.frame.replace(
            "  threads:", "  proxy_protocol: {mode: mixed, trusted_proxies: [127.0.0.1]}\n  threads:")
        self.serve_behind_proxy(tcp_route("raw", port, behind, "  relay_proxy_protocol_header: true\n"))
        front = stream_peers.front_haproxy(self, port, name="front")
        answer = clients.curl("http://whatever.test/", front, "--interface", "127.0.0.88")
        self.assertEqual(answer.body.strip(), "127.0.0.88")

    def serve_behind_proxy(self, route):
        self.configure(route)
        self.server.start()
        self.server.process.wait_for_log("listening .*kind=tcp")

    def test_openssl_echo_tls_ends_here(self):
        backend = stream_peers.scripted_server(self, answer_once)
        port = harness.free_port()
        self.serve(tcp_route("mqtt", port, backend.port, "  tls_termination: true\n"))
        out = harness.run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "mqtt.example.test",
                          "-CAfile", self.ca, "-verify_return_error", "-quiet", input="hello\n")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("heard hello\n", out.stdout, out.stderr)

    def test_half_close_is_passed_on_both_ways(self):
        def count(connection, _number):
            size = 0
            while data := connection.recv(65536):
                size += len(data)
            connection.sendall(f"got {size}".encode())

        backend = stream_peers.scripted_server(self, count)
        port = harness.free_port()
        self.serve(tcp_route("raw", port, backend.port))
        client = self.connect(port)
        client.sendall(b"x" * 1_000_000)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(client.recv(100), b"got 1000000")
        self.assertEqual(client.recv(100), b"")

    def test_chaos_backends_end_as_they_end(self):
        def chaos(connection, _number):
            kind = connection.recv(1)
            if kind == b"r":  # reset
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            elif kind == b"t":  # trickle
                for byte in b"slowly":
                    connection.sendall(bytes([byte]))
                    threading.Event().wait(0.02)
            elif kind == b"h":  # half-close, then listen
                connection.sendall(b"first")
                connection.shutdown(socket.SHUT_WR)
                heard.append(connection.recv(100))

        heard = []
        backend = stream_peers.scripted_server(self, chaos)
        port = harness.free_port()
        self.serve(tcp_route("raw", port, backend.port))
        with self.assertRaises(ConnectionResetError):
            self.say(self.connect(port), b"r")
        trickle = self.connect(port)
        trickle.sendall(b"t")
        text = b""
        while data := trickle.recv(10):
            text += data
        self.assertEqual(text, b"slowly")
        half = self.connect(port)
        half.sendall(b"h")
        self.assertEqual((half.recv(10), half.recv(10)), (b"first", b""))
        half.sendall(b"still here")
        harness.wait_until(lambda: heard == [b"still here"], 5, lambda: f"the backend hearing it: {heard}")

    def test_a_port_that_is_taken_is_an_error_at_the_start_and_changes_nothing_at_a_reload(self):
        taken = stream_peers.scripted_server(self, stream_peers.echo)
        first, free = harness.free_port(), harness.free_port()
        self.configure(tcp_route("raw", taken.port, 1))
        out = cardea.run("run", "--config", "config/config.yml", folder=self.dir)
        self.assertNotEqual(out.returncode, 0)
        self.assertIn(f"cannot listen on 127.0.0.1:{taken.port}", out.stderr)
        self.serve(tcp_route("raw", first, taken.port))
        self.configure(tcp_route("raw", free, taken.port), tcp_route("other", taken.port, first))
        self.server.process.signal(signal.SIGHUP)
        self.server.process.wait_for_log(f"the old one goes on.*127.0.0.1:{taken.port}", NOTICED)
        self.assertEqual(self.say(self.connect(first), b"x"), b"x")
        self.assertFalse(harness.listens(free))

    def test_listeners_come_and_go_and_connections_stay(self):
        backend = stream_peers.scripted_server(self, stream_peers.echo)
        first, second = harness.free_port(), harness.free_port()
        self.serve(tcp_route("a", first, backend.port))
        kept = self.connect(first)
        self.assertEqual(self.say(kept, b"1"), b"1")
        self.reload(tcp_route("b", second, backend.port))
        harness.wait_until(lambda: not harness.listens(first), NOTICED, "the first listener closed")
        self.assertEqual(self.say(self.connect(second), b"2"), b"2")
        self.assertEqual(self.say(kept, b"3"), b"3")
        self.reload(tcp_route("a", first, backend.port))
        self.assertEqual(self.say(self.connect(first), b"4"), b"4")
        self.assertEqual(self.say(kept, b"5"), b"5")
        kept.close()
        self.server.stop()

    def test_no_connection_breaks_while_routes_change(self):
        backend = stream_peers.scripted_server(self, stream_peers.echo)
        port, other = harness.free_port(), harness.free_port()
        stays = tcp_route("stays", port, backend.port)
        self.serve(stays)
        failures, count, ending = [], [0], threading.Event()

        def work():
            while not ending.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", port), 10) as client:
                        for turn in range(20):
                            client.sendall(f"{turn};".encode() * 100)
                            wanted, got = len(f"{turn};") * 100, 0
                            while got < wanted:
                                data = client.recv(65536)
                                if not data:
                                    raise AssertionError("ended early")
                                got += len(data)
                        client.shutdown(socket.SHUT_WR)
                        if client.recv(1):
                            raise AssertionError("more than was sent")
                    count[0] += 1
                except Exception as problem:  # pylint: disable=broad-except  # whatever it is, it broke
                    failures.append(repr(problem))

        threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(20):
            self.reload(stays, *([tcp_route("comes", other, backend.port)] if turn % 2 else []))
        harness.wait_until(lambda: count[0] > 200, 20, "load")
        ending.set()
        for thread in threads:
            thread.join(20)
        self.assertEqual(failures, [])

    def test_sigterm_lets_nobody_in_and_waits_for_those_who_are(self):
        backend = stream_peers.scripted_server(self, stream_peers.echo)
        port = harness.free_port()
        self.server.frame = self.server.frame.replace("timeout_shutdown: 2s", "timeout_shutdown: 20s")
        self.serve(tcp_route("raw", port, backend.port))
        kept = self.connect(port)
        self.assertEqual(self.say(kept, b"1"), b"1")
        self.server.process.signal(signal.SIGTERM)
        harness.wait_until(lambda: not harness.listens(port), NOTICED, "the listener closed")
        self.assertEqual(self.say(kept, b"2"), b"2")
        kept.close()
        self.assertEqual(self.server.process.child.wait(10), 0)


class server_name_system(stream_case):
    def setUp(self):
        super().setUp()
        self.own_ca = certificates.make_ca(self.dir, "own-ca")
        self.own = certificates.make_leaf(self.dir, "own", ["db.example.test"], self.own_ca)

    def served_by(self, name):
        return certificates.served(self.server.https, name).names

    def sni_route(self, alias, target, more=""):
        return tcp_route(alias, self.server.https, target, more)

    def test_openssl_nginx_the_backends_own_certificate_is_seen(self):
        behind = harness.free_port()
        process = stream_peers.nginx_stream(
            self, f"server {{ listen 127.0.0.1:{behind} ssl; ssl_certificate {self.own[0]}; "
                  f"ssl_certificate_key {self.own[1]}; return 'from nginx for $ssl_server_name\\n'; }}")
        process.wait_for_port(behind)
        self.serve(self.sni_route("db", behind))
        self.assertEqual(self.served_by("db.example.test"), ["db.example.test"])
        self.assertEqual(self.served_by("app.example.test"), ["*.example.test"])
        out = harness.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.server.https}", "-servername",
                          "DB.example.test", "-CAfile", self.own_ca, "-verify_return_error", "-quiet")
        self.assertIn("from nginx for ", out.stdout, out.stderr)
        self.assertEqual(self.server.get("/small", cacert=self.ca).status, 200)

    def test_openssl_openssl_wildcards_and_versions(self):
        behind = harness.free_port()
        process = self.start("s_server", ["openssl", "s_server", "-accept", f"127.0.0.1:{behind}", "-cert", self.own[0],
                                          "-key", self.own[1], "-www", "-quiet"])
        stream_peers.wait_for_listener(process, behind)
        self.serve(self.sni_route('"*.db.example.test"', behind))
        for version in ("-tls1_2", "-tls1_3"):
            out = harness.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.server.https}", "-servername",
                              "one.db.example.test", version, input="GET / HTTP/1.0\r\n\r\n")
            self.assertRegex(out.stdout, "subject=CN ?= ?db.example.test", out.stderr)

    def test_openssl_echo_tls_ends_here_for_one_name(self):
        backend = stream_peers.scripted_server(self, answer_once)
        self.serve(self.sni_route("mqtt", backend.port, "  tls_termination: true\n"))
        out = harness.run("openssl", "s_client", "-connect", f"127.0.0.1:{self.server.https}", "-servername",
                          "mqtt.example.test", "-CAfile", self.ca, "-verify_return_error", "-quiet",
                          "-alpn", "mqtt", input="hello\n")
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn("heard hello\n", out.stdout, out.stderr)
        self.assertEqual(self.server.get("/small", cacert=self.ca).status, 200)

    def test_routes_by_name_come_and_go_and_a_session_stays(self):
        backend = stream_peers.scripted_server(self, stream_peers.echo)
        self.serve(self.sni_route("raw", backend.port, "  tls_termination: true\n"))
        kept = clients.connection(self.server.https, "raw.example.test", clients.trusting(self.ca)).socket
        self.addCleanup(kept.close)
        self.assertEqual(self.say(kept, b"1"), b"1")
        self.reload()
        answer = self.server.get("/small", "raw.example.test", self.ca)
        self.assertEqual(answer.status, 404, "http answers now, and has no such route")
        self.assertEqual(self.say(kept, b"2"), b"2")


if __name__ == "__main__":
    harness.main()
