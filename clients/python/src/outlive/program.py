"""The program `outlive`: where it is, and a system that it runs for this process only."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .errors import ProgramError

START_SECONDS = 60.0
EOF_SECONDS = 3.0
"""How long a system may take to stop after the end of its standard input, before it gets a signal."""
STOP_SECONDS = 20.0
_INSTALL = (
    "Install it (`cargo install --path crates/outlive` in the repository) or name it in OUTLIVE_BIN. "
    "OUTLIVE_AGAINST=http://127.0.0.1:8700 uses a system that is running already."
)
_TOO_OLD = "It is not Outlive, or older than this package: update it."


def find_program(program: str | os.PathLike[str] | None = None) -> str:
    """Returns the path of the program: the argument, `OUTLIVE_BIN`, or `outlive` on the `PATH`, in this order."""
    for source, named in (("the argument `program`", program), ("OUTLIVE_BIN", os.environ.get("OUTLIVE_BIN"))):
        if not named:
            continue
        found = shutil.which(os.fspath(named))
        if found is None:
            raise ProgramError(f"{source} names {os.fspath(named)!r}, which is not a program. {_INSTALL}")
        return found
    found = shutil.which("outlive")
    if found is None:
        raise ProgramError(f"There is no program 'outlive' on the PATH, and OUTLIVE_BIN is not set. {_INSTALL}")
    return found


@dataclass(frozen=True)
class Addresses:
    """What the program prints when it is ready."""

    console: str
    """The console, which has the lab API."""
    ca: str
    """The certificate of the local authority."""


class PrivateSystem:
    """A system on free ports, whose data is deleted at its end.

    It stops when this process ends, however that happens: the system ends with its standard input.
    """

    def __init__(
        self,
        program: str | os.PathLike[str] | None = None,
        *,
        seed: str | os.PathLike[str] | None = None,
        rules: str | None = None,
        timeout: float = START_SECONDS,
    ) -> None:
        self._path = find_program(program)
        command = [self._path, "up", "--temporary", "--port-base", "0", "--format", "json", "--stop-at-eof"]
        command += ["--seed", os.fspath(seed)] if seed is not None else []
        command += ["--rules", rules] if rules is not None else []
        # A file and not a pipe, which would be full one day.
        self._log = tempfile.TemporaryFile()
        self._process = self._start(command)
        _STARTED.add(self)
        try:
            self.addresses = self._wait_until_ready(timeout)
        except BaseException:
            self.stop()
            raise

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        # Not the settings of another system, such as its data directory or database.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTLIVE_") or name == "OUTLIVE_LOG"}
        try:
            # In a session of its own: Ctrl-C is for the tests, which then delete their tenants.
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=kept,
                start_new_session=True,
            )
        except OSError as failed:
            self._log.close()
            raise ProgramError(f"{self._path} cannot be started: {failed}. {_INSTALL}") from None

    def _wait_until_ready(self, timeout: float) -> Addresses:
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(target=_read_lines, args=(self._process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=timeout)
        except queue.Empty:
            raise ProgramError(f"{self._path} was not ready within {timeout:g} s.{self._last_words()}") from None
        if not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
            ended = f"{self._path} ended with exit code {self._process.poll()} before it was ready."
            raise ProgramError(f"{ended}{self._last_words()} {self._advice()}".rstrip())
        try:
            return _addresses(json.loads(line))
        except (ValueError, KeyError, TypeError):
            printed = line[:120].decode(errors="replace").strip()
            raise ProgramError(f"{self._path} printed {printed!r} instead of its addresses. {_TOO_OLD}") from None

    def _last_words(self) -> str:
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        return f" It printed:\n{text[-2000:]}\n" if text else ""

    def _advice(self) -> str:
        """What to do if the program does not know the options: clap ends with exit code 2 then."""
        return _TOO_OLD if self._process.poll() == 2 else ""

    def close_input(self) -> None:
        """Closes this process's end of the standard input."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.closed:
            with contextlib.suppress(OSError):
                stdin.close()

    def stop(self) -> None:
        """Stops it in order, and kills it if it does not. Does nothing if it has stopped."""
        process = self._process
        self.close_input()
        for seconds, harder in ((EOF_SECONDS, process.terminate), (STOP_SECONDS, process.kill)):
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                harder()
        process.wait()
        self._log.close()


_STARTED: weakref.WeakSet[PrivateSystem] = weakref.WeakSet()


def _close_inputs_in_child() -> None:
    """A forked process must not keep the systems of its parent running."""
    for system in list(_STARTED):
        system.close_input()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inputs_in_child)


def _read_lines(output: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    """Reads all lines until the end, so that the program never waits for a reader. An empty one marks the end."""
    with output:
        for line in output:
            lines.put(line)
    lines.put(b"")


def _addresses(ready: Mapping[str, Any]) -> Addresses:
    return Addresses(console=str(ready["urls"]["console"]), ca=str(ready["ca"]))


def ca_of_running_system() -> str | None:
    """Returns the authority of a system that this package did not start, if the environment names it."""
    named = os.environ.get("OUTLIVE_CA")
    data = os.environ.get("OUTLIVE_DATA")
    path = Path(named) if named else Path(data, "ca.pem") if data else None
    return str(path.absolute()) if path is not None and path.is_file() else None
