"""The program under test with a configuration, and what configurations have in common."""
import hashlib
import json
import os
import textwrap

from support import certificates, clients, harness, peers

MAIN = ("certs/cert.crt", "certs/priv.key")
EXTRA = ("certs/other.crt", "certs/other.key")

OTHER_NAMES = f"""
extra:
  - cert_path: {EXTRA[0]}
    key_path: {EXTRA[1]}
    domains: [api.other.test, "*.api.other.test"]
"""


def acme(dns, ca, domains=("example.test", "*.example.test"), more=OTHER_NAMES):
    """An `autocert` section for Pebble and BIND: main with these domains, and `more`."""
    section = f"""
provider: rfc2136
email: operator@example.test
domains: [{", ".join(f'"{name}"' for name in domains)}]
options:
  nameserver: 127.0.0.1:{dns.port}
  tsig_key: {peers.TSIG_KEY}
  tsig_secret: {peers.TSIG_SECRET}
  tsig_algorithm: hmac-sha256
resolvers: ["127.0.0.1:{dns.port}"]
ca_dir_url: {ca.directory}
ca_certs: ["{ca.listener_ca}"]
cert_path: {MAIN[0]}
key_path: {MAIN[1]}
acme_key_path: certs/acme.key
""" + textwrap.dedent(more)
    return "autocert:\n" + textwrap.indent(section, "  ")


def local(cert, key):
    """An `autocert` section for a pair that lies there already."""
    return f"autocert:\n  provider: local\n  cert_path: {cert}\n  key_path: {key}\n"


def route(alias, port, more=""):
    return f"{alias}:\n  host: 127.0.0.1\n  port: {port}\n{textwrap.indent(textwrap.dedent(more), '  ')}"


def run(*arguments, folder, env=None, seconds=30):
    """A command of the program that ends by itself."""
    return harness.run(harness.binary, *arguments, cwd=folder, env={**harness.environment(), **(env or {})},
                       seconds=seconds)


class server:
    """`cardea run` in the test's folder, on ports of its own."""

    def __init__(self, test, autocert, routes, match_domains=("example.test",), grace="2s", threads=2,
                 entrypoint="", ports=None, host="127.0.0.1"):
        """`ports`: of https and http, for who has to know them before; `host`: an empty one is all addresses."""
        self.test = test
        self.https, self.http = ports or (harness.free_port(), harness.free_port())
        self.api = harness.free_port()
        self.frame = f"""
entrypoint:
  http_addr: "{host}:{self.http}"
  https_addr: "{host}:{self.https}"
  threads: {threads}
{textwrap.indent(textwrap.dedent(entrypoint), "  ")}
api:
  addr: 127.0.0.1:{self.api}
match_domains: [{", ".join(match_domains)}]
providers:
  include: [routes.yml]
timeout_shutdown: {grace}
"""
        self.configure(autocert, routes)
        self.process = None

    def configure(self, autocert, routes):
        # Renamed into place, as editors and deployments do it: never half a file.
        self.test.replace("config/routes.yml", routes)
        self.test.replace("config/config.yml", autocert + self.frame)

    def start(self, *arguments, env=None):
        command = [harness.binary, "run", "--config", "config/config.yml", *arguments]
        self.process = self.test.start("cardea", command, env)
        self.process.wait_for_port(self.https)
        self.process.wait_for_log("api listens")
        return self

    def start_with_descriptors(self, count):
        """As start, with so many open files at most."""
        command = ["sh", "-c", f'ulimit -n {count}; exec "$0" "$@"', harness.binary, "run", "--config",
                   "config/config.yml"]
        self.process = self.test.start("cardea", command)
        self.process.wait_for_port(self.https)
        self.process.wait_for_log("api listens")
        return self

    def stop(self):
        code = self.process.stop()
        self.test.assertEqual(code, 0, f"cardea's exit code after SIGTERM:\n{self.process.log()[-4000:]}")

    def log(self):
        return self.process.log()

    def get(self, path="/", host="app.example.test", cacert=None, more=()):
        return clients.curl(f"https://{host}{path}", self.https, *more, cacert=cacert)

    def ask_api(self, path):
        answer = clients.curl(f"http://127.0.0.1:{self.api}/api/v1/{path}", self.api)
        return answer.status, json.loads(answer.body)

    def certificates(self):
        """{provider: what the API says about its certificate}, empty while there is none."""
        status, body = self.ask_api("cert/info")
        return {each["provider"]: each for each in body} if status == 200 else {}

    def wait_for_certificates(self, *providers, seconds=30):
        harness.wait_until(lambda: self.certificates().keys() >= set(providers), seconds,
                           lambda: f"certificates of {providers}; cardea logged:\n{self.process.log()[-4000:]}")
        # Workers take up what the API shows a moment later: the first handshake may still see what was before.
        for provider, info in self.certificates().items():
            if provider in providers:
                self._wait_for_served(info["dns_names"])

    def _wait_for_served(self, names):
        name = names[0].replace("*", "any")
        harness.wait_until(lambda: certificates.served(self.https, name).names == sorted(names), 5,
                           f"a certificate of {names} served")

    def serial(self, name):
        return certificates.served(self.https, name).serial


def serial_on_disk(test, pair):
    """The serial number of a pair (certificate, key) that must fit together; None while it is not there."""
    cert, key = (test.path(each) for each in pair)
    if not (os.path.exists(cert) and os.path.exists(key)):
        return None
    # Two files cannot be replaced in one instant.
    harness.wait_until(lambda: certificates.key_fits(cert, key), 2, f"{pair} that belong together")
    return certificates.leaf.on_disk(cert).serial


def failure_stamp(pair):
    """The file in which the time of a failed attempt stands."""
    digest = hashlib.sha256("|".join(pair).encode()).digest()
    return os.path.join(os.path.dirname(pair[0]), f".last_failure-{digest[:6].hex()}")
