"""What a tenant contains: users, applications, connections, flows, and the URLs of the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .errors import NotFoundError

T = TypeVar("T")


@dataclass(frozen=True)
class User:
    """A user."""

    role: str
    """The role in scenarios: `owner`, `colleague`, `admin`."""
    upn: str
    """The sign-in name."""
    id: str
    """The object id."""
    password: str = field(repr=False)
    """The initial password, or the last one that the lab set."""


@dataclass(frozen=True)
class Application:
    """A registered application."""

    name: str
    client_id: str
    kind: str
    """`public`, `spa`, `confidential`, `daemon` or `resource`."""
    redirect_uris: tuple[str, ...]
    secret: str | None = field(default=None, repr=False)
    """The client secret, if it has one."""


@dataclass(frozen=True)
class Connection:
    """A connection that the hub keeps."""

    name: str
    connector: str
    owner: str
    """The role of its owner."""


@dataclass(frozen=True)
class Flow:
    """A flow."""

    id: str
    name: str
    owner: str
    """The role of its owner."""
    connection: str
    """The connection that it uses."""


@dataclass(frozen=True)
class Urls:
    """The URLs of the services."""

    idp: str
    graph: str
    hub: str
    resource: str
    flow: str
    idp_tls: str | None = None
    """The identity provider over https, for SDKs that insist on it."""
    resource_tls: str | None = None

    def __getitem__(self, name: str) -> str:
        """Returns the URL of this name."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        url = known.get(name)
        if url is None:
            raise NotFoundError("URL", name, "this system", [name for name, url in known.items() if url])
        return str(url)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> str:
            raise AttributeError(f"There is no URL {name!r}; there are: {', '.join(one.name for one in fields(self))}.")


class Named(Generic[T]):
    """Objects of a tenant, in order. `[name]` returns one of them: the property that returns this says by which names."""

    def __init__(self, kind: str, owner: str, objects: Sequence[T], names: Callable[[T], tuple[str, ...]]) -> None:
        self._kind, self._owner, self._objects, self._names = kind, owner, tuple(objects), names

    def __getitem__(self, name: str) -> T:
        for one in self._objects:
            if name in self._names(one):
                return one
        raise NotFoundError(self._kind, name, self._owner, [self._names(one)[0] for one in self._objects])

    def __contains__(self, name: object) -> bool:
        return any(name == one or name in self._names(one) for one in self._objects)

    def __iter__(self) -> Iterator[T]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def __repr__(self) -> str:
        return f"<{self._kind}s: {self}>"

    def __str__(self) -> str:
        return ", ".join(self._names(one)[0] for one in self._objects)


def known_fields(kind: type[T], facts: Mapping[str, Any]) -> T:
    """Creates a data class from JSON. Members of newer programs are ignored."""
    names = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items() if name in names}
    return kind(**values)
