"""docs/performance.md and its plot, from the results."""
import os
import textwrap

from compare import plot
from compare.results import cheapest_peer


def write(folder, found, order, proxies):
    """`order`: all rows there are; those without results are left out."""
    rows = {row.name: found.rows[row.name] for row in order if row.name in found.rows}
    about = found.about
    pages = {
        "performance.md": page(rows, about, proxies),
        "performance.svg": plot.svg(rows, proxies, f"{'Quick run, one round' if about['quick'] else 'Medians'}; "
                                                   f"{about['machine']['date']}, {about['machine']['processor']}, "
                                                   f"{about['machine']['cores']} cores"),
    }
    for name, text in pages.items():
        path = os.path.join(folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)


def page(rows, about, proxies):
    notes = []
    return "\n".join([
        "# Performance", "", _introduction(about), "",
        "![Cost beside the cheapest peer](performance.svg)", "",
        "## Cost", "", _costs(rows, proxies, notes), "", *_notes(notes), *_other_days(rows, about), "## By the clock", "",
        "Units a second. A load that keeps its own core busy measures itself: what counts is the cost above.", "",
        _rates(rows, proxies), "", *_latencies(rows, proxies, about),
        *_reloads(rows, proxies), *_workers(rows, proxies, about), _method(about), ""])


def _introduction(about):
    machine = about["machine"]
    quick = ("**A quick run: one round of short loads, to see that everything works. Its figures say little.**\n\n"
             if about["quick"] else "")
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (quick + "What a proxy spends for each unit of work, beside others on the same machine in the same run, and in "
            "brackets its ratio to\nthe cheapest of them, Cardea aside: 1.00 is the cheapest peer, below 1 is cheaper than "
            f"any.\n\n{machine['date']}, {machine['system']}, Linux {machine['kernel']}, {machine['cores']} cores "
            f"({machine['processor']}), {machine['memory_gib']} GiB;\nload average at the begin {machine['load']}. "
            f"{about['rounds']} rounds of {about['seconds']} s.\n\n{textwrap.fill(versions + '.', 110)}\n\n"
            f"```sh\n{about['command']}\n```")


def _table(head, lines):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] +
                     ["| " + " | ".join(line) + " |" for line in lines])


def _figure(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _costs(rows, proxies, notes):
    lines = []
    for row in rows.values():
        best = cheapest_peer(row)
        lines.append([row["title"], row["unit"]] + [_cell(row["by"].get(name), best, notes, name, row["title"])
                                                    for name in proxies])
    return _table(["", "unit", *proxies], lines)


def _cell(measure, best, notes, name, title):
    def note(text, about=name):
        text = f"{about}: {text}"
        if text not in notes:
            notes.append(text)
        return f"[{notes.index(text) + 1}]"
    if measure is None:
        return ""
    if "dash" in measure:
        return f"- {note(measure['dash'])}"
    if "error" in measure:
        return f"error {note(measure['error'])}"
    text = _figure(measure["cost"]) + (f" ({measure['cost'] / best:.2f})" if best > 0 else "")
    if measure["failed"] or measure["why"]:
        text += " " + note((f"{measure['failed']} failed; " if measure["failed"] else "") +
                           (measure["why"] or "no reason given"), f"{name}, {title}")
    return text


def _other_days(rows, about):
    others = [f"{row['title']} ({row['date']})" for row in rows.values() if row["date"] != about["machine"]["date"]]
    return [textwrap.fill("Measured on another day: " + "; ".join(others) + ".", 110), ""] if others else []


def _notes(notes):
    out = []
    for number, text in enumerate(notes, 1):
        one = " ".join(text.replace("|", "/").split())
        out.append(textwrap.fill(f"- [{number}] {one}", 110, subsequent_indent="  ", break_long_words=False))
    return out + [""] if out else []


def _rates(rows, proxies):
    lines = []
    for row in rows.values():
        rates = [row["by"].get(name, {}).get("rate") for name in proxies]
        if any(rates):
            lines.append([row["title"]] + [_figure(rate) if rate else "" for rate in rates])
    return _table(["", *proxies], lines)


def _percentiles(row, proxies, first=()):
    lines = []
    for name in proxies:
        got = row["by"].get(name, {})
        if "p50" in got:
            lines.append([name, *[str(got[each]) for each in first]] +
                         [f"{got[each] / 1000:.2f}" for each in ("p50", "p99", "p999", "max")])
        else:
            lines.append([name, *[""] * len(first), *[got.get("dash") or got.get("error", "")], "", "", ""])
    return lines


def _latencies(rows, proxies, about):
    row = rows.get("open-loop-latency")
    if row is None:
        return []
    return ["## Latency at a fixed rate", "",
            f"{about['rate']} requests a second over 64 connections, in ms, from the moment each was due: an answer that "
            "holds up others is\ncounted for them, too (no coordinated omission). `max` is the worst of all rounds.", "",
            _table(["", "p50", "p99", "p99.9", "max"], _percentiles(row, proxies)), ""]


def _reloads(rows, proxies):
    row = rows.get("reload")
    if row is None:
        return []
    return ["## Reload under load", "",
            "Three reloads in 6 s, each of which moves the route to another origin (and is seen to), under requests at a\n"
            "fixed rate over 32 connections; ms. A request that was sent while the proxy closed its connection failed, too.",
            "",
            _table(["", "answered", "failed", "p50", "p99", "p99.9", "max"],
                   _percentiles(_with_whole_counts(row), proxies, ("units", "failed"))), ""]


def _with_whole_counts(row):
    return {**row, "by": {name: {**each, **({"units": int(each["units"])} if "units" in each else {})}
                          for name, each in row["by"].items()}}


def _workers(rows, proxies, about):
    one, two = rows.get("h1-small"), rows.get("two-workers")
    if one is None or two is None:
        return []
    lines = []
    for name in proxies:
        first, second = one["by"].get(name, {}), two["by"].get(name, {})
        if "cost" in first and "cost" in second:
            lines.append([name, f"{second['cost'] / first['cost']:.2f}", f"{second['rate'] / first['rate']:.2f}"])
    shared = ("" if about["machine"]["cores"] >= 4 else
              "\nThis machine has too few cores for that: load and origin run on a core of the proxy's, so the rate says "
              "nothing.")
    return ["## From one worker to two", "",
            "The cost of a request with two workers over that with one (1 is no contention), and the rate likewise." + shared,
            "", _table(["", "cost", "rate"], lines), ""]


def _method(about):
    return f"""## Method

- Each proxy runs on cores of its own, as many as it has workers (one unless the row says two). Load generators and
  origin share the others; one nginx with static files is the origin of all.
- Cost is the CPU time of a proxy's process and all below it, over the units of work that succeeded. It is far
  steadier than units a second on a machine that is not alone.
- All proxies of a row are alive at the same time and take turns (A B C A B C); the median of the rounds is shown.
- Memory is the proportional set size: of {about['idle_connections']:,} idle connections that have had one answer each
  (10,000 where the system gives enough open files: two for each, and some), or of {about['certificates']:,} certificates
  (P-256, each with its own key) beside a start with one.
- Loads are wrk, h2load and curl; what those cannot do (a fixed rate, tickets, many names, idle connections, WebSockets)
  `bench/load` does. WebSockets and gRPC are answered by python3-websockets and python3-grpcio.
- Cardea runs with its default configuration, the others as `bench/compare/proxies.py` says, with Debian's packages.
- A dash is something the proxy cannot do. What failed is counted beside the figure."""
