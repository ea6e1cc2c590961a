"""Drives a token endpoint with the load client, which is compiled from client.rs."""

import json
import pathlib
import resource
import subprocess
import urllib.parse

from harness.packages import ROOT, once, run
from harness.process import PeerFailed

SOURCE = pathlib.Path(__file__).with_name("client.rs")


class Load:
    """The load client, with a fixed number of connections, each with one request at a time."""

    def __init__(self, target, connections, directory):
        self.program = target / "client/client"
        self.connections = connections
        self.form, self.tokens, self.bearers = (directory / name for name in ("form", "refresh-tokens", "bearers"))
        # In the root, so that rustup takes the toolchain of the repository.
        build = ["rustc", "--edition", "2024", "-O", "-o", self.program, SOURCE]
        once(self.program.parent, [SOURCE], lambda: run(build, cwd=ROOT))

    def run(self, url, form, seconds, tokens=(), bearers=()):
        """Returns requests, seconds, latency, the client's processor seconds, and the refresh tokens to continue with."""
        self.form.write_text(urllib.parse.urlencode(form))
        self.tokens.write_text("\n".join(tokens))
        self.bearers.write_text("\n".join(bearers))
        arguments = [self.program, url, self.form, self.connections, seconds, self.tokens, self.bearers]
        before = _children_seconds()
        ended = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise PeerFailed(ended.stderr.strip())
        result = json.loads(ended.stdout) | {"client_seconds": _children_seconds() - before}
        return result, self.tokens.read_text().split()


def _children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
