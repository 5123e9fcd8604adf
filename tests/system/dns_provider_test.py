#!/usr/bin/env python3
"""Certificates of Pebble, proven through other DNS providers than rfc2136: PowerDNS, a program, an HTTP service."""
import http.server
import json
import os
import sys
import textwrap
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers

DOMAINS = ("example.test", "*.example.test")


def section(provider, options, dns, ca):
    text = f"""
provider: {provider}
email: operator@example.test
domains: [{", ".join(f'"{name}"' for name in DOMAINS)}]
options:
{textwrap.indent(textwrap.dedent(options), "  ")}
resolvers: ["127.0.0.1:{dns.port}"]
ca_dir_url: {ca.directory}
ca_certs: ["{ca.listener_ca}"]
"""
    return "autocert:\n" + textwrap.indent(text, "  ")


def update(dns, command):
    """One change of BIND's zone by nsupdate: its error, or nothing."""
    script = (f"server 127.0.0.1 {dns.port}\nkey hmac-sha256:{peers.TSIG_KEY} {peers.TSIG_SECRET}\n"
              f"update {command}\nsend\n")
    done = harness.run(harness.tool("nsupdate"), input=script)
    return done.stderr if done.returncode else ""


class record_service:
    """The receiving end of `httpreq`: writes to BIND what it is told, and remembers who told it."""

    def __init__(self, dns):
        self.calls = calls = []

        class handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                calls.append((self.path, self.headers.get("Authorization"), sorted(told)))
                kind = "add" if self.path == "/present" else "delete"
                ttl = "1 " if kind == "add" else ""
                problem = update(dns, f'{kind} {told["fqdn"]} {ttl}TXT "{told["value"]}"')
                self.send_response(500 if problem else 200)
                self.end_headers()
                self.wfile.write(problem.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class dns_provider(harness.case):
    def obtain(self, dns, provider, options):
        ca = peers.acme_ca(self, dns)
        origin = peers.file_origin(self)
        server = cardea.server(self, section(provider, options, dns, ca), cardea.route("app", origin.port))
        server.start()
        server.wait_for_certificates("main")
        self.assertEqual(certificates.leaf.on_disk(self.path(cardea.MAIN[0])).names, sorted(DOMAINS))
        harness.wait_until(lambda: server.serial("app.example.test") == cardea.serial_on_disk(self, cardea.MAIN), 5,
                           "the certificate served")
        self.assertEqual(server.get("/small", cacert=ca.root).status, 200)
        harness.wait_until(lambda: not dns.query("_acme-challenge.example.test"), 5, "no record left")
        server.stop()
        return server

    def test_powerdns_is_told_by_its_api(self):
        dns = peers.power_dns(self, ["example.test"])
        server = self.obtain(dns, "pdns", f"host: http://127.0.0.1:{dns.api_port}\napi_key: {dns.api_key}\n")
        self.assertNotIn(dns.api_key, server.log())

    def test_a_program_writes_the_records(self):
        dns = peers.name_server(self, ["example.test"])
        program = self.write("write-record", f"""#!/bin/sh
case $1 in
  present) change="add $2 1 TXT \\"$3\\"" ;;
  cleanup) change="delete $2 TXT \\"$3\\"" ;;
  *) exit 2 ;;
esac
{harness.tool("nsupdate")} <<END
server 127.0.0.1 {dns.port}
key hmac-sha256:{peers.TSIG_KEY} {peers.TSIG_SECRET}
update $change
send
END
""")
        os.chmod(program, 0o755)
        self.obtain(dns, "exec", f"program: {program}\n")

    def test_an_http_service_writes_the_records(self):
        dns = peers.name_server(self, ["example.test"])
        service = record_service(dns)
        self.addCleanup(service.stop)
        self.obtain(dns, "httpreq", f"endpoint: http://127.0.0.1:{service.port}\nusername: cardea\n"
                                    "password: s3cr3t-password\n")
        paths = [path for path, _, _ in service.calls]
        self.assertEqual((paths.count("/present"), paths.count("/cleanup")), (2, 2), service.calls)
        for _, credentials, members in service.calls:
            self.assertEqual(credentials, "Basic Y2FyZGVhOnMzY3IzdC1wYXNzd29yZA==")
            self.assertEqual(members, ["fqdn", "value"])


if __name__ == "__main__":
    harness.main()
