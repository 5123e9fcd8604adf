"""What stands around Cardea in a system test: a name server, a CA, origins."""
import asyncio
import http.server
import json
import os
import re
import shutil
import threading

import websockets

from support import certificates, harness

TSIG_KEY = "cardea-test"
TSIG_SECRET = "Y2FyZGVhLXN5c3RlbS10ZXN0LXNlY3JldC0wMTIzNDU="


class name_server:
    """BIND, authoritative for dynamic zones that the TSIG key may change."""

    def __init__(self, test, zones, port=None):
        self.port = port or harness.free_port()
        folder = test.path("named")
        os.makedirs(folder, exist_ok=True)
        # A copy: AppArmor confines the installed one to its own folders.
        program = shutil.copy(harness.tool("named"), folder)
        text = f"""
options {{ directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key"; recursion no;
  listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify no;
  managed-keys-directory "{folder}"; empty-zones-enable no; }};
controls {{ }};
key "{TSIG_KEY}" {{ algorithm hmac-sha256; secret "{TSIG_SECRET}"; }};
"""
        for zone in zones:
            test.write(f"named/{zone}.zone", f"""$TTL 1
@ SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 1
@ NS ns.{zone}.
ns A 127.0.0.1
@ A 127.0.0.1
* A 127.0.0.1
""")
            text += f'zone "{zone}" {{ type primary; file "{zone}.zone"; allow-update {{ key "{TSIG_KEY}"; }}; }};\n'
        config = test.write("named/named.conf", text)
        self.process = test.start("named", [program, "-g", "-n", "1", "-c", config])
        self.process.wait_for_port(self.port)
        self.process.wait_for_log(r"\brunning\b")

    def query(self, name, kind="TXT"):
        """The answers' data, one a line."""
        out = harness.run("dig", "+short", "+time=2", "-p", self.port, "@127.0.0.1", name, kind)
        return out.stdout.split("\n")[:-1]


class acme_ca:
    """Pebble with its bad nonces left on. `root` is what its certificates are checked against."""

    def __init__(self, test, dns, validity_seconds=None, port=None):
        self.port = port or harness.free_port()
        management = harness.free_port()
        self.test = test
        # What its own listener shows; Cardea trusts it by `ca_certs`.
        self.listener_ca = certificates.make_ca(test.dir, "pebble-listener-ca")
        cert, key = certificates.make_leaf(test.dir, "pebble-listener", ["localhost"], self.listener_ca)
        config = {"listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{management}",
                  "certificate": cert, "privateKey": key, "httpPort": harness.free_port(),
                  "tlsPort": harness.free_port(), "ocspResponderURL": "", "externalAccountBindingRequired": False}
        if validity_seconds:
            config["certificateValidityPeriod"] = validity_seconds
        path = test.write("pebble.json", json.dumps({"pebble": config}))
        self.process = test.start(
            "pebble", [harness.tool("pebble"), "-config", path, "-dnsserver", f"127.0.0.1:{dns.port}"],
            {"PEBBLE_VA_NOSLEEP": "1"})
        self.process.wait_for_port(self.port)
        self.process.wait_for_port(management)
        root = harness.run("curl", "-sS", "--fail", "--noproxy", "*", "--cacert", self.listener_ca,
                           f"https://127.0.0.1:{management}/roots/0")
        if root.returncode != 0:
            raise AssertionError(f"Pebble's root: {root.stderr}")
        self.root = test.write("pebble-root.crt", root.stdout)

    @property
    def directory(self):
        return f"https://127.0.0.1:{self.port}/dir"

    def order_count(self):
        counts = re.findall(r"There are now (\d+) orders in the db", self.process.log())
        return int(counts[-1]) if counts else 0


class file_origin:
    """nginx with one small file and one of 16 KiB: an origin that load does not wear out."""

    def __init__(self, test):
        self.port = harness.free_port()
        test.write("nginx/www/small", "small\n")
        test.write("nginx/www/16k", "x" * 16384)
        folder = test.path("nginx")
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = test.write("nginx/nginx.conf", f"""
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 1000; }}
http {{ access_log off; keepalive_timeout 600; keepalive_requests 1000000; {temporary}
  server {{ listen 127.0.0.1:{self.port}; root {folder}/www; }} }}
""")
        self.process = test.start("nginx", [harness.tool("nginx"), "-p", folder, "-c", config])
        self.process.wait_for_port(self.port)


class _echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        text = json.dumps({"method": self.command, "path": self.path, "body_bytes": len(body),
                           "headers": [[name.lower(), value] for name, value in self.headers.items()]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text if self.command != "HEAD" else b"")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class _server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class echo_origin:
    """Answers every request with what it received, as JSON."""

    def __init__(self, test):
        self.server = _server(("127.0.0.1", 0), _echo)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


class websocket_origin:
    """Sends every WebSocket message back."""

    def __init__(self, test):
        self.loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self._serve(), self.loop).result(10)
        self.port = next(iter(self.server.sockets)).getsockname()[1]
        test.addCleanup(self._stop, thread)

    async def _serve(self):
        return await websockets.serve(self._echo, "127.0.0.1", 0)

    @staticmethod
    async def _echo(socket, _path=None):
        async for message in socket:
            await socket.send(message)

    async def _close(self):
        self.server.close()
        await self.server.wait_closed()

    def _stop(self, thread):
        try:
            asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(10)
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            thread.join(10)
