"""Instants and durations as the lab writes them: RFC 3339 and ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def parse_instant(text: str) -> datetime:
    """Returns the instant that a text of the lab names, such as `2026-01-05T09:00:00.25Z`."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an instant such as 2026-01-05T09:00:00Z")
    micros = int((found[2] or "").ljust(6, "0")[:6])
    return datetime.fromisoformat(found[1]).replace(microsecond=micros, tzinfo=timezone.utc)


def instant_text(instant: datetime | str) -> str:
    """Returns an instant for the lab. A `datetime` needs a time zone, for it would be ambiguous without."""
    if isinstance(instant, str):
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone; write for example datetime.now(timezone.utc)")
    return instant.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def duration_text(duration: timedelta | str) -> str:
    """Returns a duration for the lab: `PT1H` for an hour, with a minus sign in front if it is negative."""
    if isinstance(duration, str):
        return duration
    micros = round(duration / timedelta(microseconds=1))
    seconds, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06}".rstrip("0") if rest else ""
    return f"{'-' if micros < 0 else ''}PT{seconds}{fraction}S"
