"""The process of a peer: start, startup time, resident memory, processor time, stop. Reads Linux's /proc."""

import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

READY_SECONDS = 60
POLL_SECONDS = 0.002
SETTLE_SECONDS = 1
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class PeerFailed(Exception):
    """A peer does not start, or refuses a request that it has to answer."""


class Process:
    """A peer in a session of its own, so that its child processes are measured and stopped with it."""

    def __init__(self, command, discovery, log, environment):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("OUTLIVE_")}
        self.log = log
        began = time.monotonic()
        with open(log, "w") as out:
            self.child = subprocess.Popen(
                list(map(str, command)), stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=plain | environment, start_new_session=True,
            )
        try:
            self._wait_for(discovery)
        except BaseException:
            self.stop()
            raise
        self.startup_ms = (time.monotonic() - began) * 1000

    def _wait_for(self, url):
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self.child.poll() is not None:
                raise PeerFailed(f"ended with status {self.child.returncode}:\n{self.last_lines()}")
            try:
                with OPENER.open(url, timeout=5) as answer:
                    answer.read()
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(POLL_SECONDS)
        raise PeerFailed(f"{url} does not answer after {READY_SECONDS} s:\n{self.last_lines()}")

    def last_lines(self):
        return "\n".join(pathlib.Path(self.log).read_text(errors="replace").splitlines()[-15:])

    def memory_mib(self):
        """Returns the resident memory of all its processes."""
        return sum(int(fields[21]) for fields in self._processes()) * PAGE / 2**20

    def processor_seconds(self):
        """Returns the processor time of all its processes, and of those that have ended."""
        return sum(sum(map(int, fields[11:15])) for fields in self._processes()) / TICK

    def _processes(self):
        """Returns the fields of /proc/PID/stat after the program's name, of all processes of the session."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[3] == str(self.child.pid):
                found.append(fields)
        return found

    def stop(self):
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, signal_number)
                self.child.wait(10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.child.wait()


# Without the environment's proxy, which is not for loopback.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port(offsets=(0,)):
    """Returns a port of 127.0.0.1 for which it and the ports at these offsets are free now."""
    for _ in range(100):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        try:
            for offset in offsets:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + offset))
            return port
        except (OSError, OverflowError):
            continue
    raise PeerFailed("no free ports")
