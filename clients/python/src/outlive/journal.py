"""The journal of a tenant: what all services recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import LabError
from .instants import parse_instant

if TYPE_CHECKING:
    from .tenant import Tenant

_PAGE = 1_000


@dataclass(frozen=True)
class JournalLine:
    """An event of the journal. As text, it is written for people."""

    at: datetime
    """When it happened, in the tenant's time."""
    wall: datetime
    """When it was recorded."""
    service: str
    """`idp`, `hub`, `resource` or `flow`."""
    kind: str
    """What happened, such as `token.refused`. docs/events.md explains each kind."""
    subject: str
    """To what it happened, such as `user:<id>`."""
    trace: str
    """The trace id of the request."""
    words: str
    """What happened, in one sentence."""
    data: Mapping[str, Any] = field(repr=False)
    """The payload, whose form depends on the kind."""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> JournalLine:
        """Reads a line of the lab's answer."""
        texts = {name: facts[name] for name in ("service", "kind", "subject", "trace")}
        words = facts.get("words", facts["kind"])
        return cls(at=parse_instant(facts["at"]), wall=parse_instant(facts["wall"]), words=words, data=facts["data"], **texts)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}  {self.service:<8}  {self.words}"


def read_journal(read: Callable[[dict[str, str]], Mapping[str, Any]]) -> list[JournalLine]:
    """Reads all pages of a journal. `read` requests one, with these parameters."""
    lines: list[JournalLine] = []
    position = "0"
    while True:
        page = _complete(read({"after": position, "limit": str(_PAGE)}))
        lines += [JournalLine.of(line) for line in page["lines"]]
        if len(page["lines"]) < _PAGE:
            return lines
        position = page["next"]


def latest_lines(tenant: Tenant, count: int) -> list[JournalLine]:
    """Returns the last lines that are notable: changes and refusals, in order."""
    page = _complete(tenant.call("GET", "journal", query={"newest": "true", "notable": "true", "limit": str(count)}))
    return [JournalLine.of(line) for line in reversed(page["lines"])]


def _complete(page: Mapping[str, Any]) -> Mapping[str, Any]:
    missing = ", ".join(page.get("missing", ()))
    if missing:
        raise LabError("ServiceFailed", f"The journal is not complete: {missing} did not answer.", "Try again.")
    return page
