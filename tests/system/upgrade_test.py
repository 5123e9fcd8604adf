#!/usr/bin/env python3
"""A new binary takes the running process's place: nobody notices, or nothing changes.

    UPGRADES=20 RELOADS=100 tests/system/upgrade_test.py build/release/app/cardea upgrade.test_u13_...under_load
"""
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, load, peers, stream_peers, upgrades, websocket

ROUNDS = int(os.environ.get("UPGRADES", "4"))
RELOADS = int(os.environ.get("RELOADS", "10"))
NOTICED = 10


class udp_echo:
    """Answers with the address from which it was asked."""

    def __init__(self, test):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        test.addCleanup(self.socket.close)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                data, source = self.socket.recvfrom(65536)
                self.socket.sendto(data + b" %d" % source[1], source)
            except OSError:
                return


class upgrading(harness.case):
    """What the tests have in common; none of its own."""

    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], self.ca)
        self.trust = clients.trusting(self.ca)
        self.app = cardea.route("app", self.origin.port)
        self.binary = self.path("bin/cardea")
        os.mkdir(self.path("bin"))
        # Of its own, to be replaced by others.
        shutil.copy(harness.binary, self.binary)

    def serve(self, routes="", more="", autocert=None, env=None, **settings):
        server = cardea.server(self, autocert or cardea.local(*self.pair), self.app + routes, **settings)
        self.autocert = autocert or cardea.local(*self.pair)
        server.frame += more
        server.configure(self.autocert, self.app + routes)
        server.process = self.start("cardea", [self.binary, "run", "--config", "config/config.yml"], env)
        server.process.wait_for_port(server.https)
        if "pid_file" not in more:
            server.process.wait_for_log("api listens")
        return server, upgrades.upgradable(server)

    def put_in_place(self, text):
        """Another program at the binary's path."""
        self.write("bin/next", text)
        os.chmod(self.path("bin/next"), 0o755)
        os.replace(self.path("bin/next"), self.binary)

    def assert_serves(self, server):
        self.assertEqual(server.get("/small", cacert=self.ca).status, 200)

    def assert_refused(self, server, running, why, seconds=20):
        """The attempt fails, for that reason, and the process goes on."""
        before = running.process()["upgrade"]["attempts"]
        running.tell()
        harness.wait_until(lambda: running.process()["upgrade"]["attempts"] > before
                           and running.process()["upgrade"]["state"] == "failed", seconds, "the attempt to fail")
        told = running.process()
        self.assertEqual(told["pid"], running.pid())
        self.assertRegex(told["upgrade"]["error"], why)
        self.assertRegex(server.log(), "the new program did not start, this process goes on")
        self.assertEqual(running.children(running.pid()), [], "it was reaped")
        self.assert_serves(server)
        return told["upgrade"]


