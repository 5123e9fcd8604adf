#!/usr/bin/env python3
"""A bad configuration: `validate` and `run` both refuse it, list every error with its place, and keep secrets."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, harness

SECRETS = ("c2VjcmV0LXRzaWc", "s3cr3t-token", "s3cr3t-hmac", "hunter2")

SEVERAL = ({"config.yml": """autocert:
  provider: cloudfare
  email: nobody
  domains: [example.test, "*.*.example.test"]
  certificate_key_type: EC257
  extra:
    - cert_path: certs/cert.crt
      key_path: certs/other.key
entrypoint:
  http_addr: 80
  thread: 2
match_domians: [example.test]
timeout_shutdown: soon
providers:
  include: [routes.yml, nowhere.yml]
""", "routes.yml": """app:
  prot: 3000
web:
  port: 99999
  scheme: htps
"""}, [
    'config/config.yml:2:13: autocert.provider: main: unknown provider "cloudfare"; did you mean "cloudflare"?',
    'config/config.yml:3:10: autocert.email: main: expected an e-mail address, found "nobody"',
    'config/config.yml:4:27: autocert.domains[1]: main: invalid domain "*.*.example.test"',
    "config/config.yml:5:25: autocert.certificate_key_type: main: expected EC256, EC384, RSA2048, RSA3072, RSA4096 or "
    'RSA8192, found "EC257"',
    'config/config.yml:7:18: autocert.extra[0].cert_path: extra[0]: duplicated path "certs/cert.crt", first seen as '
    "cert_path of main (its default)",
    "config/config.yml:10:14: entrypoint.http_addr: expected an address to listen on (host:port, :port, or \"\" for "
    'off), found "80"; write ":80"',
    'config/config.yml:11:3: entrypoint.thread: unknown key; did you mean "threads"?',
    'config/config.yml:12:1: match_domians: unknown key; did you mean "match_domains"?',
    'config/config.yml:13:19: timeout_shutdown: expected a duration from 0s to 1h, found "soon"',
    "config/config.yml:15:25: providers.include[1]: no such file: config/nowhere.yml (names are relative to the folder "
    "of this file)",
    'config/routes.yml:2:3: app.prot: unknown key; did you mean "port"?',
    'config/routes.yml:4:9: web.port: expected a port from 1 to 65535, found "99999"',
    'config/routes.yml:5:11: web.scheme: expected http, https, h2c, fileserver, tcp or udp, found "htps"; did you mean "https"?',
])

# name -> (files below config/, the whole list of errors)
BAD = {
    "several mistakes in two files": SEVERAL,
    "no file": ({}, ["config/config.yml: no such file; create it or name another one with --config"]),
    "no YAML": ({"config.yml": "autocert: {options: [s3cr3t-token\n"},
                ["config/config.yml:2:1: invalid YAML: end of sequence flow not found"]),
    "a tab": ({"config.yml": "api:\n\taddr: \":80\"\n"}, ["config/config.yml:2:6: invalid YAML: illegal map value"]),
    "a list": ({"config.yml": "- autocert\n"}, ["config/config.yml:1:1: expected a mapping, found a list"]),
    "a folder": ({"config.yml/file": ""}, ["config/config.yml: not a regular file"]),
    "a key twice": ({"config.yml": "api:\n  addr: \":1\"\n  addr: \":2\"\n"},
                    ["config/config.yml:3:3: api.addr: duplicate key, first at line 2, column 3"]),
    "a variable that is not set": (
        {"config.yml": "autocert:\n  provider: cloudflare\n  email: a@b.test\n  domains: [example.test]\n"
                       "  options: {auth_token: \"${NOT_SET_HERE}\"}\n"},
        ["config/config.yml:5:25: autocert.options.auth_token: ${NOT_SET_HERE}: the environment variable "
         "NOT_SET_HERE is not set"]),
    "half of an external account": (
        {"config.yml": "autocert:\n  provider: cloudflare\n  email: a@b.test\n  domains: [example.test]\n"
                       "  options: {auth_token: s3cr3t-token}\n  eab_hmac: s3cr3t-hmac\n"},
        ["config/config.yml:1:1: autocert.eab_kid: main: missing field eab_kid: eab_kid and eab_hmac go together"]),
    "an extra without paths": (
        {"config.yml": "autocert:\n  extra:\n    - domains: [a.example.test]\n"},
        ["config/config.yml:3:7: autocert.extra[0].cert_path: extra[0]: missing field cert_path: every extra needs its "
         "own",
         "config/config.yml:3:7: autocert.extra[0].key_path: extra[0]: missing field key_path: every extra needs its "
         "own"]),
    "a password in a host": (
        {"config.yml": "providers: {include: [routes.yml]}\n", "routes.yml": "app: {host: \"http://me:hunter2@x\"}\n"},
        ['config/routes.yml:1:13: app.host: expected a host name or an IP address, found "http://***@x"; write scheme, '
         "host and port apart"]),
    "what GoDoxy has and Cardea has not": (
        {"config.yml": "providers:\n  docker: {local: $DOCKER_HOST}\nacl: {default: deny}\n"},
        ["config/config.yml:2:3: providers.docker: known from GoDoxy but not supported by this version of Cardea; "
         "remove it",
         "config/config.yml:3:1: acl: known from GoDoxy but not supported by this version of Cardea; remove it"]),
}


# What only the providers themselves know is wrong, in both certificates.
BAD_OPTIONS = """autocert:
  provider: cloudflare
  email: a@b.test
  domains: [example.test]
  options:
    auth_tokn: s3cr3t-token
  extra:
    - cert_path: certs/other.crt
      key_path: certs/other.key
      provider: rfc2136
      options:
        nameserver: "127.0.0.1:99999"
        tsig_secret: c2VjcmV0LXRzaWc=
