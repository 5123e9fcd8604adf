#!/usr/bin/env python3
"""As a service of systemd: sockets that were bound before, and what the manager is told."""
import ctypes
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers, service, upgrades

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


class service_system(harness.case):
    def setUp(self):
        super().setUp()
        self.origin = peers.file_origin(self)
        self.ca = certificates.make_ca(self.dir, "local-ca")
        self.pair = certificates.make_leaf(self.dir, "first", ["*.example.test"], self.ca)
        self.server = cardea.server(self, cardea.local(*self.pair), cardea.route("app", self.origin.port))

    def assert_serves(self):
        self.assertEqual(self.server.get("/small", cacert=self.ca).status, 200)

    def start(self, name, command, env=None):
        self.started = super().start(name, command, env)
        return self.started

    def run_command(self):
        return [harness.binary, "run", "--config", "config/config.yml"]

    def activate(self, *sockets):
        """systemd-socket-activate binds, and starts it with the first client."""
        command = ["systemd-socket-activate"]
        for each in sockets:
            command += ["-l", each]
        self.server.process = self.start("cardea", command + self.run_command())
        return self.server.process

    # ---- activation

    def test_sockets_of_systemd_are_served_by_all_who_are_configured_for_them(self):
        names = [f"127.0.0.1:{port}" for port in (self.server.https, self.server.http, self.server.api)]
        process = self.activate(*names)
        process.wait_for_port(self.server.http)  # whose knock starts it
        process.wait_for_log("api listens")
        inodes = self.listening_inodes()
        self.assert_serves()
        self.assertEqual(clients.curl("http://app.example.test/", self.server.http).status, 308)
        self.assertEqual(self.server.ask_api("process")[1]["pid"], process.child.pid)
        self.assertEqual(len(inodes), 3, "nothing else was bound")
        self.server.stop()

    def listening_inodes(self):
        """Of all listening sockets with the server's ports."""
        with open("/proc/net/tcp", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        wanted = {f"{port:04X}" for port in (self.server.https, self.server.http, self.server.api)}
        return {row[9] for row in rows if row[3] == "0A" and row[1].split(":")[1] in wanted}

    def test_sockets_of_systemd_are_handed_over_by_an_upgrade(self):
        process = self.activate(*[f"127.0.0.1:{port}" for port in (self.server.https, self.server.http, self.server.api)])
        process.wait_for_port(self.server.http)
        process.wait_for_log("api listens")
        running = upgrades.upgradable(self.server)
        inodes = self.listening_inodes()
        for _ in range(2):
            running.upgrade()
            self.assert_serves()
        self.assertEqual(self.listening_inodes(), inodes)
        self.assertEqual(running.stop(), [0, 0, 0])

    def test_a_datagram_socket_of_systemd_is_served_by_one_worker(self):
        # systemd-socket-activate waits for one kind at a time: the others are bound by the program itself.
        port, answers = harness.free_port(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(answers.close)
        answers.settimeout(5)
        answers.bind(("127.0.0.1", 0))
        self.server.configure(cardea.local(*self.pair), cardea.route("app", self.origin.port) +
                              f'dns:\n  scheme: udp\n  host: 127.0.0.1\n  port: "{port}:{answers.getsockname()[1]}"\n'
                              "  bind: 127.0.0.1\n")
        process = self.start("cardea", ["systemd-socket-activate", "-d", "-l", f"127.0.0.1:{port}"] + self.run_command())
        self.server.process = process
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(10)
        client.connect(("127.0.0.1", port))
        process.wait_for_log("Listening on")
        for text in (b"first", b"second"):
            client.send(text)
            answers.settimeout(10)
            data, source = answers.recvfrom(100)
            self.assertEqual(data, text)
            answers.sendto(b"re " + data, source)
            self.assertEqual(client.recv(100), b"re " + text)
        process.wait_for_log("api listens")
        self.server.stop()

    def test_a_socket_that_nobody_is_configured_for_is_an_error_that_names_it(self):
        other = harness.free_port()
        process = self.activate(f"127.0.0.1:{self.server.https}", f"127.0.0.1:{other}")
        process.wait_for_log("Listening on")
        socket.create_connection(("127.0.0.1", other)).close()
        self.assertEqual(process.child.wait(20), 1)
        self.assertRegex(process.log(), rf"socket for 127\.0\.0\.1:{other} is nobody's: the configuration listens on "
                                        rf"127\.0\.0\.1:{self.server.https}, 127\.0\.0\.1:{self.server.http}, "
                                        rf"127\.0\.0\.1:{self.server.api} \(api\.addr\)")

    def test_a_socket_of_another_kind_is_an_error_that_names_it(self):
        process = self.activate(self.path("unix.socket"))
        process.wait_for_log("Listening on")
        with socket.socket(socket.AF_UNIX) as knock:
            knock.connect(self.path("unix.socket"))
            self.assertEqual(process.child.wait(20), 1)
        self.assertRegex(process.log(), r"socket 3 \(unknown\) is no listening socket of TCP")

    def test_variables_that_are_meant_for_another_process_are_not_taken(self):
        process = self.start("cardea", self.run_command(), {"LISTEN_PID": "1", "LISTEN_FDS": "7"})
        self.server.process = process
        process.wait_for_port(self.server.https)
        self.assert_serves()
        self.server.stop()

    # ---- notifications

    def test_the_manager_is_told_of_the_start_reloads_and_the_end(self):
        for is_abstract in (False, True):
            told = service.notifications(self, is_abstract)
            process = self.start("cardea", self.run_command(), {"NOTIFY_SOCKET": told.path})
            self.server.process = process
            told.wait_for("READY", "1")
            self.assert_serves()  # at once
            self.assertEqual(told.wait_for("READY")["STATUS"], "serving 1 routes")
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            process.signal(signal.SIGHUP)
            reloading = told.wait_for("RELOADING", "1")
            self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), before)
            told.wait_for("READY", "1", count=2)
            self.assertEqual(told.count("WATCHDOG"), 0, "nobody asked for it")
            self.assertEqual(told.count("STOPPING"), 0)
            self.server.stop()
            told.wait_for("STOPPING", "1")
            told.socket.close()

    def test_the_watchdog_is_fed_while_the_workers_turn_and_not_longer(self):
        told = service.notifications(self)
        env = {"NOTIFY_SOCKET": told.path, "WATCHDOG_USEC": "600000"}
        process = self.start("cardea", self.run_command(), env)
        self.server.process = process
        told.wait_for("WATCHDOG", "1", count=5)
        # One thread of the data plane stands still, as in a loop that hangs.
        workers = [task for task in os.listdir(f"/proc/{process.child.pid}/task")
                   if self.name_of(process.child.pid, task) == "cardea-worker"]
        self.assertEqual(len(workers), 2)
        with standing_still(workers[0]):
            time.sleep(0.5)  # a sign that was on its way
            before = told.count("WATCHDOG")
            time.sleep(1.2)
            self.assertEqual(told.count("WATCHDOG"), before, "a worker hangs, and the control thread does not")
            self.assertEqual(self.server.ask_api("process")[0], 200)
        told.wait_for("WATCHDOG", "1", count=before + 2)
        self.server.stop()

    def name_of(self, pid, task):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
            return file.read().strip()

    def test_a_watchdog_of_another_process_is_not_fed(self):
        told = service.notifications(self)
        env = {"NOTIFY_SOCKET": told.path, "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}
        self.server.process = self.start("cardea", self.run_command(), env)
        told.wait_for("READY")
        time.sleep(0.5)
        self.assertEqual(told.count("WATCHDOG"), 0)
        self.server.stop()

    def test_after_an_upgrade_the_new_process_speaks_for_the_service(self):
        told = service.notifications(self)
        env = {"NOTIFY_SOCKET": told.path, "WATCHDOG_USEC": "600000"}
        process = self.start("cardea", self.run_command(), env)
        self.server.process = process
        told.wait_for("READY")
        running = upgrades.upgradable(self.server)
        first = running.pid()
        second = running.upgrade()
        told.wait_for("MAINPID", str(second), sender=first)
        told.wait_for("READY", "1", sender=second)
        told.wait_for("WATCHDOG", "1", sender=second)
        order = [(who, name) for who, each in told.received for name in each if name in ("MAINPID", "READY")]
        self.assertEqual(order, [(first, "READY"), (first, "MAINPID"), (second, "READY")])
        self.assertEqual(running.exit_code(first), 0)
        self.assertEqual(told.count("STOPPING"), 0, "the service goes on")
        self.assertEqual(running.stop(), [0, 0])
        told.wait_for("STOPPING", sender=second)

    # ---- units

    def test_the_units_are_what_systemd_takes(self):
        units = self.path("units")
        os.mkdir(units)
        for name in ("cardea.service", "cardea.socket"):
            with open(os.path.join(ROOT, "deploy", name), encoding="utf-8") as file:
                # systemd-analyze looks for the program.
                text = file.read().replace("/usr/local/bin/cardea", harness.binary)
            self.write(f"units/{name}", text)
        out = harness.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                          os.path.join(units, "cardea.service"), os.path.join(units, "cardea.socket"), seconds=60)
        self.assertEqual((out.returncode, re.findall(r".*(?:cardea\.(?:service|socket)).*", out.stderr)), (0, []), out.stderr)


class standing_still:
    """One thread of a process is held, as a debugger does it: the others go on."""

    _SEIZE, _INTERRUPT, _DETACH, _WALL = 0x4206, 0x4207, 17, 0x40000000

    def __init__(self, task):
        self.task = int(task)

    def _ptrace(self, request):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(ctypes.c_long(request), ctypes.c_long(self.task), None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def __enter__(self):
        self._ptrace(self._SEIZE)
        self._ptrace(self._INTERRUPT)
        os.waitpid(self.task, self._WALL)
        return self

    def __exit__(self, *_):
        self._ptrace(self._DETACH)


if __name__ == "__main__":
    harness.main()
