"""The program under test with a configuration, and what configurations have in common."""
import os
import textwrap

from support import certificates, harness, peers


def dns_challenge(dns, ca, domains, more=""):
    """An `autocert` section for Pebble and BIND; `more` is added to it."""
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
cert_path: certs/cert.crt
key_path: certs/priv.key
acme_key_path: certs/acme.key
""" + textwrap.dedent(more)
    return "autocert:\n" + textwrap.indent(section, "  ")


def local_certificate(test, names):
    """(`autocert` section, path of its CA) for a certificate that lies there already."""
    ca = certificates.make_ca(test.dir, "local-ca")
    cert, key = certificates.make_leaf(test.dir, "local", names, ca)
    return f"autocert:\n  provider: local\n  cert_path: {cert}\n  key_path: {key}\n", ca


def route(alias, port, more=""):
    return f"{alias}:\n  host: 127.0.0.1\n  port: {port}\n{textwrap.indent(textwrap.dedent(more), '  ')}"


class cardea:
    """`cardea run` in the test's folder, on ports of its own."""

    def __init__(self, test, autocert, routes, match_domains=("example.test",), threads=2):
        self.test = test
        self.https, self.http, self.api = (harness.free_port() for _ in range(3))
        self.frame = f"""
entrypoint:
  http_addr: 127.0.0.1:{self.http}
  https_addr: 127.0.0.1:{self.https}
  threads: {threads}
api:
  addr: 127.0.0.1:{self.api}
match_domains: [{", ".join(match_domains)}]
providers:
  include: [routes.yml]
timeout_shutdown: 2s
"""
        self.configure(autocert, routes)
        self.process = None

    def configure(self, autocert, routes):
        # In place of what was there at once, as editors and deployments do it.
        for name, text in (("routes.yml", routes), ("config.yml", autocert + self.frame)):
            os.replace(self.test.write(f"config/{name}.new", text), self._renamed(name))

    def _renamed(self, name):
        return self.test.path("config", name)

    def start(self, env=None):
        self.process = self.test.start("cardea", [harness.binary, "run", "--config", "config/config.yml"], env)
        self.process.wait_for_port(self.https)
        return self

    def stop(self):
        code = self.process.stop()
        self.test.assertEqual(code, 0, f"cardea's exit code after SIGTERM:\n{self.process.log()[-4000:]}")


def version_of_pair(test, cert="certs/cert.crt", key="certs/priv.key"):
    """The serial number on disk, or None while the pair is not there."""
    cert, key = test.path(cert), test.path(key)
    if not (os.path.exists(cert) and os.path.exists(key)):
        return None
    return certificates.leaf.on_disk(cert).serial
