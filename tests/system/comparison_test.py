#!/usr/bin/env python3
"""bench/compare: that it measures real proxies, and that its page hides nothing."""
import os
import re
import sys
import xml.dom.minidom

_HERE = os.path.dirname(os.path.abspath(__file__))
_BENCH = os.path.join(_HERE, "..", "..", "bench")
sys.path[:0] = [os.path.join(_HERE, ".."), _BENCH]
from support import harness
from compare import plot, report, scenarios
from compare.results import results

PROXIES = ["cardea", "nginx", "h2o", "caddy"]
ABOUT = {"machine": {"date": "2024-01-02", "system": "Debian", "kernel": "6", "cores": 2, "processor": "P", "memory_gib": 4,
                     "load": 0.1},
         "versions": {"nginx": "1"}, "quick": False, "rounds": 3, "seconds": 2, "rate": 3000, "idle_connections": 10_000,
         "certificates": 10_000, "command": "bench/compare.sh"}


def cells(page, title):
    line = next(line for line in page.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][2:]


class comparison(harness.case):
    def test_it_measures_cardea_and_nginx_and_leaves_nothing_behind(self):
        os.makedirs(self.path("tmp"))
        with open("/etc/hosts", encoding="utf-8") as file:
            hosts = file.read()
        done = harness.run(sys.executable, "-B", "-m", "compare", "--quick", "--only", "h1-small,h2-small", "--proxies",
                           "cardea,nginx", "--build", os.path.join(os.path.dirname(harness.binary), ".."), "--to", self.dir,
                           "--results", self.path("results.json"), seconds=120,
                           env={**harness.environment(), "PYTHONPATH": f"{_BENCH}:{_HERE}/..", "TMPDIR": self.path("tmp")})
        self.assertEqual(done.returncode, 0, done.stderr)
        page = self.read("performance.md")
        for title in ("HTTP/1.1, 1 KiB, 64 connections", "HTTP/2, 1 KiB, 16 connections of 32 streams"):
            for cell in cells(page, title):
                self.assertRegex(cell, r"^[\d.]+ \([\d.]+\)", page)
        self.assertIn("A quick run", page)
        xml.dom.minidom.parse(self.path("performance.svg"))
        self.assertEqual(os.listdir(self.path("tmp")), [])
        with open("/etc/hosts", encoding="utf-8") as file:
            self.assertEqual(file.read(), hosts)

    def found(self, *rounds):
        """Results of the first scenario: the measures of each round, by proxy."""
        out = results(self.path("results.json"))
        out.about = ABOUT
        row = scenarios.ALL[0].rows[0]
        for name in PROXIES:
            out.put(row, name, [each[name] for each in rounds], "2024-01-02")
        out.save()
        return row, results(self.path("results.json"))

    def test_what_failed_or_cannot_be_is_shown_with_its_reason_and_never_counts_as_the_cheapest(self):
        good = {"cost": 20.0, "rate": 100.0, "failed": 0, "why": ""}
        row, found = self.found({"cardea": {**good, "cost": 10.0}, "nginx": {**good, "failed": 3, "why": "reset"},
                                 "h2o": {"dash": "it cannot"}, "caddy": {"error": "it broke"}})
        page = report.page(found.rows, found.about, PROXIES)
        self.assertEqual([re.sub(r"\[\d\]", "[]", cell) for cell in cells(page, row.title)],
                         ["10 (0.50)", "20 (1.00) []", "- []", "error []"])
        for reason in ("3 failed; reset", "h2o: it cannot", "caddy: it broke"):
            self.assertIn(reason, page)
        drawn = plot.svg(found.rows, PROXIES, "")
        self.assertEqual(len(re.findall(r">(0\.50|1\.00)<", drawn)), 2)

    def test_rounds_become_their_median_with_all_failures_and_a_lost_round_is_told(self):
        def round_of(cost, failed=0):
            one = {"cost": cost, "rate": 1.0, "failed": failed, "why": "reset" if failed else ""}
            return dict.fromkeys(PROXIES, one)
        row, found = self.found(round_of(30.0, 1), round_of(10.0, 2), {**round_of(20.0), "nginx": {"error": "timeout"}})
        by = found.rows[row.name]["by"]
        self.assertEqual((by["cardea"]["cost"], by["cardea"]["failed"], by["cardea"]["why"]), (20.0, 3, "reset"))
        self.assertEqual(by["nginx"]["cost"], 20.0)
        self.assertEqual(by["nginx"]["why"], "1 of 3 rounds gave nothing: timeout")


if __name__ == "__main__":
    harness.main()
