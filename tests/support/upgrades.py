"""A server whose process is replaced while it runs: who serves now, and what became of those before."""
import ctypes
import os
import signal
import time

from support import cardea, harness

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Processes whose parent ends become this one's children: their exit codes are known, none is left behind."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class upgradable:
    """Follows `cardea.server` through its upgrades."""

    def __init__(self, server):
        adopt_orphans()
        self.server, self.ended = server, {}
        self.first = server.process.child.pid
        self.pids = [self.first]
        server.test.addCleanup(self._kill_all)

    def process(self):
        status, body = self.server.ask_api("process")
        assert status == 200, body
        return body

    def pid(self):
        return self.pids[-1]

    def tell(self, number=signal.SIGUSR2):
        os.kill(self.pid(), number)

    def wait_for_next(self, seconds=30):
        """The number of the process that took over from the last one."""
        before = self.pid()

        def changed():
            try:
                found = self.process()["pid"]
            except AssertionError:  # nobody may answer in the moment of the change
                return None
            return found if found != before else None

        self.pids.append(harness.wait_until(changed, seconds, lambda: "another process; the log ends with:\n"
                                            + self.server.log()[-4000:]))
        return self.pid()

    def upgrade(self):
        self.tell()
        return self.wait_for_next()

    def exit_code(self, pid, seconds=20):
        """Of a process that took part, once it has ended."""
        def ended():
            if pid in self.ended:
                return True
            if pid == self.first:
                code = self.server.process.child.poll()
            else:
                try:
                    found, status = os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:  # its own parent lives
                    return False
                code = os.waitstatus_to_exitcode(status) if found else None
            if code is not None:
                self.ended[pid] = code
            return code is not None

        harness.wait_until(ended, seconds, lambda: f"the end of process {pid}; the log ends with:\n"
                           + self.server.log()[-4000:])
        return self.ended[pid]

    def stop(self, number=signal.SIGTERM, seconds=20):
        self.tell(number)
        return [self.exit_code(pid, seconds) for pid in self.pids]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid()}/fd"))

    def children(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return file.read().split()

    def _kill_all(self):
        for pid in self.pids + self._descendants():
            if pid in self.ended:
                continue
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        end = time.monotonic() + 5
        for pid in self.pids[1:]:
            while pid not in self.ended and time.monotonic() < end:
                try:
                    if os.waitpid(pid, os.WNOHANG)[0]:
                        break
                except ChildProcessError:
                    break
                time.sleep(0.02)

    def _descendants(self):
        """What is started and not known yet; only what one of ours started."""
        out = []
        for pid in self.pids:
            try:
                out += [int(each) for each in self.children(pid)]
            except OSError:
                pass
        return out


def command(server, *more, seconds=90):
    """`cardea upgrade`, finished."""
    return cardea.run("upgrade", "--config", "config/config.yml", *more, folder=server.test.dir, seconds=seconds)
