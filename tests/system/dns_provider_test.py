#!/usr/bin/env python3
"""Certificates of Pebble, proven through every DNS provider whose other side can be had here."""
import http.server
import json
import os
import shutil
import sys
import textwrap
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import cardea, certificates, harness, peers, websocket

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


class acme_dns:
    """ACME-DNS, which Debian does not have: registers, checks credentials, and keeps the last two values in BIND."""

    SUB, USER, PASSWORD = "8e5700ea-a4bf-41c7", "c36f50e8-4632-44f0", "htB9mR9DYgcu9bX_afHF62erXaH2TS7bg9KW3F7Z"

    def __init__(self, dns, zone):
        self.name = f"{self.SUB}.{zone}"
        self.values = values = []
        self.registrations = registrations = []
        account = {"fulldomain": self.name, "subdomain": self.SUB, "username": self.USER, "password": self.PASSWORD,
                   "allowfrom": []}

        class handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/register":
                    registrations.append(body)
                    self.answer(201, account)
                elif self.headers["X-Api-User"] != acme_dns.USER or self.headers["X-Api-Key"] != acme_dns.PASSWORD:
                    self.answer(401, {"error": "forbidden"})
                else:
                    self.write(json.loads(body))

            def write(self, told):
                if self.path != "/update" or told["subdomain"] != acme_dns.SUB or len(told["txt"]) != 43:
                    return self.answer(400, {"error": "bad_txt"})
                values.append(told["txt"])
                problem = update(dns, f"delete {account['fulldomain']} TXT")
                for each in values[-2:]:
                    problem = problem or update(dns, f'add {account["fulldomain"]} 1 TXT "{each}"')
                return self.answer(500 if problem else 200, {"error": problem} if problem else {"txt": told["txt"]})

            def answer(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class dns_provider(harness.case):
    def obtain(self, dns, provider, options, ca=None):
        ca = ca or peers.acme_ca(self, dns)
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

    def test_updates_are_signed_with_every_algorithm_for_bind_and_knot(self):
        for server in (peers.name_server, peers.knot):
            dns = server(self, ["example.test"])
            ca = peers.acme_ca(self, dns)
            for algorithm in peers.TSIG_ALGORITHMS:
                with self.subTest(server=server.__name__, algorithm=algorithm):
                    shutil.rmtree(self.path("certs"), ignore_errors=True)
                    self.obtain(dns, "rfc2136", f"nameserver: 127.0.0.1:{dns.port}\ntsig_key: {algorithm}\n"
                                f"tsig_secret: {peers.TSIG_SECRET}\ntsig_algorithm: {algorithm}\n", ca)

    def test_acme_dns_has_the_values_where_a_cname_leads(self):
        dns = peers.name_server(self, ["example.test"])
        service = acme_dns(dns, "auth.example.test")
        self.addCleanup(service.stop)
        ca = peers.acme_ca(self, dns)
        options = f"api_base: http://127.0.0.1:{service.port}\nstorage_path: {self.path('accounts.json')}\n"
        server = cardea.server(self, section("acmedns", options, dns, ca),
                               cardea.route("app", peers.file_origin(self).port))
        server.start()
        server.process.wait_for_log(f"make this record, then try again: _acme-challenge.example.test. CNAME "
                                    f"{service.name}.")
        self.assertEqual(update(dns, f"add _acme-challenge.example.test 1 CNAME {service.name}."), "")
        messages, _ = websocket.client(f"ws://127.0.0.1:{server.api}/api/v1/cert/renew", server.api).receive_all()
        self.assertIn('"renewed":true', messages[-1])
        server.wait_for_certificates("main")
        self.assertEqual(server.get("/small", cacert=ca.root).status, 200)
        self.assertEqual((len(service.registrations), len(service.values)), (1, 2))
        self.assertEqual(os.stat(self.path("accounts.json")).st_mode & 0o777, 0o600)
        self.assertNotIn(service.PASSWORD, server.log())
        server.stop()

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
