"""Loads through a proxy. Each answers with what it did: units, seconds, failures, and what else it saw."""
import json
import os
import re
import subprocess

from support import harness

from compare import machine
from compare.proxies import HOST

LOAD = ""  # path of bench/load's program, set by __main__

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_MEGABYTES = {"B": 1e-6, "KB": 2**10 / 1e6, "MB": 2**20 / 1e6, "GB": 2**30 / 1e6}  # wrk counts by 1024
# wrk finds HOST without the system's help.
_RESOLVE = 'function wrk.resolve(host, service) wrk.addrs = wrk.lookup("127.0.0.1", service) end\n'


class failed(Exception):
    """A load that could not be made at all."""


def pinned(workers, *command):
    return ["taskset", "-c", machine.load_cores(workers), *[str(each) for each in command]]


def _run(workers, *command, seconds):
    done = harness.run(*pinned(workers, *command), seconds=seconds + 40)
    if done.returncode:
        raise failed(f"{os.path.basename(str(command[0]))}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def wrk(to, path, connections, seconds, megabytes=False):
    script = to.write("resolve.lua", _RESOLVE)
    out = _run(to.workers, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script,
               f"https://{HOST}:{to.port}/{path}", seconds=seconds)
    count, took, unit = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)\b", out).groups()
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = sum(int(each) for each in re.findall(r"(?:connect|read|write|timeout) (\d+)", out))
    why = [f"{refused.group(1)} answers that are no 2xx"] if refused else []
    why += ["socket errors (" + re.search(r"Socket errors: (.*)", out).group(1) + ")"] if broken else []
    units = int(count)
    if megabytes:
        value, suffix = re.search(r"([\d.]+)(B|KB|MB|GB) read", out).groups()
        units = float(value) * _MEGABYTES[suffix]
    return {"units": units, "seconds": float(took) * _UNITS[unit], "why": ", ".join(why),
            "failed": broken + (int(refused.group(1)) if refused else 0)}


def h2load(to, path, connections, streams, seconds, more=()):
    out = _run(to.workers, "h2load", "-t1", f"-D{seconds}s", f"-c{connections}", f"-m{streams}",
               f"--connect-to=127.0.0.1:{to.port}", *more, f"https://{HOST}:{to.port}/{path}", seconds=seconds)
    took, unit = re.search(r"finished in ([\d.]+)(us|ms|s|m)\b", out).groups()
    succeeded, lost, errored = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", out).groups()
    refused = sum(int(each) for each in re.search(r"(\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out).groups())
    # In a run by time h2load counts what is under way at its end as neither.
    return {"units": int(succeeded), "seconds": float(took) * _UNITS[unit], "failed": int(lost) + refused,
            "why": f"{lost} failed, {errored} errored, {refused} refused" if int(lost) + refused else ""}


def warm(to):
    """So that pools are filled and connections to the backend open."""
    _run(to.workers, "h2load", "--h1", "-t1", "-n400", "-c16", f"--connect-to=127.0.0.1:{to.port}",
         f"https://{HOST}:{to.port}/1k", seconds=10)


def own(to, load, seconds, *more, path="/1k", connections=64):
    out = _run(to.workers, LOAD, load, "--port", to.port, "--name", HOST, "--path", path, "--connections", connections,
               "--seconds", seconds, *more, seconds=seconds)
    said = json.loads(out)
    return {"units": said["answered"], "seconds": said.get("seconds", seconds), **said}


def own_in_background(to, load, seconds, *more, connections=64):
    return subprocess.Popen(  # pylint: disable=consider-using-with
        pinned(to.workers, LOAD, load, "--port", to.port, "--name", HOST, "--path", "/1k", "--connections", connections,
               "--seconds", seconds, *more), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def uploads(to, file, count):
    megabytes = os.path.getsize(file) / 1e6
    done, why = 0, ""
    for _ in range(count):
        answer = harness.run(*pinned(
            to.workers, "curl", "-sS", "--http1.1", "--cacert", to.pair[0], "--resolve", f"{HOST}:{to.port}:127.0.0.1",
            "-o", "/dev/null", "-w", "%{http_code} %{size_upload}", "-H", "Expect:", "-H", "Content-Type: application/octet-stream",
            "--data-binary", "@" + file, f"https://{HOST}:{to.port}/drop"), seconds=60)
        if answer.returncode == 0 and answer.stdout == f"204 {os.path.getsize(file)}":
            done += 1
        else:
            why = answer.stderr.strip() or f"status and bytes sent: {answer.stdout}"
    return {"units": done * megabytes, "failed": count - done, "why": why}


def ask(to, path):
    """The body of one answer, with a connection of its own; raises when there is none."""
    answer = harness.run("curl", "-sSf", "--max-time", "5", "--cacert", to.pair[0], "--resolve",
                         f"{HOST}:{to.port}:127.0.0.1", f"https://{HOST}:{to.port}/{path}", seconds=10)
    if answer.returncode:
        raise failed(answer.stderr.strip())
    return answer.stdout


def make_certificates(folder, count):
    harness.run(LOAD, "certificates", "--folder", folder, "--count", count, "--name", HOST, seconds=120).check_returncode()


def make_pair(folder):
    """A self-signed P-256 certificate for HOST and all below it: (certificate, key) and a file with both."""
    pair = (os.path.join(folder, "cert.crt"), os.path.join(folder, "cert.key"))
    harness.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "30", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},DNS:*.{HOST}", "-keyout", pair[1],
                "-out", pair[0]).check_returncode()
    bundle = os.path.join(folder, "cert.pem")
    with open(bundle, "w", encoding="utf-8") as out:
        for part in pair:
            with open(part, encoding="utf-8") as file:
                out.write(file.read())
    return pair, bundle
