"""What a sign-in returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class AuthorizationResponse:
    """What the browser brought to the redirect URI, for the application to redeem."""

    redirect_url: str = field(repr=False)
    """The whole address to which the issuer sent the browser. The lab did not open it."""
    code: str = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    """Every parameter of the response, as `acquire_token_by_auth_code_flow` of MSAL takes them."""
    state: str | None = None
    session: str | None = field(default=None, repr=False)
    """The session of the browser, for another sign-in `via="session"`."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of an application."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: int
    """Lifetime of the access token in seconds of the tenant's time."""
    refresh_token: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    """The session of the browser, for another sign-in `via="session"`."""
