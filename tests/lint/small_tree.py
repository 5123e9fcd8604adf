"""A temporary source tree for the tests of the checks."""
import os
import shutil
import sys
import tempfile
import unittest


class case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="cardea-lint-")
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, files):
        """Creates {path: text}; the full path of the last one."""
        for path, text in files.items():
            full = os.path.join(self.dir, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        return full


def main():
    # ctest passes the source directory to everything in this folder; a test does not need it.
    unittest.main(argv=sys.argv[:1])
