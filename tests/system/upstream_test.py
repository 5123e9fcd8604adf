#!/usr/bin/env python3
"""Several backends of a route: spread, killed, flapping, down and back; and one backend that lies and dies."""
import collections
import itertools
import json
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import backend_peers, cardea, certificates, clients, harness

FAST = "{fail_timeout: 200ms, fail_timeout_max: 500ms, slow_start: 0s}"
CHECKS = "{path: /health, interval: 1s, timeout: 1s, retries: 1}"
NO_CHECKS = "{disable: true}"


class upstream(harness.case):
    def setUp(self):
        super().setUp()
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "leaf", ["*.example.test"], self.ca)
        self.server = None

    def nginxes(self, *names):
        return [backend_peers.named_nginx(self, name) for name in names]

    @staticmethod
    def route(backends, balance=FAST, checks=NO_CHECKS, more=""):
        listed = ", ".join(f'"{each.address}"' for each in backends)
        return f"app:\n  backends: [{listed}]\n  load_balance: {balance}\n  healthcheck: {checks}\n{more}"

    def serve(self, routes, threads=1):
        self.server = cardea.server(self, cardea.local(*self.pair), routes, threads=threads).start()
        harness.wait_until(lambda: self.get().status != 404, 10, "routes")

    def get(self, path="/", *more):
        return self.server.get(path, "app.example.test", self.ca, more)

    def names(self, count):
        """Who answered so many requests of one connection, and how often."""
        client = clients.connection(self.server.https, "app.example.test", clients.trusting(self.ca))
        self.addCleanup(client.close)
        return collections.Counter(client.get("/").body.decode() for _ in range(count))

    def wait_for_names(self, *expected, seconds=15):
        harness.wait_until(lambda: set(self.names(20)) == set(expected), seconds,
                           lambda: f"answers of {expected}: {self.names(20)}")

    def wrk(self, seconds, connections=48):
        """A running wrk; its result by `wrk_result`."""
        return self.start("wrk", [harness.tool("wrk"), "-t", "1", "-c", str(connections), "-d", f"{seconds}s",
                                  "--timeout", "10s", "-H", "Host: app.example.test",
                                  f"https://127.0.0.1:{self.server.https}/"])

    def assert_no_failure(self, wrk, at_least):
        harness.wait_until(lambda: not wrk.is_alive(), 30, "the end of wrk")
        text = wrk.log()
        self.assertNotIn("Non-2xx", text)
        self.assertNotIn("Socket errors", text)
        self.assertGreater(int(re.search(r"(\d+) requests in", text).group(1)), at_least, text)

    def health(self, alias="app"):
        _, body = self.server.ask_api("health")
        return body[alias]

    # ---- spreading

    def test_curl_nginx_the_members_of_a_link_of_godoxy_are_a_group_and_keep_their_names(self):
        first, second = self.nginxes("first", "second")
        self.serve(f"one: {{host: 127.0.0.1, port: {first.port}, load_balance: {{link: app, weight: 3}}}}\n"
                   f"two: {{host: 127.0.0.1, port: {second.port}, load_balance: {{link: app, mode: roundrobin}}}}\n")
        seen = self.names(40)
        self.assertAlmostEqual(seen["first"], 30, delta=1)
        for alias, name in (("one", "first"), ("two", "second")):
            self.assertEqual(self.server.get("/", f"{alias}.example.test", self.ca).body, name)
        self.assertEqual(self.health()["backends"][1]["name"], second.address)

    def test_curl_nginx_ip_hash_is_one_backend_for_one_client_also_after_a_reload(self):
        backends = self.nginxes("a", "b", "c")
        self.serve(self.route(backends, "{mode: ip-hash}"), threads=2)
        seen = {self.get().body for _ in range(6)}
        self.assertEqual(len(seen), 1)
        self.server.configure(cardea.local(*self.pair), self.route(reversed(backends), "{mode: ip-hash}"))
        self.server.process.wait_for_log("configuration reloaded")
        self.assertEqual({self.get().body for _ in range(6)}, seen)

    def test_curl_nginx_a_sticky_session_stays_until_its_backend_is_gone(self):
        backends = self.nginxes("a", "b", "c")
        secret = "{sticky: true, sticky_secret: 0123456789abcdef, sticky_max_age: 90s, fail_timeout: 5m, slow_start: 0s}"
        self.serve(self.route(backends, secret), threads=2)
        jar = self.path("jar")
        first = self.get("/", "-c", jar, "-b", jar)
        cookie = first.headers["set-cookie"]
        self.assertRegex(cookie, r"^cardea_lb_[0-9a-f]{8}=[0-9a-f]{32}; Path=/; Max-Age=90; HttpOnly; SameSite=Lax; Secure$")
        for _ in range(8):
            answer = self.get("/", "-c", jar, "-b", jar)
            self.assertEqual((answer.body, answer.headers.get("set-cookie")), (first.body, None))
        self.server.stop()
        self.server.start()
        harness.wait_until(lambda: self.get().status == 200, 10, "routes")
        self.assertEqual(self.get("/", "-b", jar).body, first.body, "the secret survives a restart")
        next(each for each in backends if each.name == first.body).kill()
        moved = self.get("/", "-c", jar, "-b", jar)
        self.assertEqual(moved.status, 200)
        self.assertNotEqual(moved.body, first.body)
        self.assertNotEqual(moved.headers["set-cookie"], cookie)
        for _ in range(4):
            self.assertEqual(self.get("/", "-b", jar).body, moved.body)
        # What names a backend by its address, or is made up, leads nowhere in particular.
        name = cookie.split("=")[0]
        for forged in (backends[0].address, "0" * 32, "a", ""):
            self.assertEqual(self.get("/", "-b", f"{name}={forged}").status, 200)

    # ---- failing

    def test_wrk_nginx_one_of_three_is_killed_under_load_and_no_get_fails(self):
        backends = self.nginxes("a", "b", "c")
        self.serve(self.route(backends), threads=2)
        load = self.wrk(6)
        time.sleep(1.5)  # under load
        backends[1].kill()
        time.sleep(2)  # under load, without it
        backends[1].start()
        self.assert_no_failure(load, 1000)
        self.wait_for_names("a", "b", "c")

    def test_wrk_nginx_a_backend_that_flaps_costs_no_get(self):
        backends = self.nginxes("good", "flapping")
        self.serve(self.route(backends, FAST, CHECKS), threads=2)
        load = self.wrk(8)
        for _ in range(6):
            backends[1].kill()
            time.sleep(0.4)  # so that it is down for a part of the time
            backends[1].start()
            time.sleep(0.4)  # and up for another
        self.assert_no_failure(load, 1000)

    def test_wrk_nginx_reloads_that_change_the_backends_fail_no_request(self):
        backends = self.nginxes("a", "b", "c")
        self.serve(self.route(backends), threads=2)
        load = self.wrk(8)
        for count in range(1, 9):
            chosen = backends[:2] if count % 2 else backends[1:]
            self.server.configure(cardea.local(*self.pair), self.route(chosen, "{mode: p2c}" if count % 2 else FAST))
            harness.wait_until(lambda count=count: self.server.log().count("configuration reloaded") >= count, 10,
                               f"reload {count}")
        self.assert_no_failure(load, 1000)

    def test_python_nginx_one_that_came_back_begins_with_a_small_share(self):
        backends = self.nginxes("steady", "back")
        self.serve(self.route(backends, "{max_fails: 1, fail_timeout: 200ms, slow_start: 60s}"))
        backends[1].kill()
        harness.wait_until(lambda: set(self.names(10)) == {"steady"}, 10, "it put aside")
        backends[1].start()
        harness.wait_until(lambda: self.names(10)["back"], 10, "its trial")
        self.assertLess(self.names(100)["back"], 33, "within its slow start")

    def test_curl_nginx_all_are_down_and_come_back(self):
        backends = self.nginxes("a", "b")
        self.serve(self.route(backends, FAST, CHECKS))
        harness.wait_until(lambda: self.health()["detail"] == "2/2 servers are healthy", 10, self.health)
        for each in backends:
            each.kill()
        harness.wait_until(lambda: self.get().status == 503, 15, "503")
        answer = self.get()
        self.assertIn("None of the servers behind this site is available", answer.body)
        self.assertEqual(answer.headers["retry-after"], "2")
        down = self.health()
        self.assertEqual((down["status"], down["uptime"], down["detail"]), ("unhealthy", 0, "0/2 servers are healthy"))
        self.assertIn("refused", down["backends"][0]["detail"])
        for each in backends:
            self.server.process.wait_for_log(f"backend is down .*backend={each.address}")
            each.start()
        harness.wait_until(lambda: self.get().status == 200, 15, "200")
        self.wait_for_names("a", "b")
        self.assertEqual(self.health()["status"], "healthy")
        self.assertGreater(self.health()["latency"], 0)
        self.server.process.wait_for_log(f"backend is up .*backend={backends[0].address}")

    def test_curl_nginx_one_that_says_it_is_not_well_gets_nothing_while_it_would_serve(self):
        backends = self.nginxes("a", "b")
        self.serve(self.route(backends, FAST, CHECKS))
        self.wait_for_names("a", "b")
        backends[0].restart(health=503)
        self.server.process.wait_for_log(f'backend is down .*backend={backends[0].address} .*status 503')
        self.wait_for_names("b")
        backends[0].restart(health=200)
        self.wait_for_names("a", "b")

    def test_curl_nginx_a_single_backend_is_watched_but_never_withdrawn(self):
        backend, = self.nginxes("only")
        self.serve(f"app: {{host: 127.0.0.1, port: {backend.port}, healthcheck: {CHECKS}}}\n"
                   f"quiet: {{host: 127.0.0.1, port: {backend.port}}}\n")
        backend.restart(health=500)
        harness.wait_until(lambda: self.health()["status"] == "unhealthy", 10, self.health)
        self.assertEqual((self.get().status, self.get().body), (200, "only"))
        self.assertEqual(self.health("quiet")["status"], "unknown")

    def test_curl_python_what_does_not_fit_waits_and_what_cannot_wait_is_told_so(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def answer(connection, _):
            go_on.wait(20)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        backend = backend_peers.scripted(self, answer)
        self.server = cardea.server(self, cardea.local(*self.pair),
                                    f"app: {{host: 127.0.0.1, port: {backend.port}, max_conns_per_host: 1, "
                                    "max_pending: 1, pending_timeout: 15s}\nother: {host: 127.0.0.1, port: 9}\n",
                                    threads=1).start()
        harness.wait_until(lambda: self.server.get("/", "other.example.test", self.ca).status == 502, 10, "routes")

        answers = []
        asking = [threading.Thread(target=lambda: answers.append(self.get())) for _ in range(4)]
        for each in asking:
            each.start()
        harness.wait_until(lambda: len(answers) == 2, 10, "two that are turned away")
        self.assertEqual([(each.status, each.headers["retry-after"]) for each in answers], [(503, "2")] * 2)
        go_on.set()
        for each in asking:
            each.join(20)
        self.assertEqual([each.status for each in answers[2:]], [200, 200])
        self.assertEqual(len(backend.requests), 2)

    # ---- lying and dying (U03, U04, U07, U08)

    def curl(self, path, version="--http1.1"):
        """What curl's user sees: the status, the body and curl's exit code (18: cut short, 52: nothing, 56: reset,
        92: the stream was reset)."""
        out = harness.run("curl", "-sS", version, "--noproxy", "*", "--max-time", "15", "--cacert", self.ca, "--connect-to",
                          f"app.example.test::127.0.0.1:{self.server.https}", "-w", "\\n%{http_code}",
                          f"https://app.example.test{path}", seconds=30)
        body, _, status = out.stdout.rpartition("\n")
        return int(status), body, out.returncode

    def test_curl_python_a_backend_of_chaos_never_makes_half_an_answer_look_whole(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        cut = (18, 56)

        def then(data, end):
            def script(connection, _):
                connection.sendall(data)
                time.sleep(0.2)  # so that the proxy sees the bytes before their end
                end(connection)
            return script

        def trickle(connection, _):
            for byte in head + b"0123456789":
                connection.sendall(bytes([byte]))
                time.sleep(0.01)  # a byte at a time

        def half_close(connection, _):
            connection.sendall(head + b"01234")
            connection.shutdown(1)
            connection.recv(1)

        cases = {
            "reset-before-head": (then(b"", backend_peers.reset), 502, 0),
            "end-before-head": (then(b"", lambda c: c.close()), 502, 0),
            "reset-mid-head": (then(head[:20], backend_peers.reset), 502, 0),
            "end-mid-head": (then(head[:20], lambda c: c.close()), 502, 0),
            "reset-mid-body": (then(head + b"01234", backend_peers.reset), 200, cut),
            "end-mid-body": (then(head + b"01234", lambda c: c.close()), 200, cut),
            "short-by-one": (then(head + b"012345678", lambda c: c.close()), 200, cut),
            "no-last-chunk": (then(chunked + b"5\r\n01234\r\n", lambda c: c.close()), 200, cut),
            "broken-chunk": (then(chunked + b"5\r\n01234XX", lambda c: c.recv(1)), 0, (52, 56)),
            "half-close": (half_close, (0, 200), (52, *cut)),
            "trickle": (trickle, 200, 0),
            "long-by-some": (then(head + b"0123456789surplus", lambda c: c.recv(1)), 200, 0),
            "two-lengths": (then(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                                 lambda c: c.recv(1)), 502, 0),
            "until-close": (then(b"HTTP/1.0 200 OK\r\n\r\n0123456789", lambda c: c.close()), 200, 0),
            "not-http": (then(b"SSH-2.0-OpenSSH_9.2\r\n", lambda c: c.recv(1)), 502, 0),
        }

        def script(connection, request):
            cases[request.split()[1][1:].decode()][0](connection, request)

        backend = backend_peers.scripted(self, script)
        self.server = cardea.server(self, cardea.local(*self.pair),
                                    f"app: {{host: 127.0.0.1, port: {backend.port}}}\n", threads=1).start()
        harness.wait_until(lambda: self.curl("/trickle")[0] == 200, 10, "routes")
        for version, (name, (_, status, code)) in itertools.product(("--http1.1", "--http2"), cases.items()):
            with self.subTest(name, version=version):
                seen = self.curl("/" + name, version)
                if version == "--http2" and code != 0:
                    code = (*code, 92)
                self.assertIn(seen[0], status if isinstance(status, tuple) else (status,), seen)
                codes = code if isinstance(code, tuple) else (code,)
                # 92: over HTTP/2 it is the stream that is reset, not the connection.
                self.assertIn(seen[2], codes if codes == (0,) else (*codes, 92), seen)
                if status == 200 and code == 0:
                    self.assertEqual(seen[1], "0123456789")
                self.assertNotIn("surplus", seen[1])

    def test_curl_python_an_answer_before_the_upload_ends_reaches_the_client(self):
        def refuse(connection, _):
            connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoo big")
            connection.shutdown(1)
            while connection.recv(65536):
                pass

        backend = backend_peers.scripted(self, refuse)
        self.serve(f"app: {{host: 127.0.0.1, port: {backend.port}}}\n")
        big = self.write("big", "x" * 8_000_000)
        answer = self.get("/", "-X", "POST", "--data-binary", f"@{big}", "-H", "Expect:")
        self.assertEqual((answer.status, answer.body), (413, "too big"))

    def test_curl_python_and_nginx_a_backend_that_resets_is_replaced_within_the_request(self):
        bad = backend_peers.scripted(self, lambda connection, _: backend_peers.reset(connection))
        good, = self.nginxes("good")
        self.serve(self.route([bad, good], "{max_fails: 0}"))
        before = len(bad.requests)
        self.assertEqual(self.names(20), {"good": 20})
        self.assertGreaterEqual(len(bad.requests) - before, 9, "it was asked in its turn")
        refused = [self.get("/", "-X", "POST", "-d", "x=1").status for _ in range(6)]
        self.assertEqual(sorted(refused), [200] * 3 + [502] * 3, "a POST goes to one backend only")

    def test_the_api_shows_health_as_godoxy_does(self):
        backend, = self.nginxes("only")
        self.serve(f"app: {{host: 127.0.0.1, port: {backend.port}, healthcheck: {{interval: 1s}}}}\n")
        harness.wait_until(lambda: self.health()["status"] == "healthy", 10, self.health)
        self.assertEqual(set(self.health()), {"status", "uptime", "latency", "sleep_in", "detail"})
        self.assertTrue(json.dumps(self.health()))


if __name__ == "__main__":
    harness.main()
