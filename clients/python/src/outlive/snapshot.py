"""A snapshot: the state of a tenant, put aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .instants import parse_instant


class Snapshot:
    """A snapshot of a tenant. The tenant is brought back to it as often as needed."""

    def __init__(self, facts: Mapping[str, Any], restore: Callable[[], None], delete: Callable[[], None]) -> None:
        self.id: str = facts["id"]
        self.name: str | None = facts.get("name")
        self.now: datetime = parse_instant(facts["now"])
        """The tenant's time in it."""
        self._restore, self._delete = restore, delete

    def restore(self) -> None:
        """Brings the tenant back to it: data, time, tokens and journal in all services."""
        self._restore()

    def delete(self) -> None:
        """Deletes the snapshot."""
        self._delete()

    def __repr__(self) -> str:
        return f"<Snapshot {self.name or self.id}>"
