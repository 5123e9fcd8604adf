"""What the checks share: the files of the tree, and C++ text without comments and literals."""
import os
import re
import sys

CODE = (".hpp", ".cpp")
TEXT = CODE + (".py", ".sh", ".md", ".txt", ".yml", ".yaml", ".json", ".cmake", ".service")
MODULES = ("base", "config", "dnsproviders", "autocert", "proxy", "api", "app")
_SKIPPED = {".git", "build", "certs", "run", "__pycache__", "third_party"}


def files(source_dir, endings=CODE):
    """Paths below source_dir, relative and sorted, whose names end so."""
    found = []
    for folder, folders, names in os.walk(source_dir):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in names:
            if name.endswith(endings):
                found.append(os.path.relpath(os.path.join(folder, name), source_dir))
    return sorted(found)


def read(source_dir, path):
    with open(os.path.join(source_dir, path), encoding="utf-8") as file:
        return file.read()


_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s"]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def bare_code(text):
    """The text with comments and the insides of literals blanked, line numbers and columns kept."""

    def blank(match):
        whole = match.group(0)
        before = text[match.start() - 1] if match.start() else " "
        if whole[0] == "'" and before.isalnum():  # a digit separator: 1'000
            return whole
        body = re.sub(r"[^\n]", " ", whole)
        return body if whole[0] == "/" else '"' + body[1:-1] + '"'

    return _LITERAL.sub(blank, text)


def report(name, problems, summary):
    """Prints the problems, or the summary; the exit code for both."""
    for problem in problems:
        print(problem)
    print(f"{name}: {len(problems)} problem(s)" if problems else f"{name}: {summary}")
    return 1 if problems else 0


def source_dir_argument():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(f"usage: {os.path.basename(sys.argv[0])} SOURCE_DIR")
        sys.exit(0 if len(sys.argv) > 1 else 2)
    return sys.argv[1]
