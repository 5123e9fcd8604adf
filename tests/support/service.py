"""The service manager's side: a socket that is told, as sd_notify(3) has it, and systemd's own activation."""
import os
import socket
import threading

from support import harness


class notifications:
    """NOTIFY_SOCKET in the test's folder, or abstract; what came, as (sender's process, {name: value})."""

    def __init__(self, test, is_abstract=False):
        self.path = f"@cardea-test-{os.getpid()}-{id(self)}" if is_abstract else test.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(self.path.replace("@", "\0"))
        self.received = []
        test.addCleanup(self.socket.close)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                data, ancillary, *_ = self.socket.recvmsg(4096, 1024)
            except OSError:
                return
            sender = int.from_bytes(ancillary[0][2][:4], "little")
            self.received.append((sender, dict(line.split("=", 1) for line in data.decode().split("\n"))))

    def count(self, name, value=None, sender=None):
        return sum(name in each and value in (None, each[name]) and sender in (None, who) for who, each in list(self.received))

    def wait_for(self, name, value=None, sender=None, count=1, seconds=20):
        harness.wait_until(lambda: self.count(name, value, sender) >= count, seconds,
                           lambda: f"{name}={value} of {sender}, {count} times; what came: {self.received}")
        return next(each for who, each in self.received if name in each and value in (None, each[name]) and sender in (None, who))
