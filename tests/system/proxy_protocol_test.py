#!/usr/bin/env python3
"""PROXY headers of real proxies in front: whose address the backend is told."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers, stream_peers


class proxy_protocol(harness.case):
    TRUSTED = "  proxy_protocol:\n    mode: {mode}\n    trusted_proxies: [{trusted}]\n"

    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], self.ca)
        self.server = cardea.server(self, cardea.local(*self.pair), cardea.route("app", self.origin.port))
        self.plain_frame = self.server.frame

    def configure(self, section):
        self.server.frame = self.plain_frame.replace("  threads:", section + "  threads:")
        self.server.configure(cardea.local(*self.pair), cardea.route("app", self.origin.port))

    def serve(self, section):
        self.configure(section)
        self.server.start()

    def seen_through(self, port, *more, host="app.example.test"):
        answer = clients.curl(f"https://{host}/forwarded", port, *more, cacert=self.ca)
        self.assertEqual(answer.status, 200, f"{answer}; cardea logged:\n{self.server.log()[-2000:]}")
        return peers.file_origin.forwarded(answer.body)["x_forwarded_for"]

    def refused(self, port, *more):
        with self.assertRaises(AssertionError) as failure:
            self.seen_through(port, *more)
        self.assertRegex(str(failure.exception), "exit code (35|52|56)")

    def test_curl_nginx_a_header_where_one_is_required(self):
        self.serve(self.TRUSTED.format(mode="required", trusted="127.0.0.1"))
        self.assertEqual(self.seen_through(self.server.https, "--haproxy-protocol"), "127.0.0.1")
        self.refused(self.server.https)

    def test_haproxy_nginx_both_versions_from_a_trusted_proxy(self):
        self.serve(self.TRUSTED.format(mode="mixed", trusted="127.0.0.0/30"))
        for option in ("send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2 proxy-v2-options crc32c,unique-id"):
            with self.subTest(option):
                front = stream_peers.front_haproxy(self, self.server.https, option, f"haproxy-{option.replace(' ', '-')}")
                self.assertEqual(self.seen_through(front, "--interface", "127.0.0.77"), "127.0.0.77")
        # Whoever is not trusted is served without a header.
        self.assertEqual(self.seen_through(self.server.https, "--interface", "127.0.0.77"), "127.0.0.77")
        self.refused(self.server.https, "--interface", "127.0.0.2")

    def test_haproxys_health_checks_count_as_haproxy_itself(self):
        self.serve(self.TRUSTED.format(mode="required", trusted="127.0.0.1"))
        front = stream_peers.front_haproxy(self, self.server.https,
                                           "send-proxy-v2 check check-send-proxy inter 200ms fall 1", "haproxy-checks")
        for _ in range(5):
            self.assertEqual(self.seen_through(front, "--interface", "127.0.0.77"), "127.0.0.77")
        self.assertNotIn("DOWN", self.processes_log("haproxy-checks"))

    def processes_log(self, name):
        with open(self.path(f"{name}.log"), encoding="utf-8") as log:
            return log.read()

    def test_nginx_stream_in_front(self):
        self.serve(self.TRUSTED.format(mode="required", trusted="127.0.0.1"))
        front = harness.free_port()
        process = stream_peers.nginx_stream(
            self, f"server {{ listen 127.0.0.1:{front}; proxy_protocol on; proxy_pass 127.0.0.1:{self.server.https}; }}")
        stream_peers.wait_for_listener(process, front)
        self.assertEqual(self.seen_through(front, "--interface", "127.0.0.78"), "127.0.0.78")

    def test_the_redirect_listener_takes_headers_too(self):
        self.serve(self.TRUSTED.format(mode="required", trusted="127.0.0.1"))
        front = stream_peers.front_haproxy(self, self.server.http)
        self.assertEqual(clients.curl("http://app.example.test/x", front).status, 308)

    def test_a_reload_changes_who_is_trusted(self):
        self.serve("")
        front = stream_peers.front_haproxy(self, self.server.https)
        self.refused(front)
        self.assertEqual(self.seen_through(self.server.https), "127.0.0.1")
        self.configure(self.TRUSTED.format(mode="mixed", trusted="127.0.0.1"))
        self.server.process.signal(signal.SIGHUP)
        self.server.process.wait_for_log("configuration reloaded")
        self.assertEqual(self.seen_through(front, "--interface", "127.0.0.77"), "127.0.0.77")

    def test_the_deprecated_switch_warns_and_takes_a_header_from_anybody(self):
        self.serve("  support_proxy_protocol: true\n")
        self.server.process.wait_for_log("support_proxy_protocol: deprecated")
        front = stream_peers.front_haproxy(self, self.server.https)
        self.assertEqual(self.seen_through(front, "--interface", "127.0.0.77"), "127.0.0.77")
        self.assertEqual(self.seen_through(self.server.https, "--interface", "127.0.0.77"), "127.0.0.77")


if __name__ == "__main__":
    harness.main()
