#!/usr/bin/env python3
"""Shell scripts by shellcheck; each answers --help and begins strictly."""
import os
import shutil
import subprocess
import sys

import source_tree


def scripts(source_dir):
    found = source_tree.files(source_dir, (".sh",))
    return found + [".ci/run"] if os.path.exists(os.path.join(source_dir, ".ci/run")) else found


def check(source_dir):
    for path in scripts(source_dir):
        text = source_tree.read(source_dir, path)
        if not text.startswith("#!/usr/bin/env bash\n"):
            yield f"{path}:1: begins with #!/usr/bin/env bash"
        if "\nset -euo pipefail\n" not in text:
            yield f"{path}:1: set -euo pipefail is missing"
        if path.endswith(".sh") and "--help" not in text:
            yield f"{path}:1: does not answer --help"
        if not os.access(os.path.join(source_dir, path), os.X_OK):
            yield f"{path}:1: is not executable"
    found = [os.path.join(source_dir, path) for path in scripts(source_dir)]
    if found and not shutil.which("shellcheck"):
        yield "shellcheck is not there: deploy/packages.sh test installs it"
    elif found:
        yield from subprocess.run(["shellcheck", "--format=gcc", *found], capture_output=True, text=True,
                                  check=False).stdout.replace(source_dir.rstrip("/") + "/", "").splitlines()


def main():
    source_dir = source_tree.source_dir_argument()
    return source_tree.report("scripts", list(check(source_dir)), f"{len(scripts(source_dir))} scripts")


if __name__ == "__main__":
    sys.exit(main())
