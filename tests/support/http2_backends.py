"""HTTP/2 backends that are not ours: nginx and nghttpd, in the clear (h2c) and over TLS."""
import os

from support import harness


class nginx:
    """Over TLS with `pair`, else h2c. /version tells protocol|connection number|scheme, /empty is a 204, /hook tells a
    WebSocket handshake to `websocket` (a port), everything else is a file of nginx-NAME/www."""

    def __init__(self, test, name, pair=None, more="", websocket=None):
        self.test, self.name, self.port = test, name, harness.free_port()
        self.folder = test.path(f"nginx-{name}")
        test.write(f"nginx-{name}/www/small", "small\n")
        temporary = " ".join(f"{kind}_temp_path {self.folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        secure = f"ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]};" if pair else ""
        tunnel = "" if websocket is None else f"""location = /hook {{ proxy_pass http://127.0.0.1:{websocket}; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}"""
        self.config = test.write(f"nginx-{name}/nginx.conf", f"""
worker_processes 1; daemon off; master_process off; pid {self.folder}/pid; error_log stderr warn;
events {{ worker_connections 1000; }}
http {{ access_log off; keepalive_timeout 600; client_max_body_size 0; {temporary}
  server {{ listen 127.0.0.1:{self.port} {"ssl " if pair else ""}http2; root {self.folder}/www; {secure} {more}
    default_type text/plain;
    location = /version {{ return 200 "$server_protocol|$connection|$http2|$http_x_forwarded_host"; }}
    location = /empty {{ return 204; }}
    {tunnel} }} }}
""")
        self.start()

    def start(self):
        self.process = self.test.start(f"nginx-{self.name}", [harness.tool("nginx"), "-p", self.folder, "-c", self.config])
        self.process.wait_for_port(self.port)


class nghttpd:
    """Sends back what is uploaded, with a trailer behind it. /big is a file of `big`."""

    def __init__(self, test, pair=None, big=b""):
        self.port = harness.free_port()
        test.write("nghttpd/small", "small\n")
        with open(test.path("nghttpd/big"), "wb") as file:
            file.write(big)
        secure = [pair[1], pair[0]] if pair else ["--no-tls"]
        name = "nghttpd-tls" if pair else "nghttpd"
        self.process = test.start(name, [harness.tool("nghttpd"), "-a", "127.0.0.1", "-d", os.path.abspath(test.path("nghttpd")),
                                         "--echo-upload", "--trailer", "x-checked: yes", str(self.port), *secure])
        self.process.wait_for_port(self.port)
