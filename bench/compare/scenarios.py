"""What is measured: rows of the table, how each comes about, and on which site.

A measure is a dictionary: `cost` (the row's figure: CPU microseconds for each unit unless the row says otherwise;
lower is better), `rate` (units a second, by the clock), `failed` and `why`, and what single rows need.
"""
import dataclasses
import json
import time
from collections.abc import Callable

from support import certificates as served_certificates
from support import harness

from compare import loads, machine

RESUMING = 16  # clients at once
CONNECTING_SECONDS = 3  # in which a thousand handshakes of wrk's are done on a busy machine, and something is left
SLOWEST_HANDSHAKES = 2000  # a second: in which time each certificate has been asked for once


@dataclasses.dataclass
class settings:
    seconds: int
    rounds: int
    idle_connections: int
    certificates: int
    rate: int
    uploads: int
    quick: bool


@dataclasses.dataclass
class row:
    name: str
    unit: str
    title: str


@dataclasses.dataclass
class scenario:
    name: str
    rows: tuple
    measure: Callable   # (running, settings) -> {row's name: measure}
    kind: str = "http"
    workers: int = 1
    rounds_max: int = 100
    needs_certificates: bool = False
    own_start: bool = False  # `measure` starts and stops the proxy itself


def costing(run):
    """`run(running, settings)` with the proxy's CPU time around it; one row, named as the scenario."""
    def measure(running, by):
        before, begin = machine.cpu_seconds(running.pid), time.monotonic()
        did = run(running, by)
        took, spent = time.monotonic() - begin, machine.cpu_seconds(running.pid) - before
        if not did["units"]:
            raise loads.failed(f"nothing succeeded: {did['why']}")
        return {**did, "cost": spent * 1e6 / did["units"], "rate": did["units"] / did.get("seconds", took)}
    return measure


def simple(name, unit, title, run, **more):
    measured = costing(run)
    return scenario(name, (row(name, unit, title),), lambda running, by: {name: measured(running, by)}, **more)


def resumed(running, by):
    did = loads.own(running.site, "handshakes", by.seconds, "--resume", connections=RESUMING)
    full = did["units"] - did["resumed"]
    if full > 2 * RESUMING:  # the first ones have nothing to resume
        did["why"] = f"{full} of {did['units']} handshakes were not resumed but full"
    return did


def upload(running, by):
    return loads.uploads(running.site, running.origin_file("32m"), by.uploads)


def grpc(running, by):
    site = running.site
    message = site.write("message.grpc", "\0\0\0\0\x10" + "m" * 16)
    did = loads.h2load(site, "bench.Echo/Say", 8, 10, by.seconds, more=(
        "-d", message, "-H", "content-type: application/grpc", "-H", "te: trailers"))
    running.call_grpc()
    return did


def idle(running, by):
    before = machine.memory_kib(running.pid)
    crowd = loads.own_in_background(running.site, "idle", 60, connections=by.idle_connections)
    try:
        said = json.loads(crowd.stdout.readline() or "{}")
        if not said.get("answered"):
            raise loads.failed(f"no connection could be opened: {said.get('why')}")
        time.sleep(1)  # for what the proxy frees a little later
        held = machine.memory_kib(running.pid) - before
        beside = costing(lambda running, by: loads.wrk(running.site, "1k", 64, by.seconds))(running, by)
        rest, _ = crowd.communicate("", timeout=60)
    finally:
        if crowd.poll() is None:
            crowd.kill()
        crowd.wait()
    ended = json.loads(rest)
    return {"idle-memory": {"cost": held / said["answered"], "failed": ended["failed"], "why": ended["why"],
                            "units": said["answered"]},
            "beside-idle": beside}


