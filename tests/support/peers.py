"""What stands around Cardea in a system test: a name server, a CA, origins."""
import http.server
import json
import os
import re
import shutil
import signal
import sqlite3
import threading

from support import certificates, harness

TSIG_KEY = "cardea-test"
TSIG_SECRET = "Y2FyZGVhLXN5c3RlbS10ZXN0LXNlY3JldC0wMTIzNDU="


# Name and algorithm of keys that name servers know besides TSIG_KEY; all have TSIG_SECRET.
TSIG_ALGORITHMS = ("hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")


def zone_file(zone, servers=None):
    return f"""$TTL 1
@ SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 1
{servers or f"@ NS ns.{zone}.{chr(10)}ns A 127.0.0.1{chr(10)}"}@ A 127.0.0.1
* A 127.0.0.1
"""


class authority:
    """What all name servers of the tests can be asked."""

    address = "127.0.0.1"
    port = 0

    def query(self, name, kind="TXT"):
        """The answers' data, one a line."""
        out = harness.run("dig", "+short", "+time=2", "-p", self.port, f"@{self.address}", name, kind)
        return out.stdout.split("\n")[:-1]


class knot(authority):
    """Knot, authoritative for dynamic zones that the keys of TSIG_ALGORITHMS may change."""

    def __init__(self, test, zones, name="knot", address="127.0.0.1", port=None, servers=None, primary=None):
        """`servers`: lines that name the zones' servers; `primary`: address of another Knot at the same port whose
        zones these are. It is asked for them once, and again by `follow`."""
        self.port, self.address = port or harness.free_port(), address
        self.test, self.zones = test, zones
        folder = test.path(name)
        os.makedirs(folder, exist_ok=True)
        text = f"""server:
  rundir: {folder}
  listen: {address}@{self.port}
log:
  - target: stderr
    any: info
database:
  storage: {folder}
key:
"""
        for algorithm in TSIG_ALGORITHMS:
            text += f"  - id: {algorithm}\n    algorithm: {algorithm}\n    secret: {TSIG_SECRET}\n"
        if primary:
            text += f"remote:\n  - id: primary\n    address: {primary}@{self.port}\nzone:\n"
            for zone in zones:
                text += (f"  - domain: {zone}\n    storage: {folder}\n    master: primary\n    refresh-min-interval: 3600\n"
                         "    refresh-max-interval: 86400\n")
        else:
            text += (f"acl:\n  - id: updates\n    key: [{', '.join(TSIG_ALGORITHMS)}]\n    action: update\n"
                     "  - id: secondaries\n    address: 127.0.0.0/8\n    action: transfer\nzone:\n")
            for zone in zones:
                path = test.write(f"{name}/{zone}.zone", zone_file(zone, servers))
                text += f"  - domain: {zone}\n    file: {path}\n    acl: [updates, secondaries]\n"
        self.config = test.write(f"{name}/knot.conf", text)
        self.process = test.start(name, [harness.tool("knotd"), "-c", self.config])
        harness.wait_until(lambda: self.query(zones[0], "SOA"), 20, lambda: f"Knot's zones:\n{self.process.log()}")

    def follow(self):
        """What the primary has now is here when it returns."""
        for zone in self.zones:
            out = harness.run(harness.tool("knotc"), "-b", "-c", self.config, "zone-refresh", zone)
            self.test.assertEqual(out.returncode, 0, out.stdout + out.stderr)


class name_server(authority):
    """BIND, authoritative for dynamic zones that the TSIG keys may change."""

    def __init__(self, test, zones, port=None, records=None, follows=False, name="named", asks=None):
        """`records`: {zone: lines of its file besides those that each has}; `follows`: CNAMEs into other zones, as a
        resolver does; `asks`: {zone: address of its server}, likewise. Its own root keeps it from asking anybody else."""
        self.port = port or harness.free_port()
        follows = follows or asks is not None
        folder = test.path(name)
        os.makedirs(folder, exist_ok=True)
        # A copy: AppArmor confines the installed one to its own folders.
        program = shutil.copy(harness.tool("named"), folder)
        text = f"""
options {{ directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key"; recursion {"yes" if follows else "no"};
  listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify no;
  managed-keys-directory "{folder}"; empty-zones-enable no; }};
controls {{ }};
key "{TSIG_KEY}" {{ algorithm hmac-sha256; secret "{TSIG_SECRET}"; }};
"""
        allowed = f'key "{TSIG_KEY}";'
        for algorithm in TSIG_ALGORITHMS:
            text += f'key "{algorithm}" {{ algorithm {algorithm}; secret "{TSIG_SECRET}"; }};\n'
            allowed += f' key "{algorithm}";'
        if follows:
            test.write(f"{name}/root.zone", "$TTL 1\n@ SOA ns. hostmaster. 1 3600 600 86400 1\n@ NS ns.\nns A 127.0.0.1\n")
            text += 'zone "." { type primary; file "root.zone"; };\n'
        for zone in zones:
            test.write(f"{name}/{zone}.zone", zone_file(zone) + (records or {}).get(zone, ""))
            text += f'zone "{zone}" {{ type primary; file "{zone}.zone"; allow-update {{ {allowed} }}; }};\n'
        for zone, server in (asks or {}).items():
            text += f'zone "{zone}" {{ type static-stub; server-addresses {{ {server}; }}; }};\n'
        config = test.write(f"{name}/named.conf", text)
        self.process = test.start(name, [program, "-g", "-n", "1", "-c", config])
        self.process.wait_for_port(self.port)
        self.process.wait_for_log(r"\brunning\b")


