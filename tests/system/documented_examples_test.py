#!/usr/bin/env python3
"""Every YAML example in README.md, docs/ and deploy/ is a configuration that `cardea validate` accepts.

A ```yaml block whose first line is a comment with a file name stands for that
file: `# config/config.yml`, or another name in config/ for a route file. The
config.yml of a page is checked together with the page's other files. A block
that begins otherwise is a part of config.yml's top level. A block with a file
name outside of config/ belongs to another program. Files named certs/*.pem are there.
"""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness

SOURCE_DIR = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MAIN = "config/config.yml"
SOME_ROUTE = "app:\n  host: 127.0.0.1\n  port: 3000\n"


class example:
    def __init__(self, page, line, text):
        self.page, self.line, self.text = page, line, text
        name = re.match(r"#\s*([\w./-]+\.ya?ml)\b", text)
        self.file = name.group(1) if name else MAIN
        self.is_fragment = not name

    def __str__(self):
        return f"{self.page}:{self.line}"


def examples(page):
    """The ```yaml blocks of a page, those within a list too."""
    with open(os.path.join(SOURCE_DIR, page), encoding="utf-8") as file:
        text = file.read()
    for block in re.finditer(r"(?m)^([ \t]*)```ya?ml[^\n]*\n(.*?)^[ \t]*```[ \t]*$", text, re.S):
        line = text.count("\n", 0, block.start()) + 1
        yield example(page, line, re.sub(f"(?m)^{block.group(1)}", "", block.group(2)))


def pages():
    return [name for name in ["README.md"] + sorted(glob.glob("docs/**/*.md", root_dir=SOURCE_DIR, recursive=True))
            + sorted(glob.glob("deploy/*.md", root_dir=SOURCE_DIR)) if os.path.exists(os.path.join(SOURCE_DIR, name))]


class documented_examples(harness.case):
    def assert_valid(self, text, files, what):
        """`text` as config/config.yml beside these files; included ones that nobody shows get a route."""
        self.count = getattr(self, "count", 0) + 1
        folder = self.path(str(self.count))
        for name, content in {**files, MAIN: text}.items():
            self.write(f"{self.count}/{name}", content)
        for names in re.findall(r"(?m)^\s*include:\s*\[([^\]]*)\]", text):
            for name in names.split(","):
                included = os.path.join(str(self.count), "config", name.strip(" \"'"))
                if not os.path.exists(self.path(included)):
                    self.write(included, SOME_ROUTE)
        everything = "".join([text, *files.values()])
        for name in set(re.findall(r"\bcerts/[\w-]+\.pem\b", everything)):
            self.write(f"{self.count}/{name}", self.pair())
        variables = {name: "value-of-a-variable" for name in re.findall(r"\$\{(\w+)", everything)}
        end = cardea.run("validate", folder=folder, env=variables)
        self.assertEqual(end.returncode, 0, f"{what}:\n{text}\n{end.stdout}{end.stderr}")
        self.assertNotIn("warning", end.stderr, f"{what}:\n{text}")

    def pair(self):
        """A certificate and its key in one text: what a documented .pem file may be."""
        path = self.path("example.crt")
        if not os.path.exists(path):
            certificates.make_ca(self.dir, "example")
        return self.read("example.crt") + self.read("example.key")

    def test_examples_of_each_page_are_valid(self):
        self.assertTrue(list(examples("README.md")), "examples are found")
        for page in pages():
            found = list(examples(page))
            files = {each.file: each.text for each in found
                     if not each.is_fragment and each.file.startswith("config/") and each.file != MAIN}
            for each in found:
                with self.subTest(str(each)):
                    if each.file == MAIN:
                        self.assert_valid(each.text, files, each)
                    elif each.file in files:
                        name = os.path.basename(each.file)
                        self.assert_valid(f"providers:\n  include: [{name}]\n", {each.file: each.text}, each)

    def test_examples_in_deploy_are_valid(self):
        with open(os.path.join(SOURCE_DIR, "deploy/config.example.yml"), encoding="utf-8") as file:
            config = file.read()
        with open(os.path.join(SOURCE_DIR, "deploy/routes.example.yml"), encoding="utf-8") as file:
            routes = file.read()
        self.assert_valid(config, {"config/routes.example.yml": routes}, "deploy/config.example.yml")

    def test_an_example_that_is_wrong_is_noticed(self):
        with self.assertRaisesRegex(AssertionError, "did you mean"):
            self.assert_valid("entrypiont: {}\n", {}, "a mistake")


if __name__ == "__main__":
    harness.main()
