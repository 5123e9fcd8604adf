"""The proxies: the configuration of each for a site, its command, how it reloads, and what it cannot do.

All are configured as their documentation advises for production: keep-alive to the backend, no access log
(Cardea's default), TLS 1.2 and 1.3 with one P-256 certificate, HTTP/2 on, no OCSP (there is no responder). HAProxy
would not start where the system gives fewer files than its maximum may need, hence `no strict-limits`.
"""
import dataclasses
import json
import os
import re
import signal

from support import harness

HOST = "bench.test"


@dataclasses.dataclass
class site:
    """What a proxy shall serve."""
    folder: str            # of this proxy alone
    port: int
    origin: int            # the backend's port
    pair: tuple            # certificate and key of HOST and *.HOST
    bundle: str            # both in one file
    kind: str = "http"     # "grpc": the backend speaks HTTP/2 in clear; "websocket"
    workers: int = 1
    certificates: str = ""  # a folder of bundles siteN.pem besides
    names: int = 0          # how many

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        # Renamed into place: some proxies watch their files.
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)
        return path

    def path(self, name):
        return os.path.join(self.folder, name)

    def bundles(self):
        return [os.path.join(self.certificates, f"site{number}.pem") for number in range(self.names)]


class proxy:
    name = ""
    package = ""
    environment = {}

    def cannot(self, what, to):  # pylint: disable=unused-argument
        """Why a site of kind `what` is beyond this proxy, or nothing."""
        return ""

    def configure(self, to):
        """Writes the files; the command."""
        raise NotImplementedError

    def reload(self, to, process):  # pylint: disable=unused-argument
        process.signal(signal.SIGHUP)

    def version(self):
        raise NotImplementedError


class nginx(proxy):
    name, package = "nginx", "nginx-light"

    def configure(self, to):
        temporary = " ".join(f"{kind}_temp_path {to.path('t-' + kind)};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        passing = ("grpc_pass grpc://o;" if to.kind == "grpc" else
                   "proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Host $host; "
                   "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; "
                   "proxy_set_header X-Forwarded-Proto https; proxy_request_buffering off; "
                   "proxy_max_temp_file_size 0; " + ('proxy_set_header Upgrade $http_upgrade; '
                                                     'proxy_set_header Connection "upgrade"; proxy_read_timeout 600s;'
                                                     if to.kind == "websocket" else
                                                     'proxy_set_header Connection "";'))
        def server(names, certificate, key):
            return f"""
 server {{ listen 127.0.0.1:{to.port} ssl http2; server_name {names};
  ssl_certificate {certificate}; ssl_certificate_key {key};
  location / {{ {passing} }} }}"""
        servers = server(f"{HOST} *.{HOST}", *to.pair).replace("ssl http2;", "ssl http2 backlog=4096;", 1)
        servers += "".join(server(f"site{number}.{HOST}", path, path) for number, path in enumerate(to.bundles()))
        conf = to.write("nginx.conf", f"""
worker_processes {to.workers}; pid {to.path('nginx.pid')}; error_log {to.path('error.log')} crit; daemon off;
worker_rlimit_nofile 50000; events {{ worker_connections 24000; }}
http {{ access_log off; keepalive_timeout 600; keepalive_requests 100000000; client_max_body_size 1g; {temporary}
 server_names_hash_max_size 65536; server_names_hash_bucket_size 128;
 ssl_session_cache shared:S:10m; ssl_session_tickets on; ssl_protocols TLSv1.2 TLSv1.3;
 upstream o {{ server 127.0.0.1:{to.origin}; keepalive 256; keepalive_requests 100000000; }}
{servers}
}}
""")
        return [harness.tool("nginx"), "-c", conf, "-p", to.folder]

    def version(self):
        return harness.run(harness.tool("nginx"), "-v").stderr.split("/")[-1].strip()


class haproxy(proxy):
    name = package = "haproxy"

    def configure(self, to):
        more = f" crt {to.certificates}" if to.certificates else ""
        protocol = " proto h2" if to.kind == "grpc" else ""
        conf = to.write("haproxy.cfg", f"""
global
  nbthread {to.workers}
  maxconn 16384
  no strict-limits
  tune.ssl.default-dh-param 2048
  tune.h2.max-concurrent-streams 256
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  http-reuse always
frontend f
  bind 127.0.0.1:{to.port} ssl crt {to.bundle}{more} alpn h2,http/1.1
  option forwardfor
  http-request set-header X-Forwarded-Proto https
  default_backend o
backend o
  server s 127.0.0.1:{to.origin}{protocol} pool-max-conn 1024 maxconn 16384
""")
        return [harness.tool("haproxy"), "-W", "-db", "-f", conf]

    def reload(self, to, process):
        process.signal(signal.SIGUSR2)

    def version(self):
        return harness.run(harness.tool("haproxy"), "-v").stdout.split()[2].split("-")[0]