class power_dns(authority):
    """PowerDNS with its HTTP API, authoritative for zones that the API key may change."""

    SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

    def __init__(self, test, zones):
        self.port, self.api_port = harness.free_port(), harness.free_port()
        self.api_key = "pdns-s3cr3t-key"
        folder = test.path("pdns")
        os.makedirs(folder, exist_ok=True)
        with sqlite3.connect(f"{folder}/records.db") as records, open(self.SCHEMA, encoding="utf-8") as schema:
            records.executescript(schema.read())
        test.write("pdns/pdns.conf", f"""launch=gsqlite3
gsqlite3-database={folder}/records.db
local-address=127.0.0.1
local-port={self.port}
api=yes
api-key={self.api_key}
webserver-address=127.0.0.1
webserver-port={self.api_port}
socket-dir={folder}
cache-ttl=0
negquery-cache-ttl=0
query-cache-ttl=0
zone-cache-refresh-interval=0
""")
        self.process = test.start("pdns", [harness.tool("pdns_server"), f"--config-dir={folder}", "--guardian=no",
                                           "--daemon=no"])
        self.process.wait_for_port(self.api_port)
        for zone in zones:
            self._create(zone)

    def _create(self, zone):
        records = [("@", "NS", [f"ns.{zone}."]), ("ns", "A", ["127.0.0.1"]), ("@", "A", ["127.0.0.1"]),
                   ("*", "A", ["127.0.0.1"])]
        sets = [{"name": f"{zone}." if name == "@" else f"{name}.{zone}.", "type": kind, "ttl": 1,
                 "records": [{"content": each, "disabled": False} for each in contents]}
                for name, kind, contents in records]
        made = harness.run("curl", "-sS", "--fail-with-body", "--noproxy", "*", "-H", f"X-API-Key: {self.api_key}",
                           "--json", json.dumps({"name": f"{zone}.", "kind": "Native", "rrsets": sets}),
                           f"http://127.0.0.1:{self.api_port}/api/v1/servers/localhost/zones")
        if made.returncode != 0:
            raise AssertionError(f"PowerDNS's zone {zone}: {made.stdout}{made.stderr}")


class acme_ca:
    """Pebble with its bad nonces left on. `root` is what its certificates are checked against."""

    def __init__(self, test, dns, validity_seconds=None, is_up=True, name="pebble", env=None, settings=None,
                 http_port=None, tls_port=None):
        """`env`: PEBBLE_* variables, `settings`: more of its configuration file."""
        self.port, self.management = harness.free_port(), harness.free_port()
        self.test, self.dns, self.process, self.root = test, dns, None, None
        self.name, self.env = name, {"PEBBLE_VA_NOSLEEP": "1", **(env or {})}
        # What its own listener shows; Cardea trusts it by `ca_certs`.
        self.listener_ca = certificates.make_ca(test.dir, f"{name}-listener-ca")
        cert, key = certificates.make_leaf(test.dir, f"{name}-listener", ["localhost"], self.listener_ca)
        config = {"listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
                  "certificate": cert, "privateKey": key,
                  "httpPort": http_port or harness.free_port(), "tlsPort": tls_port or harness.free_port(),
                  "ocspResponderURL": "", "externalAccountBindingRequired": False}
        if validity_seconds:
            config["certificateValidityPeriod"] = validity_seconds
        config.update(settings or {})
        test.write(f"{name}.json", json.dumps({"pebble": config}))
        if is_up:
            self.start()

    def start(self):
        """Each start makes another root, and a CA that remembers nothing."""
        self.process = self.test.start(
            self.name, [harness.tool("pebble"), "-config", f"{self.name}.json", "-dnsserver",
                        f"127.0.0.1:{self.dns.port}"], self.env)
        self.process.wait_for_port(self.port)
        self.process.wait_for_port(self.management)
        root = harness.run("curl", "-sS", "--fail", "--noproxy", "*", "--cacert", self.listener_ca,
                           f"https://127.0.0.1:{self.management}/roots/0")
        if root.returncode != 0:
            raise AssertionError(f"Pebble's root: {root.stderr}")
        self.root = self.test.write(f"{self.name}-root.crt", root.stdout)

    @property
    def directory(self):
        return f"https://127.0.0.1:{self.port}/dir"

    def ask_management(self, path):
        answer = harness.run("curl", "-sS", "--fail", "--noproxy", "*", "--cacert", self.listener_ca,
                             f"https://127.0.0.1:{self.management}{path}")
        if answer.returncode != 0:
            raise AssertionError(f"{self.name}{path}: {answer.stderr}")
        return answer.stdout

    def is_revoked(self, serial):
        return json.loads(self.ask_management(f"/cert-status-by-serial/{serial}"))["Status"] == "Revoked"

    def hang(self):
        """Connections are accepted by the kernel, and nobody answers."""
        self.process.signal(signal.SIGSTOP)

    def go_on(self):
        self.process.signal(signal.SIGCONT)

    def order_count(self):
        return self._last_count(r"There are now (\d+) orders in the db")

    def account_count(self):
        return self._last_count(r"There are now (\d+) accounts in memory")

    def _last_count(self, pattern):
        counts = re.findall(pattern, self.process.log())
        return int(counts[-1]) if counts else 0


