"""What a tenant has in addition to its seed: the `overlay` of `Lab.tenant`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict


class OverlayUser(TypedDict, total=False):
    """A user. Its role is the key in `Overlay.users`, and the local part of the sign-in name."""

    display_name: str
    given_name: str
    surname: str
    mail: str
    guest: bool
    password_never_expires: bool
    require_mfa: bool
    directory_roles: Sequence[str]


class TypedRedirectUri(TypedDict):
    """A redirect URI with a type that does not follow from the kind of the application."""

    uri: str
    type: Literal["web", "spa", "publicClient"]


class _Scope(TypedDict):
    value: str


class OverlayScope(_Scope, total=False):
    """A delegated permission that an API offers, with its description on the consent page."""

    description: str


class _Requirement(TypedDict):
    api: str


class OverlayRequirement(_Requirement, total=False):
    """Required permissions of an API, which is named, or of `Microsoft Graph`."""

    scopes: Sequence[str]
    roles: Sequence[str]


class _Application(TypedDict):
    kind: Literal["public", "spa", "confidential", "daemon", "resource"]


class OverlayApplication(_Application, total=False):
    """An application. Its display name is the key in `Overlay.applications`."""

    redirect_uris: Sequence[str | TypedRedirectUri]
    secret: bool
    """By default, confidential applications and daemons have one, unless they have certificates."""
    certificates: Sequence[str]
    allow_public_client: bool
    identifier_uris: Sequence[str]
    scopes: Sequence[str | OverlayScope]
    app_roles: Sequence[str]
    token_version: Literal[1, 2]
    requires: Sequence[str | OverlayRequirement]
    """Names of permissions of the orders API, or permissions of any API. By default `User.Read` of Microsoft Graph, unless
    it is a daemon or an API."""
    admin_consented: bool
    """Whether an administrator has consented to `requires`. By default only for a daemon."""
    logout_url: str
    require_mfa: bool
    continuous_access_evaluation: bool


class Overlay(TypedDict, total=False):
    """Users by role, and applications by display name."""

    users: Mapping[str, OverlayUser]
    applications: Mapping[str, OverlayApplication]
