#!/usr/bin/env python3
"""Length of files and functions: a hard cap, and a ratchet for what was longer before.

budgets.txt holds the exceptions, `PATH FUNCTION LINES` a line. An exception may
only shrink: a function that grew is refused, one that shrank has to be written
down with its new length (or struck out). `--list N` shows the N longest.
"""
import bisect
import os
import re
import statistics
import sys

import source_tree

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70

_NOT_A_FUNCTION = re.compile(r"^(?:(?:inline|export)\s+)*(?:namespace|class|struct|enum|union|extern)\b")
_INITIALISER = re.compile(r"(?<!:)[:,]\s*[A-Za-z_][\w:]*(?:<[^<>]*>)?\s*$")
_NAME = re.compile(r"((?:\w+(?:<[^<>()]*>)?::)*(?:operator\s*\(\s*\)|operator\s*[^\s(]+|~?\w+))\s*\(")
_INSIDE = {"function": "inner", "inner": "inner", "part": "part"}  # what a brace opens there, whatever its head
_LABEL = re.compile(r"^(?:\s*(?:public|private|protected)\s*:)*\s*")


def functions(text):
    """[(name, first line, lines)] of the functions that have a body, by counting braces."""
    code = re.sub(r"(?m)^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), source_tree.bare_code(text))
    ends = [m.start() for m in re.finditer("\n", code)]
    line_of = lambda offset: bisect.bisect_left(ends, offset) + 1
    out, scopes, head_start, parens = [], [], 0, 0
    for match in re.finditer(r"[{}();]", code):
        char, at = match.group(0), match.start()
        if char == "(":
            parens += 1
        elif char == ")":
            parens -= 1
        elif char == "{":
            head = code[head_start:at]
            kind = _INSIDE.get(scopes[-1][0] if scopes else "") or kind_of(head, parens)
            begin = head_start + _LABEL.match(head).end()
            scopes.append((kind, begin, name_of(code[begin:at]), parens))
            parens = 0
            if kind != "part":
                head_start = at + 1
        elif char == "}" and scopes:
            kind, begin, name, parens = scopes.pop()
            if kind == "function":
                first = line_of(begin)
                out.append((name, first, line_of(at) - first + 1))
            if kind != "part":
                head_start = at + 1
        elif char == ";" and parens == 0 and not (scopes and scopes[-1][0] == "part"):
            head_start = at + 1
    return out


def kind_of(head, parens):
    stripped = head[_LABEL.match(head).end():]
    if parens:
        return "part"  # a braced value or a lambda among arguments
    if _NOT_A_FUNCTION.match(re.sub(r"^template\s*<.*?>\s*(?=\w)", "", stripped, flags=re.S)):
        return "block"
    if "(" not in stripped or re.search(r"(?<![=!<>])=\s*$", stripped):
        return "part"
    if _INITIALISER.search(stripped):
        return "part"
    return "function"


def name_of(head):
    test = re.match(r"\s*(?:TEST|TEST_F|TEST_P|BENCHMARK\w*)\s*\(([^)]*)\)", head)
    if test:
        return re.sub(r"\s*,\s*", ".", test.group(1).strip())
    match = _NAME.search(head)
    return re.sub(r"\s+", "", match.group(1)) if match else "?"


def read_budgets(path):
    budgets = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                fields = line.split("#", 1)[0].split()
                if fields:
                    budgets[fields[0], fields[1]] = int(fields[2])
    return budgets


def check(source_dir, budgets):
    """(problems, [(length of file, path)], [(length of function, path, name)])"""
    problems, file_sizes, sizes, unused = [], [], [], dict(budgets)
    for path in source_tree.files(source_dir, source_tree.CODE + (".py", ".sh")):
        text = source_tree.read(source_dir, path)
        file_sizes.append((text.count("\n"), path))
        if file_sizes[-1][0] > FILE_LINES_MAX:
            problems.append(f"{path}:1: {file_sizes[-1][0]} lines, at most {FILE_LINES_MAX}: split it by its nouns")
        if not path.endswith(source_tree.CODE):
            continue
        for name, line, length in functions(text):
            sizes.append((length, path, name))
            allowed = unused.pop((path, name), FUNCTION_LINES_MAX)
            if length > allowed:
                problems.append(f"{path}:{line}: {name} has {length} lines, at most {allowed}")
            elif (path, name) in budgets and length < allowed:
                new = f"write {length}" if length > FUNCTION_LINES_MAX else "strike it out"
                problems.append(f"{path}:{line}: {name} shrank from {allowed} to {length} lines: {new} in budgets.txt")
    problems += [f"{p}:1: {n} is in budgets.txt but not there" for p, n in unused]
    return problems, file_sizes, sizes


def spread(values):
    values = sorted(values) or [0]
    return f"median {statistics.median(values):g}, p95 {values[int(len(values) * 0.95)]}, longest {values[-1]}"


def main():
    source_dir = source_tree.source_dir_argument()
    budgets = read_budgets(os.path.join(source_dir, "tests/lint/budgets.txt"))
    problems, file_sizes, sizes = check(source_dir, budgets)
    if "--list" in sys.argv:
        for length, path, name in sorted(sizes, reverse=True)[:int(sys.argv[sys.argv.index("--list") + 1])]:
            print(f"{length:4} {path} {name}")
    code = [n for n, path in file_sizes if path.endswith(source_tree.CODE)]
    print(f"lines of a file: {spread(code)}; of a function: {spread([n for n, _, _ in sizes])}")
    return source_tree.report("budgets", problems, f"{len(code)} files, {len(sizes)} functions")


if __name__ == "__main__":
    sys.exit(main())