class file_origin:
    """nginx with files: an origin that load does not wear out. /forwarded shows what the proxy added, /identity
    what it said about the client's certificate; /drop reads any body
    to its end, then answers with 204."""

    FORWARDED = ("host", "x_forwarded_for", "x_forwarded_proto", "x_forwarded_host", "x_forwarded_port")
    IDENTITY = ("x_ssl_client_verify", "x_ssl_client_subject_dn", "x_ssl_client_fingerprint", "client_cert")

    def __init__(self, test):
        self.port = harness.free_port()
        test.write("nginx/www/small", "small\n")
        folder = test.path("nginx")
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        shown = "|".join(f"${{http_{name}}}" for name in self.FORWARDED)
        identity = "|".join(f"${{http_{name}}}" for name in self.IDENTITY)
        config = test.write("nginx/nginx.conf", f"""
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 1000; }}
http {{ access_log off; keepalive_timeout 600; keepalive_requests 1000000; {temporary}
  server {{ listen 127.0.0.1:{self.port}; root {folder}/www;
    location = /forwarded {{ default_type text/plain; return 200 "{shown}"; }}
    location = /nothing {{ return 204; }}
    location = /drop {{ client_max_body_size 0; client_body_buffer_size 1m; proxy_set_body "";
      proxy_pass http://127.0.0.1:{self.port}/nothing; }}
    location = /identity {{ default_type text/plain; return 200 "{identity}"; }} }} }}
""")
        self.process = test.start("nginx", [harness.tool("nginx"), "-p", folder, "-c", config])
        self.process.wait_for_port(self.port)

    @classmethod
    def forwarded(cls, body):
        """{field: value} of the answer of /forwarded."""
        return dict(zip(cls.FORWARDED, body.strip().split("|"), strict=True))


class tls_origin:
    """nginx behind https. /who tells server name|client's subject|version|how the client was verified, /private is
    for clients with a certificate of `client_ca`."""

    def __init__(self, test, pair, client_ca):
        self.port = harness.free_port()
        folder = test.path("nginx-tls")
        os.makedirs(folder, exist_ok=True)
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = test.write("nginx-tls/nginx.conf", f"""
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 1000; }}
http {{ access_log off; keepalive_timeout 600; {temporary}
  server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]};
    ssl_protocols TLSv1.2 TLSv1.3; ssl_client_certificate {client_ca}; ssl_verify_client optional; default_type text/plain;
    location = /who {{ return 200 "$ssl_server_name|$ssl_client_s_dn|$ssl_protocol|$ssl_client_verify"; }}
    location = /private {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} return 200 private; }} }} }}
""")
        self.process = test.start("nginx-tls", [harness.tool("nginx"), "-p", folder, "-c", config])
        self.process.wait_for_port(self.port)


class slow_origin:
    """Answers with a head and the first half of the body, and with the rest once `release` is called."""

    HALF = b"x" * 100_000

    def __init__(self, test):
        self.go_on = threading.Event()
        origin = self

        class handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.send_header("Content-Length", str(2 * len(origin.HALF)))
                self.end_headers()
                self.wfile.write(origin.HALF)
                self.wfile.flush()
                origin.go_on.wait(60)
                self.wfile.write(origin.HALF)

            def log_message(self, *_):
                pass

        self.server = _server(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)
        test.addCleanup(self.go_on.set)

    def release(self):
        self.go_on.set()


class _server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that went away is what some tests are about
