"""Cardea beside nginx, HAProxy, h2o and Caddy: see ../compare.sh --help."""
import argparse
import datetime
import os
import shutil
import signal
import sys
import tempfile
import time

from support import harness

from compare import loads, machine, origins, proxies, report, scenarios
from compare.results import results
from compare.running import running

_ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def arguments():
    names = [each.name for each in scenarios.ALL]
    parser = argparse.ArgumentParser(prog="bench/compare.sh", description="CPU time, memory and latency of Cardea beside "
                                     "other proxies; writes docs/performance.md and docs/performance.svg.")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that everything works")
    parser.add_argument("--only", default="", metavar="A,B", help="only these scenarios: " + " ".join(names))
    parser.add_argument("--resume", action="store_true", help="without those that the last run has finished")
    parser.add_argument("--proxies", default="", metavar="A,B", help="only these: " +
                        " ".join(each.name for each in proxies.ALL))
    parser.add_argument("--rounds", type=int, default=0, help="3, or 1 with --quick")
    parser.add_argument("--seconds", type=int, default=0, help="of each load: 2, or 1 with --quick")
    parser.add_argument("--rate", type=int, default=3000, help="requests a second, where that is fixed (3000)")
    parser.add_argument("--to", default=os.path.join(_ROOT, "docs"), metavar="FOLDER", help="where the report goes (docs)")
    parser.add_argument("--build", default=os.path.join(_ROOT, "build", "release"), metavar="FOLDER",
                        help="where the programs are (build/release)")
    parser.add_argument("--results", default="", metavar="FILE",
                        help="what --only and --resume build on (build/bench/results.json, or results-quick.json)")
    given = parser.parse_args()
    given.only = _known(parser, given.only, names)
    given.proxies = _known(parser, given.proxies, [each.name for each in proxies.ALL])
    return given


def _known(parser, given, names):
    chosen = [each for each in given.split(",") if each]
    for each in chosen:
        if each not in names:
            parser.error(f"{each} is none of {' '.join(names)}")
    return chosen or names


def settings_of(given):
    return scenarios.settings(
        seconds=given.seconds or (1 if given.quick else 2), rounds=given.rounds or (1 if given.quick else 3),
        idle_connections=2_000 if given.quick else min(10_000, machine.clients_possible()), certificates=1_000 if given.quick else 10_000,
        rate=given.rate, uploads=2 if given.quick else 8, quick=given.quick)


def say(text):
    print(text, file=sys.stderr, flush=True)


