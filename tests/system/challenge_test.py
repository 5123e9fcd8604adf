#!/usr/bin/env python3
"""Names and addresses proven to Pebble by http-01, tls-alpn-01 and dns-01, and by the next one when one fails."""
import datetime
import os
import re
import socket
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, clients, harness, peers, websocket


def section(ca, domains, more):
    return f"""autocert:
  provider: custom
  email: operator@example.test
  domains: [{", ".join(f'"{name}"' for name in domains)}]
  ca_dir_url: {ca.directory}
  ca_certs: ["{ca.listener_ca}"]
""" + "".join(f"  {line}\n" for line in more)


def indented(text, by="  "):
    return "".join(by + line + "\n" for line in text.strip().split("\n"))


class challenge(harness.case):
    def prepare(self, http_port=None, records=None, env=None):
        """BIND, and a Pebble that validates at the ports of Cardea (or at another one)."""
        self.https, self.http = harness.free_port(), harness.free_port()
        self.dns = peers.name_server(self, ["example.test", "other.test"], records=records,
                                     follows=records is not None)
        self.ca = peers.acme_ca(self, self.dns, http_port=http_port or self.http, tls_port=self.https,
                                env=env)

    def run_with(self, autocert, entrypoint="", routes=None, match_domains=("example.test",), host="127.0.0.1"):
        self.server = cardea.server(self, autocert, routes or cardea.route("app", 9), match_domains,
                                    entrypoint=entrypoint, ports=(self.https, self.http), host=host)
        self.server.start()

    def orders(self):
        return self.ca.order_count()

    def types_presented(self):
        return re.findall(r"presenting challenges.*?type=(\S+)", self.server.log())

    def logged_at(self, pattern):
        """Seconds of the first line of the log that has it."""
        line = next(each for each in self.server.log().splitlines() if re.search(pattern, each))
        return datetime.datetime.fromisoformat(line.split()[0]).timestamp()

    def wait_for_pair(self, seconds=30):
        harness.wait_until(lambda: cardea.serial_on_disk(self, cardea.MAIN), seconds,
                           lambda: f"a certificate; cardea logged:\n{self.server.log()[-4000:]}")
        return certificates.leaf.on_disk(self.path(cardea.MAIN[0]))

    def test_b60_http01_is_answered_before_the_redirect_and_whatever_routes_want(self):
        self.prepare()
        origin = peers.file_origin(self)
        self.run_with(section(self.ca, ["example.test", "WWW.Example.test"], ["challenge: http-01"]),
                      "strict_host: true", cardea.route("app", origin.port))
        self.server.wait_for_certificates("main")
        self.assertEqual(certificates.served(self.server.https, "example.test").names,
                         ["example.test", "www.example.test"])
        self.assertEqual(self.types_presented(), ["http-01"])
        self.assertEqual(self.orders(), 1)
        # What is pending no more is nobody's, and goes the way of every other request (B62).
        answer = clients.curl("http://example.test/.well-known/acme-challenge/a-token", self.server.http)
        self.assertEqual(answer.status, 308)
        self.assertEqual(self.dns.query("_acme-challenge.example.test"), [])
        self.server.stop()

    def test_b63_tls_alpn01_is_answered_within_the_handshake(self):
        self.prepare()
        long_name = ".".join(["a" * 40, "b" * 40, "example.test"])  # longer than a common name may be
        self.run_with(section(self.ca, ["example.test", long_name], ["challenge: tls-alpn-01"]))
        self.server.wait_for_certificates("main")
        self.assertEqual(certificates.served(self.server.https, long_name).names, sorted(["example.test", long_name]))
        self.assertEqual(self.types_presented(), ["tls-alpn-01"])
        self.assertEqual(self.orders(), 1)
        # Afterwards nobody gets anything over acme-tls/1 (B64).
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["acme-tls/1"])
        with socket.create_connection(("127.0.0.1", self.server.https), 10) as plain:
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname="example.test")
        context.set_alpn_protocols(["acme-tls/1", "http/1.1"])
        with socket.create_connection(("127.0.0.1", self.server.https), 10) as plain:
            with context.wrap_socket(plain, server_hostname="example.test") as secured:
                self.assertEqual(secured.selected_alpn_protocol(), "http/1.1")
        self.server.stop()

    def test_b29_the_next_type_is_tried_within_the_same_attempt(self):
        self.prepare(http_port=harness.free_port())  # Pebble finds port 80 closed
        self.run_with(section(self.ca, ["example.test", "www.example.test"],
                              ["challenge: [http-01, tls-alpn-01]"]))
        self.server.wait_for_certificates("main")
        self.assertEqual(self.types_presented(), ["http-01", "tls-alpn-01"])
        self.assertEqual(self.orders(), 2)
        self.assertEqual(self.server.log().count("renewal started"), 1)
        self.assertIn("a challenge type failed, the next one is tried", self.server.log())
        self.server.stop()

    def test_custom_without_a_word_tries_the_listeners(self):
        self.prepare(http_port=harness.free_port())
        self.run_with(section(self.ca, ["example.test"], []))
        self.server.wait_for_certificates("main")
        self.assertEqual(self.types_presented(), ["http-01", "tls-alpn-01"])
        self.server.stop()

    def prove_addresses(self, kind):
        self.prepare()
        # On all of the machine's addresses, so that Pebble gets through by IPv6 too.
        self.run_with(section(self.ca, ["127.0.0.1", "0:0::1", "example.test"], [f"challenge: {kind}"]), host="")
        leaf = self.wait_for_pair()
        self.assertEqual(leaf.addresses, ["0:0:0:0:0:0:0:1", "127.0.0.1"])
        self.assertEqual(leaf.names, ["example.test"])
        harness.wait_until(lambda: certificates.served(self.server.https).serial == leaf.serial, 5,
                           "the certificate for clients without a server name")
        for address in ("127.0.0.1", "[::1]"):
            answer = harness.run("curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "--noproxy", "*",
                                 "--cacert", self.ca.root, f"https://{address}:{self.server.https}/")
            self.assertEqual(answer.stdout, "404", answer.stderr)
        self.assertEqual(self.types_presented(), [kind])
        self.server.stop()
        self.server.start()
        self.server.process.wait_for_log("certificate loaded")
        self.server.stop()
        self.assertEqual(self.server.log().count("renewal started"), 0, "what is on disk has the names that are wanted")

    def test_b61_ip_addresses_are_proven_by_http01(self):
        self.prove_addresses("http-01")

    def test_b63_ip_addresses_are_proven_by_tls_alpn01(self):
        self.prove_addresses("tls-alpn-01")

    def test_b40_what_the_ca_remembers_is_not_proven_again(self):
        self.prepare(env={"PEBBLE_AUTHZREUSE": "100"})
        self.run_with(section(self.ca, ["example.test", "www.example.test"], ["challenge: http-01"]))
        self.server.wait_for_certificates("main")
        renew = websocket.client(f"ws://127.0.0.1:{self.server.api}/api/v1/cert/renew", self.server.api)
        messages, code = renew.receive_all()
        self.assertEqual(code, 1000, messages)
        self.assertEqual(self.orders(), 2)
        self.assertEqual(self.types_presented(), ["http-01"])
        self.server.stop()

    def test_b41_a_ca_that_takes_its_time_is_waited_for(self):
        self.prepare(env={"PEBBLE_VA_NOSLEEP": "", "PEBBLE_VA_SLEEPTIME": "5"})
        self.run_with(section(self.ca, ["example.test", "www.example.test"], ["challenge: tls-alpn-01"]))
        self.server.wait_for_certificates("main")
        self.assertEqual(self.orders(), 1)
        self.server.stop()

    def test_main_and_an_extra_prove_in_different_ways(self):
        self.prepare()
        extra = f"""
extra:
  - provider: rfc2136
    challenge: dns-01
    domains: [other.test, "*.other.test"]
    cert_path: {cardea.EXTRA[0]}
    key_path: {cardea.EXTRA[1]}
    options:
      nameserver: 127.0.0.1:{self.dns.port}
      tsig_key: {peers.TSIG_KEY}
      tsig_secret: {peers.TSIG_SECRET}
      tsig_algorithm: hmac-sha256
    resolvers: ["127.0.0.1:{self.dns.port}"]
"""
        self.run_with(section(self.ca, ["example.test"], ["challenge: http-01"]) + indented(extra),
                      match_domains=("example.test", "other.test"))
        self.server.wait_for_certificates("main", "extra[0]")
        self.assertEqual(sorted(self.types_presented()), ["dns-01", "http-01"])
        self.server.stop()

    def test_b67_a_delegated_name_is_proven_where_its_cnames_lead(self):
        delegation = {"example.test": "_acme-challenge CNAME relay.other.test.\n",
                      "other.test": "relay CNAME example.challenges.other.test.\n"}
        self.prepare(records=delegation)
        self.run_with(cardea.acme(self.dns, self.ca, ("example.test", "*.example.test"), more="""
propagation:
  timeout: 20s
  polling_interval: 100ms
"""))
        self.server.wait_for_certificates("main")
        self.assertEqual(len(re.findall("writing a DNS record .*name=example.challenges.other.test", self.server.log())), 2,
                         self.server.log()[-3000:])
        self.assertEqual(self.dns.query("example.challenges.other.test"), [])
        self.server.stop()


    def test_b69_a_server_that_lags_is_waited_for_as_long_as_told_or_not_at_all(self):
        self.prepare()
        laggard = peers.name_server(self, ["example.test", "other.test"], name="laggard")
        more = """
propagation: {timeout: 1s, polling_interval: 50ms}
extra:
  - domains: [other.test]
    cert_path: certs/other.crt
    key_path: certs/other.key
    propagation: off
  - domains: [late.other.test]
    cert_path: certs/late.crt
    key_path: certs/late.key
    propagation: {check: false, delay: 2s}
"""
        text = cardea.acme(self.dns, self.ca, ("example.test",), more)
        self.run_with(text.replace(f'resolvers: ["127.0.0.1:{self.dns.port}"]',
                                   f'resolvers: ["127.0.0.1:{laggard.port}"]'))
        self.server.wait_for_certificates("extra[0]", "extra[1]")
        self.server.process.wait_for_log(r"renewal failed.*provider=main.*_acme-challenge\.example\.test is not visible: "
                                         rf"127\.0\.0\.1:{laggard.port} shows no TXT record")
        began, ended = (self.logged_at(pattern) for pattern in (
            r"writing a DNS record .*provider=extra\[1\]", r"waiting for the CA to validate .*provider=extra\[1\]"))
        self.assertGreaterEqual(ended - began, 2)
        self.server.stop()


if __name__ == "__main__":
    harness.main()
