"""Why a token, code, cookie, connection or run works or does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .instants import parse_instant


@dataclass(frozen=True)
class Moment:
    """Something that happened."""

    at: datetime
    """In the tenant's time."""
    service: str
    """The service that recorded it."""
    kind: str
    """The kind of the journal event."""
    words: str
    """The event in one sentence."""

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}  {self.service:<8}  {self.words}"


@dataclass(frozen=True)
class Verdict:
    """Whether a credential is accepted."""

    accepted: bool
    code: str | None
    """The error code if it is refused, such as `AADSTS50173`."""
    title: str
    explanation: str
    """Which rule decided, on what facts."""


@dataclass(frozen=True)
class Why:
    """The explanation of a credential, a connection or a run. As text, it is written for people."""

    kind: str
    """`refresh_token`, `access_token`, `code`, `cookie`, `connection` or `run`."""
    name: str
    """Its id; never the credential itself."""
    what: str
    """What it is, in one sentence."""
    lineage: tuple[Moment, ...]
    """The events that led to it."""
    decisions: tuple[Moment, ...]
    """The latest decisions about it."""
    verdict: Verdict | None
    """The verdict at this instant; for a connection or a run, on its refresh token."""
    ends_by_itself: datetime | None
    """When it expires, in the tenant's time."""
    would_end_it: tuple[str, ...]
    """Events that would end it."""
    would_not_end_it: tuple[str, ...]
    """Events that would not."""
    what_if: tuple[str, ...]
    """If it is refused: with which change it would be accepted."""
    facts: Mapping[str, Any] = field(repr=False)
    """The whole answer of the lab."""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Why:
        """Reads the answer of the lab."""
        ends = facts.get("ends_by_itself")
        return cls(
            kind=facts["kind"],
            name=facts["name"],
            what=facts["what"],
            lineage=_moments(facts["lineage"]),
            decisions=_moments(facts["decisions"]),
            verdict=_verdict(facts.get("verdict")),
            ends_by_itself=parse_instant(ends) if ends else None,
            would_end_it=tuple(facts["would_end_it"]),
            would_not_end_it=tuple(facts["would_not_end_it"]),
            what_if=tuple(found["words"] for found in facts["what_if"]),
            facts=facts,
        )

    def __str__(self) -> str:
        parts = [self.what, *_block("Where it came from", self.lineage), *_block("What was done with it", self.decisions)]
        if self.verdict is not None:
            parts += _block("Now", [self.verdict.explanation])
        if self.ends_by_itself is not None:
            parts += ["", f"It expires on {self.ends_by_itself:%Y-%m-%d %H:%M:%S} unless an event ends it earlier."]
        parts += _block("It would end immediately if", self.would_end_it)
        parts += _block("It would remain valid if", self.would_not_end_it)
        parts += _block("What would have changed the decision", self.what_if)
        return "\n".join(parts)


def _moments(facts: Iterable[Mapping[str, Any]]) -> tuple[Moment, ...]:
    return tuple(Moment(parse_instant(one["at"]), one["service"], one["kind"], one["words"]) for one in facts)


def _verdict(facts: Mapping[str, Any] | None) -> Verdict | None:
    if facts is None:
        return None
    return Verdict(facts["outcome"] == "accepted", facts.get("code"), facts.get("title", ""), facts.get("explanation", ""))


def _block(title: str, lines: Iterable[object]) -> list[str]:
    listed = [f"  {line}" for line in lines]
    return ["", title, *listed] if listed else []
