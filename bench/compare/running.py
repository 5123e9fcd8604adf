"""A proxy in front of an origin, alive while it is measured."""
import contextlib
import os
import signal
import sys

from support import harness

from compare import loads, machine
from compare.proxies import site


class running:
    def __init__(self, proxy, folder, origin, kind, workers, keys, certificates=""):
        self.proxy, self.folder, self.origin, self.certificates = proxy, folder, origin, certificates
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        self.site = site(folder, harness.free_port(), origin.ports[0], *keys, kind=kind, workers=workers)
        self.process = None

    @property
    def pid(self):
        return self.process.child.pid

    def start(self, names=0):
        """With so many certificates besides the site's own."""
        self.site.names, self.site.certificates = names, self.certificates if names else ""
        command = self.proxy.configure(self.site)
        cores = machine.proxy_cores(self.site.workers)
        self.process = harness.process(self.proxy.name, ["taskset", "-c", cores, *command], self.folder,
                                       self.proxy.environment)
        self.process.wait_for_port(self.site.port, seconds=90)
        return self

    def stop(self):
        """It and all that it started."""
        if self.process is None:
            return
        below = machine.family(self.pid)
        with contextlib.suppress(AssertionError):  # one that does not end in time has been killed
            self.process.stop(seconds=3)
        for pid in below[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process = None

    def origin_file(self, name):
        return os.path.join(os.path.dirname(self.folder), "www", name)

    def move_to_origin(self, number):
        self.site.origin = self.origin.ports[number]
        self.proxy.configure(self.site)
        self.proxy.reload(self.site, self.process)

    def which_origin(self):
        return int(loads.ask(self.site, "which"))

    def call_grpc(self):
        """One call by gRPC's own client, whose status counts."""
        peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "grpc_peer.py")
        done = harness.run(sys.executable, peer, "call", self.site.port, loads.HOST, self.site.pair[0], seconds=30)
        if done.returncode:
            raise loads.failed(f"gRPC call: {done.stderr.strip().splitlines()[-1]}")

    def wait_until_it_works(self):
        """Before anything is measured. Cardea's listener opens before its routes are there."""
        if self.site.kind == "grpc":
            self.call_grpc()
        elif self.site.kind == "http":
            if loads.ask(self.site, "which") != "0":
                raise loads.failed("the first answer is not the origin's")
            loads.warm(self.site)
