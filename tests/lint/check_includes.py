#!/usr/bin/env python3
"""Module edges, include cycles, third-party headers and dead files, by modules.txt."""
import fnmatch
import os
import re
import sys

import source_tree

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)
_FREE = ("tests/", "bench/")  # may include everything


def read_rules(path):
    """modules.txt as {section: [(name, [entries])]}."""
    rules, section = {"modules": [], "third-party": [], "roots": []}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split("#", 1)[0].strip()
            if line.startswith("["):
                section = line.strip("[]")
            elif line:
                name, _, entries = line.partition(":")
                rules[section].append((name.strip(), entries.split()))
    return rules


def includes_of(source_dir, path):
    """[(line number, quoted, target)] of one file."""
    text = source_tree.read(source_dir, path)
    return [(text.count("\n", 0, m.start()) + 1, m.group(1) == '"', m.group(2)) for m in _INCLUDE.finditer(text)]


def component(path):
    return os.path.splitext(path)[0]


class checker:
    def __init__(self, source_dir, rules_path):
        self.rules = read_rules(rules_path)
        self.rows = dict(self.rules["modules"])
        self.paths = source_tree.files(source_dir)
        self.known = set(self.paths)
        self.includes = {p: includes_of(source_dir, p) for p in self.paths}

    def row_of(self, path):
        folder = os.path.dirname(path)
        while folder and folder not in self.rows:
            folder = os.path.dirname(folder)
        return folder

    def missing_rows(self):
        split = {row.split("/")[0] for row in self.rows if "/" in row}
        seen = set()
        for path in self.paths:
            parts = path.split("/")
            folder = "/".join(parts[:2])
            if path.startswith(_FREE) or (parts[0] in self.rows and (len(parts) < 3 or parts[0] not in split)):
                continue
            if folder not in self.rows and folder not in seen:
                seen.add(folder)
                yield f"{path}:1: {os.path.dirname(folder) if len(parts) < 3 else folder} has no row in modules.txt"

    def edges(self):
        for path in self.paths:
            if path.startswith(_FREE):
                continue
            row = self.row_of(path)
            allowed = self.rows.get(row, [])
            for line, quoted, target in self.includes[path]:
                if not quoted:
                    continue
                if target not in self.known:
                    yield f'{path}:{line}: "{target}" is not a file of this tree (paths start at its root)'
                elif target.startswith(_FREE):
                    yield f"{path}:{line}: production code includes {target}"
                elif "*" not in allowed and not any(
                        target == entry or target.startswith(entry + "/") for entry in [row, *allowed]):
                    yield f"{path}:{line}: {row} may not include {target} (allowed: {' '.join(allowed) or 'nothing'})"

    def own_header_first(self):
        for path in self.paths:
            header = component(path) + ".hpp"
            if not path.endswith(".cpp") or header not in self.known:
                continue
            first = next((target for _, _, target in self.includes[path]), None)
            if first != header:
                yield f'{path}:1: the first include must be "{header}", which proves it self-contained'

    def third_party(self):
        for path in self.paths:
            for line, _, target in self.includes[path]:
                for prefix, places in self.rules["third-party"]:
                    if not target.startswith(prefix) or path.startswith(_FREE):
                        continue
                    if not any(fnmatch.fnmatch(path, place.replace("**", "*")) for place in places):
                        yield f"{path}:{line}: <{target}> is not for here (allowed: {' '.join(places)})"

    def cycles(self):
        graph = {}
        for path in self.paths:
            edges = graph.setdefault(component(path), set())
            edges.update(component(t) for _, quoted, t in self.includes[path] if quoted and t in self.known)
            edges.discard(component(path))
        for knot in strong_components(graph):
            if len(knot) > 1:
                yield f"include cycle: {' -> '.join(one_cycle(graph, knot))}"

    def dead(self):
        roots = [name for name, _ in self.rules["roots"]]
        missing = [root for root in roots if root not in self.known]
        yield from (f"{root}:1: a root in modules.txt that does not exist" for root in missing)
        if missing:
            return  # everything would seem dead
        # A .cpp belongs to its header; one without belongs to the headers of its own folder that it includes.
        bodies = {}
        for path in self.paths:
            if not path.endswith(".cpp"):
                continue
            own = component(path) + ".hpp"
            near = [t for _, q, t in self.includes[path] if q and os.path.dirname(t) == os.path.dirname(path)]
            for header in [own] if own in self.known else near:
                bodies.setdefault(header, []).append(path)
        todo = [p for p in self.paths if p in roots or (p.startswith(_FREE) and p.endswith(".cpp"))]
        reached = set(todo)
        while todo:
            path = todo.pop()
            for target in [t for _, _, t in self.includes[path] if t in self.known] + bodies.get(path, []):
                if target not in reached:
                    reached.add(target)
                    todo.append(target)
        for path in self.paths:
            if path not in reached:
                yield f"{path}:1: dead: neither the program nor a test, benchmark or fuzz target reaches it"


def strong_components(graph):
    """Tarjan's algorithm without recursion over {node: {successor}}."""
    index, low, on_stack, stack, out = {}, {}, set(), [], []
    for start in sorted(graph):
        if start in index:
            continue
        work = [(start, iter(sorted(graph[start])))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, rest = work[-1]
            for successor in rest:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(sorted(graph.get(successor, ())))))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    out.append(stack[cut:])
                    on_stack.difference_update(stack[cut:])
                    del stack[cut:]
    return out


def one_cycle(graph, knot):
    """A shortest way from the first of the knot back to itself."""
    start = min(knot)
    inside, todo = set(knot), [[start]]
    seen = set()
    while todo:
        way = todo.pop(0)
        for successor in sorted(graph[way[-1]] & inside):
            if successor == start:
                return way + [start]
            if successor not in seen:
                seen.add(successor)
                todo.append(way + [successor])
    return sorted(knot)


def main():
    source_dir = source_tree.source_dir_argument()
    check = checker(source_dir, os.path.join(source_dir, "tests/lint/modules.txt"))
    problems = [p for part in (check.missing_rows, check.edges, check.own_header_first, check.third_party,
                               check.cycles, check.dead) for p in part()]
    edges = sum(1 for found in check.includes.values() for _, quoted, _ in found if quoted)
    return source_tree.report("includes", problems, f"{len(check.paths)} files, {edges} edges, 0 cycles")


if __name__ == "__main__":
    sys.exit(main())
