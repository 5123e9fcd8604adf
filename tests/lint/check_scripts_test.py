#!/usr/bin/env python3
"""Each rule of check_scripts.py, shown a script that breaks it."""
import os

import check_scripts
import small_tree

GOOD = "#!/usr/bin/env bash\nset -euo pipefail\n# --help\ntrue\n"


class check_scripts_test(small_tree.case):
    def problems(self, text, mode=0o755):
        os.chmod(self.write({"deploy/a.sh": text}), mode)
        return list(check_scripts.check(self.dir))

    def test_a_good_script(self):
        self.assertEqual(self.problems(GOOD), [])

    def test_what_every_script_needs(self):
        self.assertEqual(self.problems("#!/usr/bin/env bash\n", 0o644), [
            "deploy/a.sh:1: set -euo pipefail is missing", "deploy/a.sh:1: does not answer --help",
            "deploy/a.sh:1: is not executable"])
        self.assertEqual(self.problems(GOOD.replace("env bash", "env sh"))[0],
                         "deploy/a.sh:1: begins with #!/usr/bin/env bash")

    def test_what_shellcheck_finds(self):
        found = self.problems(GOOD + 'rm $1\n')
        self.assertEqual(len(found), 1, found)
        self.assertIn("deploy/a.sh:5:4: note: Double quote to prevent globbing", found[0])

    def test_the_hook_of_the_ci_is_looked_at_too(self):
        self.write({".ci/run": "exit 0\n"})
        self.assertIn(".ci/run:1: set -euo pipefail is missing", list(check_scripts.check(self.dir)))


if __name__ == "__main__":
    small_tree.main()
