#!/usr/bin/env python3
"""deploy/quickstart.sh around a program that is built already: it starts, shows, and leaves nothing running."""
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import harness

SOURCE_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class quickstart(harness.case):
    def setUp(self):
        super().setUp()
        os.makedirs(self.path("deploy"))
        shutil.copy(os.path.join(SOURCE_DIR, "deploy/quickstart.sh"), self.path("deploy"))
        for name in ("packages.sh", "build.sh"):  # what they do takes a network and minutes
            self.write(f"deploy/{name}", "#!/bin/sh\necho \"$0 $*\"\n")
            os.chmod(self.path("deploy", name), 0o755)
        os.makedirs(self.path("build/release/app"))
        os.symlink(harness.binary, self.path("build/release/app/cardea"))
        self.https, self.http, self.api = (harness.free_port() for _ in range(3))

    def run_script(self, *more):
        return self.start("quickstart", [self.path("deploy/quickstart.sh"), *more, "--https", f"127.0.0.1:{self.https}",
                                         "--http", f"127.0.0.1:{self.http}"],
                          {"CARDEA_API_ADDR": f"127.0.0.1:{self.api}"})

    def assert_nothing_runs(self):
        for port in (self.https, self.http, self.api):
            self.assertFalse(harness.listens(port), port)

    def test_check_shows_the_page_and_ends_twice_in_a_row(self):
        for _ in range(2):
            script = self.run_script("--check")
            self.assertEqual(script.child.wait(60), 0, script.log())
            self.assertIn("packages.sh build run", script.log())
            self.assertIn("build.sh release cardea", script.log())
            self.assertIn(f"curl --cacert certs/internal-root.crt https://localhost:{self.https}/", script.log())
            self.assertIn("<html", script.log().lower())
            self.assert_nothing_runs()

    def test_it_stays_until_it_is_told_to_stop(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            script = self.run_script()
            script.wait_for_log("running; try: +curl --cacert", 30)
            self.assertTrue(harness.listens(self.https))
            self.assertEqual(script.stop(number), 0, number)
            self.assert_nothing_runs()

    def test_a_port_that_is_taken_is_an_error_that_names_it(self):
        other = self.start("other", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(self.https)])
        other.wait_for_port(self.https)
        script = self.run_script("--check")
        self.assertNotEqual(script.child.wait(60), 0)
        self.assertIn(f"127.0.0.1:{self.https}", script.log().split("starting cardea", 1)[1].split("\n", 1)[1])
        self.assertFalse(harness.listens(self.http))


if __name__ == "__main__":
    harness.main()