class comparison:
    def __init__(self, given, folder):
        self.given, self.folder, self.by = given, folder, settings_of(given)
        self.proxies = [each() for each in proxies.ALL if each.name in given.proxies]
        build = os.path.abspath(given.build)
        harness.binary, loads.LOAD = os.path.join(build, "app", "cardea"), os.path.join(build, "bench", "load")
        kept = given.results or os.path.join(_ROOT, "build", "bench",
                                             "results-quick.json" if given.quick else "results.json")
        os.makedirs(os.path.dirname(os.path.abspath(kept)), exist_ok=True)
        if not (given.resume or given.only != [each.name for each in scenarios.ALL]) and os.path.exists(kept):
            os.remove(kept)
        self.results = results(kept)
        self.keys = loads.make_pair(folder)
        self.certificates = ""
        self.groups = 0
        self.alive = []

    def run(self):
        self._describe()
        chosen = [each for each in scenarios.ALL if each.name in self.given.only]
        if self.given.resume:
            chosen = [each for each in chosen if not self.results.has(each)]
        while chosen:
            # Neighbours on the same kind of site share the proxies.
            like = chosen[0]
            group = [chosen.pop(0)]
            while (chosen and not like.own_start and not chosen[0].own_start
                   and (chosen[0].kind, chosen[0].workers) == (like.kind, like.workers)):
                group.append(chosen.pop(0))
            self._measure_group(group)
        order = [row for each in scenarios.ALL for row in each.rows]
        measured = {name for row in self.results.rows.values() for name in row["by"]}
        report.write(self.given.to, self.results, order, [each.name for each in proxies.ALL if each.name in measured])
        say(f"==> {os.path.join(self.given.to, 'performance.md')} written from {self.results.path}")

    def _describe(self):
        versions = {each.name: each.version() for each in self.proxies}
        for name in ("libssl3", "wrk", "nghttp2-client"):
            versions[name] = machine.package_version(name)
        self.results.about = {
            "machine": machine.description(), "versions": versions, "quick": self.by.quick, "rounds": self.by.rounds,
            "seconds": self.by.seconds, "rate": self.by.rate, "idle_connections": self.by.idle_connections,
            "certificates": self.by.certificates,
            "command": " ".join(["bench/compare.sh", *sys.argv[1:]])}

    def _measure_group(self, group):
        first = group[0]
        self.groups += 1
        if first.needs_certificates and not self.certificates:
            self.certificates = os.path.join(self.folder, "certificates")
            loads.make_certificates(self.certificates, self.by.certificates)
            # h2o reads them after it has become somebody else.
            os.chmod(self.certificates, 0o755)
        # A folder of its own: a group's proxies and origin keep nothing of those before.
        folder = os.path.join(self.folder, f"group{self.groups}")
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        origin = origins.start(first.kind, folder, first.workers)
        try:
            begun = {each.name: self._begin(each, first, os.path.join(folder, each.name), origin)
                     for each in self.proxies}
            for one in group:
                self._measure(one, begun)
        finally:
            for one in self.alive:
                one.stop()
            self.alive = []
            origin.process.kill()

    def _begin(self, proxy, like, folder, origin):
        """A running proxy, or the measure that says why there is none."""
        one = running(proxy, folder, origin, like.kind, like.workers, self.keys, self.certificates)
        reason = proxy.cannot(like.kind, one.site)
        if reason:
            return {"dash": reason}
        self.alive.append(one)
        if like.own_start:
            return one
        try:
            one.start()
            one.wait_until_it_works()
        except Exception as problem:  # pylint: disable=broad-except  # whatever it is, the others go on and it is shown
            return {"error": _short(problem)}
        return one

    def _measure(self, scenario, begun):
        begin = time.monotonic()
        found = {name: [] for name in begun}
        for number in range(min(self.by.rounds, scenario.rounds_max)):
            # Nobody is always the first, or always behind the same one.
            names = list(begun)[number % len(begun):] + list(begun)[:number % len(begun)]
            for name in names:
                found[name].append(self._measure_once(scenario, begun[name]))
        date = datetime.date.today().isoformat()
        for row in scenario.rows:
            for name, measures in found.items():
                self.results.put(row, name, [each.get(row.name, each) for each in measures], date)
        self.results.save()
        for row in scenario.rows:
            got = self.results.rows[row.name]["by"]
            say(f"  {row.name:22} " + "  ".join(f"{name} {self._shown(got[name])}" for name in begun) +
                (f"  ({time.monotonic() - begin:.0f} s)" if row is scenario.rows[-1] else ""))

    @staticmethod
    def _shown(measure):
        if "cost" not in measure:
            return "-" if "dash" in measure else "error"
        return f"{measure['cost']:.3g}" + (f" ({measure['failed']} failed)" if measure["failed"] else "")

    def _measure_once(self, scenario, one):
        if isinstance(one, dict):
            return one
        try:
            return scenario.measure(one, self.by)
        except Exception as problem:  # pylint: disable=broad-except  # as above
            say(f"  {scenario.name}: {one.proxy.name}: {_short(problem)}")
            return {"error": _short(problem)}
        finally:
            if scenario.own_start:
                one.stop()


def _short(problem):
    text = " ".join(str(problem).split()) or type(problem).__name__
    return text if len(text) <= 300 else text[:120] + " ... " + text[-170:]


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine.raise_limits()
    folder = tempfile.mkdtemp(prefix="cardea-bench-")
    os.chmod(folder, 0o755)
    begin = time.monotonic()
    try:
        comparison(given, folder).run()
    except KeyboardInterrupt:
        sys.exit("interrupted; --resume goes on after the last scenario")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"==> {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
