"""What every system test stands on: a scratch folder, processes that die with
the test, free ports, bounded waiting.

    ./tests/system/x_test.py build/release/app/cardea [unittest arguments]
    KEEP=1 ...      keeps the scratch folder and says where it is
"""
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)

binary = ""  # the program under test, set by main()


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(condition, seconds, what):
    """The first true value of condition(); fails the test after that long with `what`, a text or a function."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)


_reserved = []  # sockets whose names are locks: the kernel gives them back when this process ends


def free_port():
    """A port of the loopback that nobody has, for TCP and UDP, and no other test will get.

    Below the range that the kernel gives to clients, so that no connection
    takes it before the server does. None that ends in 443: a backend there is
    taken for one of https.
    """
    for _ in range(1000):
        port = random.SystemRandom().randrange(15000, 32000)
        if port % 1000 == 443:
            continue
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            lock.bind(f"\0cardea-test-port-{port}")
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _reserved.append(lock)
        return port
    raise RuntimeError("no free port")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def tool(name):
    """Where a program is; Debian keeps servers outside of an ordinary user's PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if not found:
        raise AssertionError(f"{name} is not installed: deploy/packages.sh test")
    return found


def environment():
    """Ours without what would change the configuration under test."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CARDEA_", "GODOXY_"))}


def run(*command, seconds=30, **more):
    """A finished program: returncode, stdout, stderr as text."""
    if "input" not in more:
        more["stdin"] = subprocess.DEVNULL
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=seconds, check=False,
                          **more)


class process:
    """A child with its output in a file. Never outlives the test."""

    def __init__(self, name, command, folder, env=None):
        self.name = name
        self.log_path = os.path.join(folder, f"{name}.log")
        self.command = command
        self.log_begin = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(  # pylint: disable=consider-using-with
                [str(c) for c in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**environment(), **(env or {})}, preexec_fn=_die_with_parent)

    def log(self):
        """What it wrote; not what another process of that name wrote before."""
        with open(self.log_path, "rb") as file:
            file.seek(self.log_begin)
            return file.read().decode("utf-8", errors="replace")

    def is_alive(self):
        return self.child.poll() is None

    def wait_for_port(self, port, seconds=20):
        def ready():
            if not self.is_alive():
                raise AssertionError(f"{self.name} ended with {self.child.returncode}:\n{self.log()[-4000:]}")
            return listens(port)

        wait_until(ready, seconds, f"{self.name} listening on {port}")

    def wait_for_log(self, pattern, seconds=20, since=0):
        return wait_until(lambda: re.search(pattern, self.log()[since:]), seconds,
                          lambda: f"{self.name} logging {pattern!r}; it logged:\n{self.log()[-4000:]}")

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, number=15, seconds=15):
        """Its exit code; one that does not end is killed and fails the test."""
        if self.is_alive():
            self.child.send_signal(number)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds} s of signal {number}") from None

    def kill(self):
        self.child.kill()
        self.child.wait()


class case(unittest.TestCase):
    """A test with a scratch folder; what it starts ends with it, and its logs are shown when it fails."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="cardea-test-")
        os.chmod(self.dir, 0o755)
        self.processes = []
        self.addCleanup(self._clean_up)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        full = self.path(name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        return full

    def replace(self, name, text):
        """As write, but whoever reads it meanwhile sees the old text or the new one."""
        os.replace(self.write(name + ".new", text), self.path(name))

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def start(self, name, command, env=None):
        started = process(name, command, self.dir, env)
        self.processes.append(started)
        return started

    def _clean_up(self):
        for one in reversed(self.processes):
            if one.is_alive():
                one.kill()
        reasons = self._failures()
        if reasons:
            # The reason and the program under test first: a log that is cut short has lost nothing of them.
            print("\n" + "\n".join(reasons), file=sys.stderr)
            for one in reversed(self.processes):
                print(f"\n--- {one.name}: exit code {one.child.returncode}, end of its log:\n{one.log()[-6000:]}",
                      file=sys.stderr)
        if os.environ.get("KEEP"):
            print(f"kept: {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def _failures(self):
        result = self._outcome.result
        # A subtest's own test is inside of it.
        return [text for test, text in result.failures + result.errors if getattr(test, "test_case", test) is self]


def main():
    global binary
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(f"usage: {sys.argv[0]} PATH_OF_CARDEA [unittest arguments]")
    binary = os.path.abspath(sys.argv.pop(1))
    if not os.access(binary, os.X_OK):
        sys.exit(f"{binary}: no such program")
    unittest.main(module="__main__", verbosity=2)
