"""Instructions that the release binary executes for each unit of work, beside those of bench/baseline.txt.

Each figure is the difference of two runs under callgrind that differ only in the number of units, so that start
and end do not count. Times do not matter here: the same program gives the same figures on a busy machine.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

from support import certificates, harness

HOST = "bench.test"
_HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join(_HERE, "baseline.txt")

CANNOT_COUNT = 3

# Name, units in the two runs, h2load's arguments for `number` units.
KINDS = (
    ("h1-small", "keep-alive GET of 1 KiB, HTTP/1.1", (200, 2200), lambda number: ["--h1", f"-n{number}", "-c1"], "1k"),
    ("h1-16k", "keep-alive GET of 16 KiB, HTTP/1.1", (200, 1200), lambda number: ["--h1", f"-n{number}", "-c1"], "16k"),
    ("handshake", "full handshake and one GET", (10, 110), lambda number: ["--h1", f"-n{number}", f"-c{number}"], "1k"),
    ("h2-small", "GET of 1 KiB, HTTP/2, 32 streams at once", (320, 3520), lambda number: [f"-n{number}", "-c1", "-m32"],
     "1k"),
)
# What compiles the program and what it runs with: with others the figures are others.
PACKAGES = ("g++", "libc6", "libstdc++6", "libssl3", "valgrind")


class bench:
    """An origin, and Cardea under callgrind in front of it for one run at a time."""

    def __init__(self, folder):
        self.folder, self.port, self.origin_port = folder, harness.free_port(), harness.free_port()
        authority = certificates.make_ca(folder, "ca")
        self.pair = certificates.make_leaf(folder, "leaf", [HOST], authority)
        self.authority = authority
        os.makedirs(os.path.join(folder, "www"))
        for name, size in (("1k", 1024), ("16k", 16 * 1024)):
            with open(os.path.join(folder, "www", name), "wb") as file:
                file.write(b"x" * size)
        temporary = " ".join(f"{kind}_temp_path {folder}/t-{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = self.write("origin.conf", f"""
daemon off; master_process off; pid {folder}/origin.pid; error_log {folder}/origin.err crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000; keepalive_timeout 600; {temporary}
 server {{ listen 127.0.0.1:{self.origin_port}; root {folder}/www; default_type application/octet-stream; }} }}
""")
        self.origin = harness.process("origin", [harness.tool("nginx"), "-c", conf, "-p", folder], folder)
        self.origin.wait_for_port(self.origin_port)
        self.write("routes.yml", f"{HOST}:\n  host: 127.0.0.1\n  port: {self.origin_port}\n"
                                 "  healthcheck:\n    disable: true\n")
        self.config = self.write("config.yml", f"""
autocert:
  provider: local
  cert_path: {self.pair[0]}
  key_path: {self.pair[1]}
entrypoint:
  http_addr: ""
  https_addr: 127.0.0.1:{self.port}
  threads: 1
api:
  addr: ""
providers:
  include: [routes.yml]
""")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def instructions(self, arguments, path):
        """Of the whole process, from its start to its end, with this load in between."""
        counted = os.path.join(self.folder, "callgrind.out")
        process = harness.process("cardea", [harness.tool("valgrind"), "--tool=callgrind",
                                             f"--callgrind-out-file={counted}", harness.binary, "run", "--config",
                                             self.config], self.folder)
        try:
            process.wait_for_port(self.port, seconds=60)
            self.wait_for_answer()
            done = harness.run("h2load", "-t1", *arguments, f"--connect-to=127.0.0.1:{self.port}",
                               f"https://{HOST}:{self.port}/{path}", seconds=120)
            said = re.search(r"(\d+) total, .*?(\d+) succeeded", done.stdout)
            if done.returncode or not said or said.group(1) != said.group(2):
                raise AssertionError(f"h2load: {done.stdout}{done.stderr}")
            process.stop(seconds=60)
        finally:
            if process.is_alive():
                process.kill()
        with open(counted, encoding="utf-8", errors="replace") as file:
            return int(re.search(r"(?m)^(?:totals|summary): (\d+)", file.read()).group(1))

    def wait_for_answer(self):
        """One request, without another that may be under way when the load begins."""
        def answered():
            done = harness.run("curl", "-sf", "-o", "/dev/null", "--cacert", self.authority, "--resolve",
                               f"{HOST}:{self.port}:127.0.0.1", f"https://{HOST}:{self.port}/1k")
            return done.returncode == 0
        harness.wait_until(answered, 60, "a first answer")


def versions():
    out = {}
    for name in PACKAGES:
        found = harness.run("dpkg-query", "-W", "-f", "${Version}", name)
        out[name] = found.stdout if found.returncode == 0 else "none"
    return out


def read_baseline():
    """({kind: instructions}, {package: version}); empty when there is none."""
    figures, built_with = {}, {}
    if os.path.exists(BASELINE):
        with open(BASELINE, encoding="utf-8") as file:
            for line in file:
                name, _, value = line.strip().partition(" ")
                if name in PACKAGES:
                    built_with[name] = value
                elif name and name != "#":
                    figures[name] = int(value)
    return figures, built_with


def write_baseline(figures, built_with):
    with open(BASELINE, "w", encoding="utf-8") as file:
        file.write("# Instructions for each unit, by callgrind: written by bench/check.sh --write\n")
        for name, value in [*built_with.items(), *figures.items()]:
            file.write(f"{name} {value}\n")


def count(setting, before):
    """{kind: instructions}; a line for each as it comes."""
    now = {}
    print(f"{'instructions':44} {'baseline':>10} {'now':>10} {'change':>9}", flush=True)
    for name, title, (few, many), arguments, path in KINDS:
        spent = [setting.instructions(arguments(number), path) for number in (few, many)]
        now[name] = round((spent[1] - spent[0]) / (many - few))
        known = before.get(name)
        change = f"{(now[name] / known - 1) * 100:+.1f} %" if known else "new"
        print(f"{title:44} {known or '-':>10} {now[name]:>10} {change:>9}", flush=True)
    return now


def main():
    parser = argparse.ArgumentParser(prog="bench/check.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog=f"Exit code {CANNOT_COUNT}: there was nothing to count.")
    parser.add_argument("--write", action="store_true", help="keep the figures as bench/baseline.txt")
    given = parser.parse_args()
    harness.binary = os.path.join(_HERE, "..", "build", "release", "app", "cardea")
    before, built_with = read_baseline()
    here = versions()
    others = [f"{name} {built_with[name]} (here {here[name]})" for name in built_with if built_with[name] != here[name]]
    if others:
        print("==> the baseline was measured with others: " + ", ".join(others) +
              ".\n    What changes below may be theirs: bench/check.sh --write, at the commit before, tells.")
    folder = tempfile.mkdtemp(prefix="cardea-check-")
    os.chmod(folder, 0o755)
    setting = None
    try:
        setting = bench(folder)
        now = count(setting, before)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as problem:
        print(f"check.sh: {problem}", file=sys.stderr)
        return CANNOT_COUNT
    finally:
        if setting is not None:
            setting.origin.kill()
        shutil.rmtree(folder, ignore_errors=True)
    if given.write:
        write_baseline(now, here)
        print(f"==> kept in {os.path.relpath(BASELINE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
