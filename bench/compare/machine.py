"""What the figures depend on: cores and who runs on which, CPU time, memory, versions."""
import datetime
import os
import platform
import re
import resource

from support import harness

CORES = os.cpu_count() or 1
FILES = 65536
TICK = os.sysconf("SC_CLK_TCK")


def proxy_cores(workers):
    """The first cores; loads and origins have the others, as far as there are others."""
    return ",".join(str(core) for core in range(min(workers, CORES)))


def load_cores(workers):
    return ",".join(str(core) for core in range(min(workers, CORES - 1), CORES))


def raise_limits():
    """As many open files as the system gives; children inherit it, as from a service's LimitNOFILE."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(most, FILES), max(most, FILES)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def clients_possible():
    """With so many open files: proxies keep one for a backend beside each client's, and Cardea an eighth for itself."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 7 // 16 - 250


def family(pid):
    """A process and all below it."""
    found, ahead = [], [pid]
    while ahead:
        one = ahead.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    ahead += [int(child) for child in file.read().split()]
        except OSError:
            pass  # it ended meanwhile
    return found


def cpu_seconds(pid):
    """What a process and those below it have used. Nanoseconds where the kernel keeps them, ticks where not."""
    total = 0.0
    for one in family(pid):
        try:
            nanoseconds = 0
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/schedstat", encoding="ascii") as file:
                    nanoseconds += int(file.read().split()[0])
            with open(f"/proc/{one}/stat", encoding="utf-8") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += nanoseconds / 1e9 if nanoseconds else (int(fields[11]) + int(fields[12])) / TICK
    return total


def memory_kib(pid):
    """Resident, with shared pages divided among those who share them."""
    total = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return total


def description():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) / 1048576
    return {"cores": CORES, "processor": model.group(1) if model else platform.machine(), "memory_gib": round(memory),
            "kernel": platform.release(), "system": _system(), "date": datetime.date.today().isoformat(),
            "load": round(os.getloadavg()[0], 1)}


def _system():
    with open("/etc/os-release", encoding="utf-8") as file:
        return re.search(r'PRETTY_NAME="?([^"\n]*)', file.read()).group(1)


def package_version(name):
    found = harness.run("dpkg-query", "-W", "-f", "${Version}", name)
    return found.stdout if found.returncode == 0 else "not a package"
