#!/usr/bin/env python3
"""The commands that print something and end: version, dns-providers, certs."""
import datetime
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness


class commands(harness.case):
    def printed(self, *arguments):
        end = cardea.run(*arguments, folder=self.dir)
        self.assertEqual((end.returncode, end.stderr), (0, ""), arguments)
        return end.stdout

    def test_version_names_the_libraries(self):
        self.assertRegex(self.printed("version"), r"\Acardea \d+\.\d+\.\d+.*\nOpenSSL 3\.[\s\S]*Boost 1\.")

    def test_version_says_whether_the_library_has_a_post_quantum_group(self):
        library = harness.run("openssl", "version").stdout
        has_it = tuple(map(int, library.split()[1].split(".")[:2])) >= (3, 5)
        self.assertRegex(self.printed("version"), r"\nX25519MLKEM768: " + ("yes" if has_it else "no, "))

    def test_dns_providers_are_listed_each_with_its_options(self):
        names = [line.split()[0] for line in self.printed("dns-providers").splitlines() if line]
        for name in ("cloudflare", "exec", "httpreq", "rfc2136"):
            self.assertIn(name, names)
            self.assertIn("propagation_timeout", self.printed("dns-providers", name))
        self.assertIn("auth_token", self.printed("dns-providers", "cloudflare"))
        wrong = cardea.run("dns-providers", "cloudfare", folder=self.dir)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("did you mean 'cloudflare'?", wrong.stderr)

    def test_certs_shows_what_is_managed_until_when_and_what_is_missing(self):
        ca = certificates.make_ca(self.dir, "some-ca")
        cert, key = certificates.make_leaf(self.dir, "main", ["app.example.test"], ca)
        self.write("config/config.yml", f"""autocert:
  provider: local
  domains: [app.example.test]
  cert_path: {cert}
  key_path: {key}
  extra:
    - cert_path: certs/missing.crt
      key_path: certs/missing.key
      domains: [other.test]
""")
        lines = self.printed("certs").splitlines()
        main, extra = (next(line for line in lines if line.startswith(name)) for name in ("main", "extra[0]"))
        until = datetime.datetime.fromtimestamp(certificates.leaf.on_disk(cert).not_after, datetime.timezone.utc)
        for part in ("app.example.test", "some-ca", until.strftime("%Y-%m-%dT%H:%M:%SZ")):
            self.assertIn(part, main)
        self.assertIn("other.test", extra)
        self.assertIn("error    there is no certs/missing.crt yet", lines[-1])

    def test_b71_certs_shows_the_records_that_have_to_stand(self):
        self.write("config/config.yml", """autocert:
  provider: custom
  email: operator@example.test
  ca_dir_url: https://ca.test/directory
  domains: [app.example.test]
  challenge: [dns-persist-01, http-01]
  extra:
    - cert_path: certs/other.crt
      key_path: certs/other.key
      domains: [other.test]
    - cert_path: certs/third.crt
      key_path: certs/third.key
      challenge: http-01
""")
        record = '_validation-persist.app.example.test. TXT "ca.test; accounturi=https://ca.test/acct/1"\n'
        digest = hashlib.sha256(b"https://ca.test/directory").hexdigest()[:16]
        self.write(f"certs/cert.crt.dns-persist-{digest}", record)
        shown = self.printed("certs")
        self.assertIn(f"main: dns-persist-01 needs these records for https://ca.test/directory\n{record}", shown)
        self.assertIn("extra[0]: dns-persist-01 needs records that are known once cardea run has an account at "
                      "https://ca.test/directory\n", shown)
        self.assertNotIn("extra[1]: dns-persist-01", shown)

    def test_help_is_no_error(self):
        text = self.printed("--help")
        for command in ("run", "validate", "certs", "dns-providers", "version"):
            self.assertIn(command, text)


if __name__ == "__main__":
    harness.main()