class h2o(proxy):
    name = package = "h2o"

    def cannot(self, what, to):
        return "version 2.2 has no HTTP/2 to backends" if what == "grpc" else ""

    def configure(self, to):
        def host(names, certificate, key):
            return f"""
  "{names}:{to.port}":
    listen:
      port: {to.port}
      host: 127.0.0.1
      ssl:
        certificate-file: {certificate}
        key-file: {key}
        neverbleed: OFF
        ocsp-update-interval: 0
    paths:
      "/":
        proxy.reverse.url: "http://127.0.0.1:{to.origin}/"
        proxy.preserve-host: ON
        proxy.timeout.keepalive: 600000
        proxy.timeout.io: 600000
        proxy.websocket: ON"""
        hosts = host(HOST, *to.pair) + "".join(host(f"site{number}.{HOST}", path, path)
                                               for number, path in enumerate(to.bundles()))
        conf = to.write("h2o.yml", f"""
num-threads: {to.workers}
max-connections: 20000
error-log: {to.path('error.log')}
pid-file: {to.path('pid')}
http2-max-concurrent-requests-per-connection: 256
http1-request-timeout: 600
hosts:{hosts}
""")
        return [harness.tool("h2o"), "-m", "master", "-c", conf]

    def version(self):
        return harness.run(harness.tool("h2o"), "-v").stdout.split()[2]


class caddy(proxy):
    name = package = "caddy"

    def configure(self, to):
        self.environment = {"HOME": to.folder, "GOMAXPROCS": str(to.workers)}
        transport = {"protocol": "http", "keep_alive": {"max_idle_conns_per_host": 256}}
        if to.kind == "grpc":
            transport["versions"] = ["h2c", "2"]
        certificates = {"load_files": [{"certificate": to.pair[0], "key": to.pair[1]}]}
        if to.certificates:
            certificates["load_folders"] = [to.certificates]
        conf = to.write("caddy.json", json.dumps({
            "admin": {"listen": "unix/" + to.path("admin")},
            "storage": {"module": "file_system", "root": to.path("storage")},
            "apps": {
                "http": {"servers": {"s": {
                    "listen": [f"127.0.0.1:{to.port}"], "automatic_https": {"disable": True},
                    "tls_connection_policies": [{"default_sni": HOST}],
                    "routes": [{"handle": [{"handler": "reverse_proxy", "transport": transport,
                                            "upstreams": [{"dial": f"127.0.0.1:{to.origin}"}]}]}]}}},
                "tls": {"certificates": certificates, "cache": {"capacity": max(10_000, 2 * to.names)}}}}))
        return [harness.tool("caddy"), "run", "--config", conf]

    def reload(self, to, process):
        done = harness.run(harness.tool("caddy"), "reload", "--config", to.path("caddy.json"), "--address",
                           "unix/" + to.path("admin"), env={**harness.environment(), **self.environment})
        if done.returncode:
            raise AssertionError(f"caddy reload: {done.stderr.strip().splitlines()[-1]}")

    def version(self):
        return harness.run(harness.tool("caddy"), "version").stdout.split()[0].lstrip("v")


class cardea(proxy):
    name = "cardea"

    def cannot(self, what, to):
        if what != "grpc":
            return ""
        command = self.configure(to)
        done = harness.run(command[0], "validate", *command[2:], env=harness.environment())
        if not done.returncode:
            return ""
        return "refused: " + re.sub(r".*?: ", "", (done.stdout + done.stderr).strip().splitlines()[0], count=1)

    def configure(self, to):
        folders = f"  folders: [{to.certificates}]\n" if to.certificates else ""
        scheme = "  scheme: h2c\n" if to.kind == "grpc" else ""
        route = "  host: 127.0.0.1\n  port: {}\n{}  healthcheck:\n    disable: true\n".format(to.origin, scheme)
        to.write("routes.yml", f"{HOST}:\n{route}\"*.{HOST}\":\n{route}")
        conf = to.write("config.yml", f"""
autocert:
  provider: local
  cert_path: {to.pair[0]}
  key_path: {to.pair[1]}
{folders}entrypoint:
  http_addr: ""
  https_addr: 127.0.0.1:{to.port}
  threads: {to.workers}
api:
  addr: ""
providers:
  include: [routes.yml]
""")
        return [harness.binary, "run", "--config", conf]

    def version(self):
        return harness.run(harness.binary, "version").stdout.splitlines()[0].split()[-1]


ALL = (cardea, nginx, haproxy, h2o, caddy)
