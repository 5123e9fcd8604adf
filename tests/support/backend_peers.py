"""Backends that say who they are, can be killed and come back on their port, or misbehave byte by byte."""
import socket
import struct
import threading

from support import harness


class named_nginx:
    """nginx that answers every path with its name; /health with `health`, a status."""

    def __init__(self, test, name, health=200):
        self.test, self.name, self.port = test, name, harness.free_port()
        self.folder = test.path(f"nginx-{name}")
        self.process = None
        self.configure(health)
        self.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def configure(self, health):
        temporary = " ".join(f"{kind}_temp_path {self.folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.config = self.test.write(f"nginx-{self.name}/nginx.conf", f"""
worker_processes 1; daemon off; master_process off; pid {self.folder}/pid; error_log stderr warn;
events {{ worker_connections 1000; }}
http {{ access_log off; keepalive_timeout 600; keepalive_requests 1000000; default_type text/plain; {temporary}
  server {{ listen {self.address};
    location = /health {{ return {health} "{health}"; }}
    location / {{ return 200 "{self.name}"; }} }} }}
""")

    def start(self):
        self.process = self.test.start(f"nginx-{self.name}",
                                       [harness.tool("nginx"), "-p", self.folder, "-c", self.config])
        self.process.wait_for_port(self.port)

    def kill(self):
        """As a machine that loses power, but for the resets that the kernel still sends."""
        self.process.kill()

    def restart(self, health=200):
        self.kill()
        self.configure(health)
        self.start()


class scripted:
    """A backend whose every connection is in the hands of `script(socket, head)`: bytes, not HTTP."""

    def __init__(self, test, script):
        self.script = script
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.requests = []
        threading.Thread(target=self._accept, daemon=True).start()
        test.addCleanup(self.listener.close)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(20)
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    got = connection.recv(65536)
                    if not got:
                        return
                    head += got
                self.requests.append(head)
                self.script(connection, head)
            except OSError:
                pass  # the proxy may end what it likes


def reset(connection):
    """Ends with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
