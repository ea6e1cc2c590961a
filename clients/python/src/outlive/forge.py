"""What the lab returns for a forged token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ForgedToken:
    """A token for a test of what validates tokens. The journal records it as forged (`token.forged`)."""

    token: str = field(repr=False)
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    key_is_published: bool
    """Whether the issuer publishes the key."""