class upgrade(upgrading):
    def test_u13_the_binary_on_disk_takes_over_and_the_old_process_ends(self):
        server, running = self.serve()
        self.put_in_place(f"#!/bin/sh\necho it is the other one >&2\nexec {harness.binary} \"$@\"\n")
        first = running.pid()
        second = running.upgrade()
        self.assertNotEqual(first, second)
        self.assertIn("it is the other one", server.log())
        self.assertEqual(running.exit_code(first), 0)
        self.assert_serves(server)
        with open(f"/proc/{second}/cmdline", "rb") as file:
            self.assertEqual(file.read().split(b"\0")[1:-1], [b"run", b"--config", b"config/config.yml"])
        self.assertEqual(running.stop(), [0, 0])
        self.assertFalse(harness.listens(server.https))
        self.assertFalse(harness.listens(server.api))

    def test_u13_u12_no_request_fails_under_load(self):
        """wrk, h2load and curl with HTTP/2, all the while."""
        server, running = self.serve()
        name = "app.example.test"
        with load.wrk(server.https, "/small", name) as wrk, \
             load.h2load(server.https, "/small", name) as h2load, \
             load.curl_http2(server.https, "/small", name, self.ca) as curl:
            for _ in range(ROUNDS):
                for _ in range(max(1, RELOADS // ROUNDS)):
                    seen = len(server.log())
                    running.tell(signal.SIGHUP)
                    server.process.wait_for_log("configuration reloaded", NOTICED, since=seen)
                running.upgrade()
            harness.wait_until(lambda: running.exit_code(running.pids[-2]) == 0, 10, "the last one but one to end")
        for each in (wrk, h2load, curl):
            print(f"{type(each).__name__}: {each.succeeded} requests, failed: {each.failures}", file=sys.stderr)
            self.assertEqual(each.failures, [], type(each).__name__)
            self.assertGreater(each.succeeded, 100)
        self.assertEqual(running.stop(), [0] * (ROUNDS + 1))

    def test_u13_curl_loses_nothing_when_it_is_told_at_once_that_the_connection_ends(self):
        server, running = self.serve(more="upgrade: {idle_grace: 0s}\n")
        with load.curl_http2(server.https, "/small", "app.example.test", self.ca) as curl:
            for _ in range(3):
                harness.wait_until(lambda seen=curl.succeeded: curl.succeeded > seen, 20, "load")
                running.upgrade()
        self.assertEqual(curl.failures, [])
        self.assertEqual(running.stop(), [0] * 4)

    def test_u13_a_new_binary_that_does_not_start_changes_nothing_and_its_last_words_are_told(self):
        server, running = self.serve(more="upgrade: {ready_timeout: 1s}\n")
        self.put_in_place("#!/bin/sh\necho first words >&2\necho last words >&2\nexit 3\n")
        told = self.assert_refused(server, running, "exit code 3")
        self.assertEqual(told["last_lines"], ["first words", "last words"])
        self.assertIn("last words", server.log())
        self.put_in_place("#!/bin/sh\nkill -SEGV $$\n")
        self.assert_refused(server, running, "signal 11")
        self.put_in_place("#!/bin/sh\nexec sleep 600\n")
        self.assert_refused(server, running, "not ready within 1 s")
        os.remove(self.binary)
        self.assert_refused(server, running, f"cannot start {self.binary}: No such file")
        shutil.copy(harness.binary, self.binary)
        running.upgrade()
        self.assert_serves(server)
        self.assertEqual(running.stop(), [0, 0])

    def test_u13_a_configuration_that_is_wrong_changes_nothing(self):
        server, running = self.serve()
        self.replace("config/routes.yml", self.app + "shop:\n  prot: 1\n")
        told = self.assert_refused(server, running, "exit code 1")
        self.assertRegex("\n".join(told["last_lines"]), r"config/routes\.yml:5:3: shop\.prot: unknown key")
        out = upgrades.command(server)
        self.assertEqual(out.returncode, 1)
        self.assertIn("shop.prot", out.stderr)
        self.assertIn("nothing is upgraded", out.stderr)
        self.assertEqual(running.process()["upgrade"]["attempts"], 1, "it was not even tried")
        self.replace("config/routes.yml", self.app)
        running.upgrade()
        self.assertEqual(running.stop(), [0, 0])

    def test_u13_the_command_shows_how_it_goes_and_fails_when_the_new_process_does(self):
        server, running = self.serve()
        out = upgrades.command(server)
        self.assertEqual(out.returncode, 0, out.stderr)
        running.wait_for_next()
        self.assertRegex(out.stdout, rf"upgrading process {running.pids[0]}\b")
        self.assertRegex(out.stdout, rf"process {running.pids[1]} serves .*; process {running.pids[0]} drains")
        self.put_in_place("#!/bin/sh\necho not today >&2\nexit 7\n")
        out = upgrades.command(server)
        self.assertEqual(out.returncode, 1)
        self.assertRegex(out.stderr, rf"not today\n.*did not start, process {running.pid()} goes on: .*exit code 7")
        self.assertEqual(running.stop(), [0, 0])
        out = upgrades.command(server)
        self.assertEqual(out.returncode, 1)
        self.assertIn("no running process is found", out.stderr)

    def test_u13_without_an_api_the_command_goes_by_the_pid_file(self):
        server, running = self.serve(more="pid_file: run.pid\n")
        self.replace("config/config.yml", re.sub(r"addr: 127\S+", 'addr: ""', self.read("config/config.yml")))
        running.pids.append(running.first)  # of which nothing is asked: there is no API
        running.tell(signal.SIGTERM)
        self.assertEqual(running.exit_code(running.first), 0)
        self.assertFalse(os.path.exists(self.path("run.pid")))
        server.process = self.start("again", [self.binary, "run", "--config", "config/config.yml"])
        harness.wait_until(lambda: os.path.exists(self.path("run.pid")), 10, "the pid file")
        first = int(self.read("run.pid"))
        self.assertEqual(first, server.process.child.pid)
        self.put_in_place("#!/bin/sh\nexit 7\n")
        out = upgrades.command(server)
        self.assertEqual(out.returncode, 1)
        self.assertIn(f"process {first} goes on", out.stderr)
        os.remove(self.binary)
        shutil.copy(harness.binary, self.binary)
        out = upgrades.command(server)
        self.assertEqual(out.returncode, 0, out.stderr)
        second = int(self.read("run.pid"))
        running.pids, running.first = [first, second], first
        self.assertNotEqual(first, second)
        self.assertEqual(running.stop(), [0, 0])
        self.assertFalse(os.path.exists(self.path("run.pid")))

    def test_u13_a_second_upgrade_is_refused_while_one_is_under_way(self):
        server, running = self.serve(more="upgrade: {ready_timeout: 3s}\n")
        self.put_in_place("#!/bin/sh\nexec sleep 600\n")
        running.tell()
        harness.wait_until(lambda: running.process()["upgrade"]["state"] == "running", 5, "an attempt")
        running.tell()
        server.process.wait_for_log("an upgrade is refused: one is under way", 5)
        self.assertIn("is under way", upgrades.command(server).stderr)
        harness.wait_until(lambda: running.process()["upgrade"]["state"] == "failed", 10, "the attempt to fail")
        self.assertEqual(running.process()["upgrade"]["attempts"], 1)
        self.assertEqual(running.stop(), [0])

    def test_u13_sigterm_while_the_new_process_starts_ends_both(self):
        server, running = self.serve()
        self.put_in_place("#!/bin/sh\nexec sleep 600\n")
        running.tell()
        harness.wait_until(lambda: running.process()["upgrade"]["state"] == "running", 5, "an attempt")
        started = running.children(running.pid())
        self.assertEqual(len(started), 1)
        self.assertEqual(running.stop(), [0])
        self.assertFalse(os.path.exists(f"/proc/{started[0]}"))
        self.assertFalse(harness.listens(server.https))

    def test_u13_what_is_under_way_is_finished_and_tunnels_last_until_the_grace(self):
        slow, echo = peers.slow_origin(self), websocket.echo_origin(self)
        server, running = self.serve(cardea.route("slow", slow.port) + cardea.route("chat", echo.port), grace="4s")
        download = clients.connection(server.https, "slow.example.test", self.trust)
        download.http.request("GET", "/", headers={"Host": download.name})
        response = download.http.getresponse()
        self.assertEqual(len(response.read(len(slow.HALF))), len(slow.HALF))
        silent = clients.connection(server.https, "app.example.test", self.trust)
        self.assertEqual(silent.get("/small").status, 200)
        chat = websocket.client("wss://chat.example.test/", server.https, self.trust)
        chat.send("before")
        self.assertEqual(chat.receive(), "before")
        first = running.pid()
        running.upgrade()
        begin = time.monotonic()
        last = silent.get("/small")
        self.assertEqual((last.status, last.headers.get("Connection")), (200, "close"))
        chat.send("after")
        self.assertEqual(chat.receive(), "after")
        second = running.upgrade()  # while the first one drains
        os.kill(first, signal.SIGUSR2)  # comes too late, and does nothing
        os.kill(first, signal.SIGTERM)  # as a service manager tells all processes of a service
        slow.release()
        self.assertEqual(response.read(), slow.HALF)
        chat.send("still")
        self.assertEqual(chat.receive(), "still")
        self.assertEqual(running.exit_code(first), 0)
        self.assertGreater(time.monotonic() - begin, 2)
        self.assertLess(time.monotonic() - begin, 8)
        self.assert_serves(server)
        self.assertEqual(running.pid(), second)
        for each in (download, silent):
            each.close()
        self.assertEqual(running.stop(), [0, 0, 0])

    def test_b87_sessions_resume_with_the_new_process(self):
        server, running = self.serve()
        first = clients.connection(server.https, "app.example.test", self.trust)
        self.assertEqual(first.get("/small").status, 200)
        session = first.socket.session
        first.close()
        for _ in range(2):
            running.upgrade()
            for _ in range(6):  # on whichever worker
                again = clients.connection(server.https, "app.example.test", self.trust, session=session)
                self.assertEqual(again.get("/small").status, 200)
                self.assertTrue(again.socket.session_reused)
                again.close()
        self.assertEqual(running.stop(), [0, 0, 0])

    def test_u13_udp_clients_keep_their_sessions(self):
        echo, port = udp_echo(self), harness.free_port()
        server, running = self.serve(f'dns:\n  scheme: udp\n  host: 127.0.0.1\n  port: "{port}:{echo.port}"\n  bind: 127.0.0.1\n')
        server.process.wait_for_log("listening .*kind=udp")
        asking = []
        for _ in range(150):  # more than one message's worth
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(one.close)
            one.settimeout(5)
            one.connect(("127.0.0.1", port))
            one.send(b"hello")
            asking.append((one, one.recv(100)))
        for _ in range(2):
            running.upgrade()
            for one, answer in asking:
                one.send(b"hello")
                self.assertEqual(one.recv(100), answer, "the backend sees the same client")
        self.assertEqual(running.stop(), [0, 0, 0])

    def test_u13_other_listeners_and_workers_of_the_new_configuration(self):
        echo, kept, gone, fresh = (stream_peers.scripted_server(self, stream_peers.echo), harness.free_port(),
                                   harness.free_port(), harness.free_port())

        def tcp(name, port):
            return f'{name}:\n  scheme: tcp\n  host: 127.0.0.1\n  port: "{port}:{echo.port}"\n  bind: 127.0.0.1\n'

        def echoes(port):
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.sendall(b"ping")
                return client.recv(4) == b"ping"

        server, running = self.serve(tcp("kept", kept) + tcp("gone", gone), threads=4)
        server.process.wait_for_log("listening .*kind=tcp")
        self.assertTrue(echoes(kept) and echoes(gone))
        for threads in (1, 3, 2):
            server.frame = re.sub(r"threads: \d", f"threads: {threads}", server.frame)
            server.configure(self.autocert, self.app + tcp("kept", kept) + tcp("fresh", fresh))
            running.upgrade()
            for _ in range(30):
                self.assertTrue(echoes(kept) and echoes(fresh))
                self.assert_serves(server)
            running.exit_code(running.pids[-2])
            self.assertFalse(harness.listens(gone))
        self.assertEqual(running.stop(), [0] * 4)

    def warm_descriptors(self, server, running):
        """How many there are when each worker has its connection to the origin, and the clients are gone."""
        for _ in range(20):
            self.assert_serves(server)
        counts = []
        for _ in range(10):
            counts.append(running.descriptors())
            time.sleep(0.02)
        return min(counts)

    def test_u13_no_descriptor_is_left_behind(self):
        server, running = self.serve(more="upgrade: {ready_timeout: 5s}\n", grace="1s")
        running.upgrade()
        running.exit_code(running.pids[-2])
        expected = self.warm_descriptors(server, running)
        for _ in range(max(3, ROUNDS)):
            running.upgrade()
            running.exit_code(running.pids[-2])
        self.assertLessEqual(self.warm_descriptors(server, running), expected)
        self.put_in_place("#!/bin/sh\nexit 3\n")
        self.assert_refused(server, running, "exit code 3")
        expected = self.warm_descriptors(server, running)
        for _ in range(max(3, ROUNDS)):
            self.assert_refused(server, running, "exit code 3")
        self.assertLessEqual(self.warm_descriptors(server, running), expected)
        self.assertEqual(set(running.stop()), {0})


class certificate_upgrade(upgrading):
    """Who writes certs/ is one process at a time."""

    def setUp(self):
        super().setUp()
        self.dns = peers.name_server(self, ["example.test"])
        self.acme = peers.acme_ca(self, self.dns)

    def test_an_order_under_way_is_given_up_and_made_by_the_new_process(self):
        self.acme.hang()
        server, running = self.serve(autocert=cardea.acme(self.dns, self.acme, more=""))
        server.process.wait_for_log("renewal started")
        running.upgrade()
        self.acme.go_on()
        server.wait_for_certificates("main")
        self.assertIsNotNone(cardea.serial_on_disk(self, cardea.MAIN))
        self.assertEqual(running.stop(), [0, 0])

    def test_when_the_new_process_fails_the_old_one_goes_on_renewing(self):
        self.acme.hang()
        server, running = self.serve(autocert=cardea.acme(self.dns, self.acme, more=""),
                                     more="upgrade: {ready_timeout: 4s}\n")
        server.process.wait_for_log("renewal started")
        # Takes the certificates and gets no further: its API's port is another's.
        taken = socket.create_server(("127.0.0.1", harness.free_port()))
        self.addCleanup(taken.close)
        frame = server.frame
        server.frame = frame.replace(f"addr: 127.0.0.1:{server.api}", f"addr: 127.0.0.1:{taken.getsockname()[1]}")
        server.configure(self.autocert, self.app)
        self.assert_refused_with(server, running)
        server.frame = frame
        server.configure(self.autocert, self.app)
        self.acme.go_on()
        server.wait_for_certificates("main")
        self.assertEqual(running.stop(), [0])

    def assert_refused_with(self, server, running):
        running.tell()
        harness.wait_until(lambda: running.process()["upgrade"]["state"] == "failed", 20, "the attempt to fail")
        self.assertRegex("\n".join(running.process()["upgrade"]["last_lines"]), "Address already in use")
        self.assertRegex(server.log(), "this process goes on")

    def test_a_second_server_serves_and_does_not_renew_until_the_first_one_ends(self):
        server, running = self.serve(autocert=cardea.acme(self.dns, self.acme, more=""))
        server.wait_for_certificates("main")
        other = cardea.server(self, cardea.acme(self.dns, self.acme, more=""), self.app)
        other.process = self.start("other", [self.binary, "run", "--config", "config/config.yml"])
        other.process.wait_for_log(rf"another process writes the certificates.*process {running.pid()}")
        self.assertEqual(other.get("/small", cacert=self.acme.root).status, 200)
        told = websocket.client(f"ws://127.0.0.1:{other.api}/api/v1/cert/renew", other.api)
        self.assertIn(f"belongs to process {running.pid()}", " ".join(told.receive_all()[0]))
        self.assertEqual(self.acme.order_count(), 1)
        self.assertEqual(running.stop(), [0])
        harness.wait_until(lambda: self.read(cardea.MAIN[0] + ".lock").strip() == str(other.process.child.pid), 15, "the lock")
        other.stop()


if __name__ == "__main__":
    harness.main()