def many_certificates(running, by):
    alone = machine.memory_kib(running.start(0).pid)
    running.stop()
    begin = time.monotonic()
    running.start(by.certificates)
    site = running.site
    last = f"site{by.certificates - 1}.{loads.HOST}"
    harness.wait_until(lambda: served_certificates.served(site.port, last).names == [last], 60,
                       lambda: f"the certificate of {last} served")
    took = time.monotonic() - begin
    grown = machine.memory_kib(running.pid) - alone
    def handshakes(seconds):
        return costing(lambda running, by: loads.own(running.site, "handshakes", seconds, "--names", by.certificates,
                                                     connections=32))(running, by)
    first = handshakes(by.certificates // SLOWEST_HANDSHAKES + 1)
    return {"certificates-start": {"cost": took, "failed": 0, "why": ""},
            "certificates-memory": {"cost": grown / by.certificates, "failed": 0, "why": ""},
            "certificates-first": first, "certificates-handshake": handshakes(by.seconds)}


def reload(running, by):
    """Three reloads, each of which moves the route to another origin, under requests at a fixed rate."""
    load = loads.own_in_background(running.site, "open", 6, "--rate", by.rate // 2, connections=32)
    try:
        for number in range(1, 4):
            time.sleep(1)
            running.move_to_origin(number % 2)
            harness.wait_until(lambda: running.which_origin() == number % 2, 5, f"reload {number} taking effect")
        out, _ = load.communicate(timeout=60)
    finally:
        if load.poll() is None:
            load.kill()
        load.wait()
    if load.returncode:
        raise loads.failed(f"load: exit code {load.returncode}")
    said = json.loads(out)
    return {"reload": {**said, "cost": said["p999"] / 1000, "units": said["answered"]}}


def open_loop(running, by):
    did = costing(lambda running, by: loads.own(running.site, "open", by.seconds, "--rate", by.rate))(running, by)
    return {"open-loop": did, "open-loop-latency": {**did, "cost": did["p99"] / 1000}}


REQUEST, HANDSHAKE, MEGABYTE = "us per request", "us per handshake", "us per MB"

ALL = (
    simple("h1-small", REQUEST, "HTTP/1.1, 1 KiB, 64 connections", lambda r, by: loads.wrk(r.site, "1k", 64, by.seconds)),
    simple("h1-16k", REQUEST, "HTTP/1.1, 16 KiB, 64 connections", lambda r, by: loads.wrk(r.site, "16k", 64, by.seconds)),
    simple("h1-1000conns", REQUEST, "HTTP/1.1, 1 KiB, 1,000 connections",
           lambda r, by: loads.wrk(r.site, "1k", 1000, max(by.seconds, CONNECTING_SECONDS))),
    simple("h2-small", REQUEST, "HTTP/2, 1 KiB, 16 connections of 32 streams",
           lambda r, by: loads.h2load(r.site, "1k", 16, 32, by.seconds)),
    simple("h2-1conn", REQUEST, "HTTP/2, 1 KiB, 1 connection of 100 streams",
           lambda r, by: loads.h2load(r.site, "1k", 1, 100, by.seconds)),
    simple("h1-bulk", MEGABYTE, "HTTP/1.1, 32 MiB bodies, 4 connections",
           lambda r, by: loads.wrk(r.site, "32m", 4, by.seconds, megabytes=True)),
    simple("h2-bulk", MEGABYTE, "HTTP/2, 1 MiB bodies, 4 connections of 4 streams",
           lambda r, by: _megabytes(loads.h2load(r.site, "1m", 4, 4, by.seconds))),
    simple("upload", MEGABYTE, "HTTP/1.1 upload of 32 MiB bodies", upload),
    simple("handshake-full", HANDSHAKE, "full handshake and one request",
           lambda r, by: loads.own(r.site, "handshakes", by.seconds, connections=32)),
    simple("handshake-resumed", HANDSHAKE, "resumed handshake and one request", resumed),
    scenario("open-loop", (row("open-loop", REQUEST, "HTTP/1.1, 1 KiB at a fixed rate"),
                           row("open-loop-latency", "ms, p99", "latency at a fixed rate")), open_loop),
    simple("websocket", "us per message", "WebSocket echo, 128 bytes, 64 connections",
           lambda r, by: loads.own(r.site, "echo", by.seconds, path="/"), kind="websocket"),
    simple("grpc", "us per call", "gRPC unary calls, 8 connections of 10 streams", grpc, kind="grpc"),
    scenario("idle", (row("idle-memory", "KiB per connection", "idle TLS connections"),
                      row("beside-idle", REQUEST, "HTTP/1.1, 1 KiB beside the idle ones")), idle, rounds_max=1),
    scenario("certificates", (row("certificates-start", "s", "start with many certificates until all are served"),
                              row("certificates-memory", "KiB per certificate", "memory of many certificates"),
                              row("certificates-first", HANDSHAKE, "first handshakes with all of their names"),
                              row("certificates-handshake", HANDSHAKE, "further handshakes with their names")),
             many_certificates, rounds_max=1, needs_certificates=True, own_start=True),
    scenario("reload", (row("reload", "ms, p99.9", "latency under three reloads"),), reload, rounds_max=1),
    simple("two-workers", REQUEST, "HTTP/1.1, 1 KiB, 64 connections, 2 workers",
           lambda r, by: loads.wrk(r.site, "1k", 64, by.seconds), workers=2),
)


def _megabytes(did):
    return {**did, "units": did["units"] * (1 << 20) / 1e6}
