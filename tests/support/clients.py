"""Clients: curl, TLS connections that live on, load that counts its failures."""
import http.client
import socket
import ssl
import threading
import time

from support import harness


class answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"answer({self.status}, {self.headers}, {self.body[:200]!r})"


def curl(url, port, *more, cacert=None):
    """One request to `url` on 127.0.0.1:port, whatever its host. Raises when curl fails."""
    host = url.split("/")[2].split(":")[0]
    trust = ["--cacert", cacert] if cacert else []
    out = harness.run("curl", "-sS", "-i", "--noproxy", "*", "--max-time", "20", "--connect-to",
                      f"{host}::127.0.0.1:{port}", *trust, *more, url)
    if out.returncode != 0:
        raise AssertionError(f"curl {url}: exit code {out.returncode}: {out.stderr}")
    head, _, body = out.stdout.replace("\r\n", "\n").partition("\n\n")
    while head.startswith(("HTTP/1.1 1", "HTTP/2 1")) and not head.startswith("HTTP/1.1 101"):
        head, _, body = body.partition("\n\n")
    lines = head.split("\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return answer(int(lines[0].split()[1]), headers, body)


def trusting(cacert):
    return ssl.create_default_context(cafile=cacert)


class connection:
    """A keep-alive HTTPS connection to a name on 127.0.0.1:port."""

    def __init__(self, port, name, context, seconds=20, session=None):
        plain = socket.create_connection(("127.0.0.1", port), seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket = context.wrap_socket(plain, server_hostname=name, session=session)
        except BaseException:
            plain.close()
            raise
        self.name = name
        self.http = http.client.HTTPConnection("127.0.0.1", port)
        self.http.sock = self.socket

    def get(self, path="/"):
        """Raises when the connection is not the same any more."""
        if self.http.sock is not self.socket:
            raise AssertionError("the connection was closed")
        self.http.request("GET", path, headers={"Host": self.name})
        response = self.http.getresponse()
        return answer(response.status, dict(response.getheaders()), response.read())

    def serial(self):
        """Of the certificate that this connection's handshake showed."""
        return self.socket.getpeercert()["serialNumber"]

    def close(self):
        self.http.close()
        self.socket.close()


class load:
    """Threads that ask for a page again and again, with a new connection every few requests."""

    def __init__(self, port, name, path, context, threads=4, requests_per_connection=20):
        self.target = (port, name, path, context, requests_per_connection)
        self.failures, self.succeeded = [], 0
        self.lock, self.ending = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(30)

    def _run(self):
        while not self.ending.is_set():
            try:
                self._one_connection()
            except Exception as problem:  # pylint: disable=broad-except  # whatever it is, it is a failed request
                with self.lock:
                    self.failures.append(f"{time.time():.3f} {type(problem).__name__}: {problem}")
                time.sleep(0.05)

    def _one_connection(self):
        port, name, path, context, count = self.target
        client = connection(port, name, context)
        try:
            for _ in range(count):
                response = client.get(path)
                with self.lock:
                    if response.status == 200:
                        self.succeeded += 1
                    else:
                        self.failures.append(repr(response))
                if self.ending.is_set():
                    return
        finally:
            client.close()
