"""The exceptions of this package. All derive from `OutliveError`."""

from __future__ import annotations

from collections.abc import Iterable


class OutliveError(Exception):
    """Outlive could not be used as the test asked for. The message says why and what to do."""


class ProgramError(OutliveError):
    """The program `outlive` was not found, did not start, or is too old."""


class LabError(OutliveError):
    """The lab refused a request, or did not answer it."""

    title: str
    """The code of the problem, for example `TenantNotFound`."""
    detail: str
    """What failed and why, in the words of the lab."""
    action: str
    """What to do about it; empty if `detail` says it."""
    status: int | None
    """The HTTP status; `None` if the lab did not answer."""

    def __init__(self, title: str, detail: str, action: str = "", status: int | None = None) -> None:
        super().__init__(f"{title}: {detail} {action}".rstrip())
        self.title, self.detail, self.action, self.status = title, detail, action, status


class NotFoundError(OutliveError, LookupError):
    """A tenant has no object of this name. The message lists those that exist."""

    def __init__(self, kind: str, name: object, owner: str, existing: Iterable[str]) -> None:
        listed = ", ".join(existing)
        known = f"It has: {listed}." if listed else f"It has no {kind} at all."
        super().__init__(f"There is no {kind} {name!r} in {owner}. {known}")
