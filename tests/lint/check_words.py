#!/usr/bin/env python3
"""Identifiers and phrases that must not stand in the tree, by words.txt."""
import fnmatch
import os
import re
import sys

import source_tree

_EXEMPT = ("tests/lint/",)  # the rules and their tests name what they forbid


class rule:
    def __init__(self, line):
        fields = re.split(r"\s*(?<!\\)\|\s*", line.strip(), maxsplit=3)
        self.where, self.excepted = fields[0], fields[1].split()
        self.pattern = re.compile(fields[2].replace(r"\|", "|"), re.M)
        self.advice = fields[3]

    def holds_for(self, path):
        return not any(fnmatch.fnmatch(path, pattern) for pattern in self.excepted)


def read_rules(path):
    with open(path, encoding="utf-8") as file:
        return [rule(line) for line in file if line.strip() and not line.startswith("#")]


def check(source_dir, rules):
    for path in source_tree.files(source_dir, source_tree.TEXT):
        if path.startswith(_EXEMPT):
            continue
        text = source_tree.read(source_dir, path)
        bare = source_tree.bare_code(text) if path.endswith(source_tree.CODE) else ""
        for one in rules:
            if not one.holds_for(path):
                continue
            for match in one.pattern.finditer(bare if one.where == "code" else text):
                line = text.count("\n", 0, match.start()) + 1
                found = " ".join(match.group(0).split())
                yield f"{path}:{line}: {found}: {one.advice}"


def main():
    source_dir = source_tree.source_dir_argument()
    rules = read_rules(os.path.join(source_dir, "tests/lint/words.txt"))
    return source_tree.report("words", list(check(source_dir, rules)), f"{len(rules)} rules")


if __name__ == "__main__":
    sys.exit(main())
