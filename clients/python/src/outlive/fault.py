"""A fault: something that goes wrong at a service, on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any


class Fault:
    """A fault of a tenant. As a context manager, it is removed at the end of the block."""

    def __init__(self, facts: Mapping[str, Any], read: Callable[[], Mapping[str, Any]], remove: Callable[[], None]) -> None:
        self.id: str = facts["id"]
        """Its id, which events of the journal name."""
        self._read, self._remove = read, remove

    @property
    def state(self) -> str:
        """`scheduled`, `active` or `ended`."""
        return str(self._read()["state"])

    @property
    def hits(self) -> int:
        """How many requests met it."""
        return int(self._read()["hits"])

    def remove(self) -> None:
        """Removes it, with its hits."""
        self._remove()

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"<Fault {self.id}>"
