"""Load generators that are not ours, and how many of their requests failed."""
import re
import subprocess
import threading

from support import harness


class wrk:
    """wrk over TLS with keep-alive, until the block ends."""

    def __init__(self, port, path, name, connections=16, seconds=600):
        self.command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s", "-H", f"Host: {name}",
                        f"https://127.0.0.1:{port}{path}"]

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.send_signal(2)  # it prints what it has
        try:
            self.output = self.child.communicate(timeout=30)[0]
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.output = self.child.communicate()[0]

    @property
    def succeeded(self):
        return int(re.search(r"(\d+) requests in", self.output)[1])

    @property
    def failures(self):
        return re.findall(r"(?:Socket errors|Non-2xx).*", self.output)


class h2load:
    """h2load in runs of so many requests, one after the other, until the block ends."""

    def __init__(self, port, path, name, requests=300, connections=4, streams=8):
        self.command = ["h2load", "-n", str(requests), "-c", str(connections), "-m", str(streams), "-H", f":authority: {name}",
                        f"https://127.0.0.1:{port}{path}"]
        self.failures, self.succeeded = [], 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join(60)

    def _run(self):
        while not self.ending.is_set():
            out = harness.run(*self.command, seconds=60)
            told = re.search(r"requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed", out.stdout)
            if not told or int(told[1]) != int(told[2]):
                self.failures.append(told[0] if told else out.stdout[-2000:] + out.stderr[-2000:])
            self.succeeded += int(told[2]) if told else 0


class curl_http2:
    """curl with many streams at once on one connection, in runs, until the block ends."""

    def __init__(self, port, path, name, cacert, requests=400, streams=10):
        self.command = ["curl", "-sS", "--http2", "-Z", "--parallel-max", str(streams), "--cacert", cacert, "--noproxy", "*",
                        "--connect-to", f"{name}::127.0.0.1:{port}", "-o", "/dev/null", "-w", "%{http_code} %{errormsg}\n",
                        f"https://{name}{path}?[1-{requests}]"]
        self.requests, self.failures, self.succeeded = requests, [], 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join(60)

    def _run(self):
        while not self.ending.is_set():
            out = harness.run(*self.command, seconds=60)
            lines = [each.strip() for each in out.stdout.splitlines()]
            good = sum(each == "200" for each in lines)
            self.succeeded += good
            if good != self.requests:
                self.failures.append(f"{good} of {self.requests}; {[each for each in lines if each != '200'][:3]} {out.stderr[-300:]}")
