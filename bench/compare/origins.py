"""What stands behind the proxies."""
import os
import sys

from support import harness

from compare import machine

SIZES = {"1k": 1024, "16k": 16 * 1024, "1m": 1 << 20, "32m": 32 << 20}
_HERE = os.path.dirname(os.path.abspath(__file__))


def _start(name, command, folder, workers):
    return harness.process(name, ["taskset", "-c", machine.load_cores(workers), *command], folder)


class files:
    """nginx with files of several sizes. `ports`: the same twice; /which says through which of them one came."""

    def __init__(self, folder, workers):
        self.ports = (harness.free_port(), harness.free_port())
        os.makedirs(os.path.join(folder, "www"), exist_ok=True)
        for name, size in SIZES.items():
            with open(os.path.join(folder, "www", name), "wb") as file:
                file.write(os.urandom(size))
        temporary = " ".join(f"{kind}_temp_path {folder}/o-{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        servers = "\n".join(
            f" server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/www; "
            # All of a body is read before the answer, and into memory.
            f"location = /nothing {{ return 204; }} location = /drop {{ client_body_buffer_size 40m; "
            f"proxy_set_body ''; proxy_pass http://127.0.0.1:{port}/nothing; }} "
            f"location /which {{ return 200 {number}; }} }}" for number, port in enumerate(self.ports))
        conf = os.path.join(folder, "origin.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"""
worker_processes 1; pid {folder}/origin.pid; error_log {folder}/origin.err crit; daemon off; master_process off;
worker_rlimit_nofile 50000; events {{ worker_connections 24000; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_timeout 600; keepalive_requests 100000000;
 default_type application/octet-stream; client_max_body_size 1g; {temporary}
 open_file_cache max=64;
{servers}
}}
""")
        self.process = _start("origin", [harness.tool("nginx"), "-c", conf, "-p", folder], folder, workers)
        self.process.wait_for_port(self.ports[0])


class script:
    """One of the Python servers in this folder."""

    def __init__(self, name, folder, workers):
        self.ports = (harness.free_port(),)
        self.process = _start(name, [sys.executable, os.path.join(_HERE, name + ".py"), "serve", str(self.ports[0])],
                              folder, workers)
        self.process.wait_for_port(self.ports[0])


def start(kind, folder, workers):
    if kind == "http":
        return files(folder, workers)
    return script({"websocket": "websocket_peer", "grpc": "grpc_peer"}[kind], folder, workers)