"""


class bad_config(harness.case):
    def commands(self, files, folder="."):
        """(command, its finished process) of both that read this configuration."""
        os.makedirs(self.path(folder), exist_ok=True)
        for name, text in files.items():
            self.write(f"{folder}/config/{name}", text)
        for command in ("validate", "run"):
            yield command, cardea.run(command, folder=self.path(folder), seconds=10)

    def test_every_error_is_listed_at_once_with_its_place(self):
        for name, (files, errors) in BAD.items():
            for command, end in self.commands(files, name.replace(" ", "-")):
                with self.subTest(name, command=command):
                    self.assertEqual(end.returncode, 1)
                    listed = [line for line in end.stderr.splitlines() if line.startswith("config/")]
                    self.assertEqual(listed, errors)
                    self.assertEqual(end.stdout, "")
                    for secret in SECRETS:
                        self.assertNotIn(secret, end.stderr)

    def test_options_that_a_provider_refuses_are_listed_with_their_places(self):
        for command, end in self.commands({"config.yml": BAD_OPTIONS}):
            with self.subTest(command=command):
                self.assertEqual(end.returncode, 1)
                self.assertRegex(end.stderr, r"(?m)^config/config\.yml:6:5: autocert\.options\.auth_tokn: main: .*did you "
                                             "mean .?auth_token")
                self.assertRegex(end.stderr, r"(?m)^config/config\.yml:12:\d+: autocert\.extra\[0\]\.options\."
                                             r"nameserver: extra\[0\]: .*127\.0\.0\.1:99999.*expected IP")
                for secret in SECRETS:
                    self.assertNotIn(secret, end.stderr)

    def test_validate_says_how_many_there_are(self):
        end = next(self.commands(SEVERAL[0]))[1]
        self.assertEqual(end.stderr.splitlines()[-1], f"{len(SEVERAL[1])} errors")

    def test_a_good_file_is_no_error_and_a_missing_subcommand_is_one(self):
        self.write("config/config.yml", "providers: {include: [routes.yml]}\n")
        self.write("config/routes.yml", "app: {port: 3000}\n")
        good = cardea.run("validate", folder=self.dir)
        self.assertEqual((good.returncode, good.stderr), (0, ""))
        self.assertIn("no errors", good.stdout)
        for wrong in ((), ("serve",), ("run", "--confg", "x"), ("validate", "--config")):
            self.assertNotEqual(cardea.run(*wrong, folder=self.dir).returncode, 0, wrong)

    def test_addresses_in_use_are_errors_that_name_them(self):
        taken = self.start("other", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1",
                                     str(port := harness.free_port())])
        taken.wait_for_port(port)
        free = {key: f"127.0.0.1:{harness.free_port()}" for key in ("http", "https", "api")}
        for key in free:
            ports = {**free, key: f"127.0.0.1:{port}"}
            self.write("config/config.yml", f"entrypoint: {{http_addr: '{ports['http']}', https_addr: "
                                            f"'{ports['https']}'}}\napi: {{addr: '{ports['api']}'}}\n")
            end = cardea.run("run", folder=self.dir, seconds=10)
            self.assertEqual(end.returncode, 1, end.stderr)
            self.assertRegex(end.stderr, f"(?i)127.0.0.1:{port}.*in use|in use.*127.0.0.1:{port}")


if __name__ == "__main__":
    harness.main()
