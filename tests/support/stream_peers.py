"""Peers below HTTP: nginx's stream module and HAProxy in front of the program or behind it, name servers, echoes."""
import os
import socket
import threading

from support import harness

_STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def front_haproxy(test, to_port, option="send-proxy-v2", name="haproxy"):
    """HAProxy that passes TCP connections on to 127.0.0.1:to_port; the port that it listens on."""
    port = harness.free_port()
    config = test.write(f"{name}.cfg", f"""
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:{port}
  default_backend out
backend out
  server one 127.0.0.1:{to_port} {option}
""")
    process = test.start(name, [harness.tool("haproxy"), "-db", "-f", config])
    # A look at the port would be a connection that is passed on.
    _wait_for_listener(process, port)
    return port


def nginx_stream(test, servers, name="nginx-stream", http="", main=""):
    """nginx with `server` blocks of its stream module, and of its http module when there are some."""
    if not os.path.exists(_STREAM_MODULE):
        raise AssertionError("nginx's stream module is not installed: deploy/packages.sh test")
    folder = test.path(name)
    os.makedirs(folder, exist_ok=True)
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = test.write(f"{name}/nginx.conf", f"""
load_module {_STREAM_MODULE};
worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
{main}
events {{ worker_connections 1000; }}
stream {{ {servers} }}
http {{ access_log off; {temporary} {http} }}
""")
    return test.start(name, [harness.tool("nginx"), "-p", folder, "-c", config])


def _wait_for_listener(process, port, seconds=20):
    wanted = f"0100007F:{port:04X}"

    def ready():
        if not process.is_alive():
            raise AssertionError(f"{process.name} ended:\n{process.log()[-4000:]}")
        with open("/proc/net/tcp", encoding="ascii") as table:
            return any(line.split()[1] == wanted and line.split()[3] == "0A" for line in list(table)[1:])

    harness.wait_until(ready, seconds, f"{process.name} listening on {port}")


wait_for_listener = _wait_for_listener


class scripted_server:
    """Does serve(connection, number) for each TCP connection, on a thread of its own."""

    def __init__(self, test, serve, family=socket.AF_INET):
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        self.listener.listen(512)
        self.port = self.listener.getsockname()[1]
        self.serve, self.count = serve, 0
        threading.Thread(target=self._accept, daemon=True).start()
        test.addCleanup(self.listener.close)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            connection.settimeout(30)
            threading.Thread(target=self._one, args=(connection, self.count), daemon=True).start()

    def _one(self, connection, number):
        try:
            with connection:
                self.serve(connection, number)
        except OSError:
            pass  # a peer that goes away is what some tests are about


def echo(connection, _number):
    while True:
        data = connection.recv(65536)
        if not data:
            return
        connection.sendall(data)
