"""A tenant of its own for a test, and what can happen in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import quote

from .credentials import Application, Connection, Flow, Named, Urls, User, known_fields
from .errors import LabError, ProgramError
from .explanation import Why
from .fault import Fault
from .forge import ForgedToken
from .instants import duration_text, instant_text, parse_instant
from .journal import JournalLine, read_journal
from .sign_in import AuthorizationResponse, Tokens
from .snapshot import Snapshot

if TYPE_CHECKING:
    from .lab import Lab

Portal = Literal["azure_portal", "entra_admin_center", "m365_admin_center"]
"""Where an administrator resets a password. Some editions of the revocation table distinguish them."""

SignInMethod = Literal["password", "passkey", "session"]
"""How a user signs in."""


@dataclass(frozen=True)
class Advance:
    """What happened while time moved."""

    now: datetime
    """The tenant's time afterwards."""
    done: int
    """How many due work items, such as runs of flows, were executed."""
    failed: int
    """How many of them failed."""


class Tenant:
    """A tenant of the lab, which no other test uses. As a context manager, it is deleted at the end of the block.

    Users are given by role (`owner`), sign-in name or object id, applications by name or client id.
    """

    def __init__(self, lab: Lab, credentials: Mapping[str, Any]) -> None:
        self.lab = lab
        self._credentials: Mapping[str, Any] | None = credentials
        self.id: str = credentials["tenant_id"]
        self.domain: str = credentials["domain"]
        """Its verified domain, such as `a1b2c3.contoso.example`."""
        self.urls = known_fields(Urls, credentials["urls"])

    # What it contains.

    @property
    def credentials(self) -> Mapping[str, Any]:
        """Everything that `GET /lab/tenants/{tenant}` returns, with the present passwords and secrets."""
        if self._credentials is None:
            self._credentials = self.call("GET")
        return self._credentials

    @property
    def users(self) -> Named[User]:
        """The users, by role, sign-in name or object id."""
        return self._named("user", User, "users", lambda one: (one.role, one.upn, one.id))

    @property
    def applications(self) -> Named[Application]:
        """The applications, by name or client id."""
        return self._named("application", Application, "applications", lambda one: (one.name, one.client_id))

    @property
    def connections(self) -> Named[Connection]:
        """The connections of the seed, by name."""
        return self._named("connection", Connection, "connections", lambda one: (one.name,))

    @property
    def flows(self) -> Named[Flow]:
        """The flows of the seed, by name or id."""
        return self._named("flow", Flow, "flows", lambda one: (one.name, one.id))

    def _named(self, kind: str, of: Any, member: str, names: Any) -> Named[Any]:
        return Named(kind, f"tenant {self.domain}", [known_fields(of, one) for one in self.credentials[member]], names)

    @property
    def authority(self) -> str:
        """The authority for SDKs: the tenant at the identity provider's https address."""
        if self.urls.idp_tls is None:
            raise ProgramError(f"The system at {self.lab.url} has no https address. Start it with `outlive up`.")
        return f"{self.urls.idp_tls}/{self.id}"

    @property
    def ca(self) -> str:
        """The path of the certificate of the local authority, which clients of `authority` have to trust."""
        return self.lab.ca

    # What happens in it.

    @overload
    def sign_in(
        self,
        user: str = ...,
        app: str | None = ...,
        *,
        authorize_url: str | None = ...,
        redeem: Literal[True],
        scope: str | Iterable[str] | None = ...,
        via: SignInMethod = ...,
        session: str | None = ...,
        password: str | None = ...,
        **more: object,
    ) -> Tokens: ...

    @overload
    def sign_in(
        self,
        user: str = ...,
        app: str | None = ...,
        *,
        authorize_url: str | None = ...,
        redeem: Literal[False] = ...,
        scope: str | Iterable[str] | None = ...,
        via: SignInMethod = ...,
        session: str | None = ...,
        password: str | None = ...,
        **more: object,
    ) -> AuthorizationResponse: ...

    def sign_in(
        self,
        user: str = "owner",
        app: str | None = None,
        *,
        authorize_url: str | None = None,
        redeem: bool = False,
        scope: str | Iterable[str] | None = None,
        via: SignInMethod = "password",
        session: str | None = None,
        password: str | None = None,
        **more: object,
    ) -> AuthorizationResponse | Tokens:
        """Signs a user in as in a new browser, through the pages of the issuer.

        Either `authorize_url` is what the application under test opens in a browser, or `app` names the application. The
        result is for the application to redeem; with `redeem`, the lab redeems the code and returns tokens.

        `via` is how the user signs in; for `"session"`, `session` is that of an earlier result. `password` is needed only
        if it was changed elsewhere than through the lab. `more` has the other members of the lab's `sign_in`, for example
        `redirect_uri`, `nonce`, `state`, `code_challenge`, `can_be_challenged`.
        """
        request = {
            "user": user,
            "app": app,
            "authorize_url": authorize_url,
            "scope": scope if scope is None or isinstance(scope, str) else " ".join(scope),
            "with": via,
            "session": session,
            "password": password,
            "redeem": redeem,
            **more,
        }
        answer = self._act("sign_in", request)
        return known_fields(Tokens, answer) if redeem else known_fields(AuthorizationResponse, answer)

    def change_password(self, user: str = "owner", new_password: str | None = None) -> str:
        """Changes the password as the user does. Returns the new one, which is generated if none is given."""
        return self._set_password("password_change", user, new_password)

    def reset_password(self, user: str = "owner", new_password: str | None = None, *, channel: Portal = "azure_portal") -> str:
        """Resets the password as an administrator does. Returns the new one, which is generated if none is given.

        A reset by the user (self-service) is `event("sspr", user=…)`.
        """
        return self._set_password("admin_reset", user, new_password, channel=channel)

    def _set_password(self, kind: str, user: str, new_password: str | None, **more: object) -> str:
        raised = self.event(kind, user=user, new_password=new_password, **more)
        return new_password or str(raised["new_password"])

    def revoke_sessions(self, user: str = "owner", *, by: Literal["user", "admin"] = "admin") -> None:
        """Revokes all sessions and refresh tokens of a user."""
        self.event("revoke_sessions", user=user, by=by)

    def event(self, type: str, **fields: object) -> dict[str, Any]:
        """Causes any event of the lab, for example `event("expire_secret", app="Nightly Job")`. Returns its answer."""
        self._credentials = None
        raised: dict[str, Any] = self._act("events", {"type": type, **fields})
        return raised

    def _act(self, path: str, request: Mapping[str, object]) -> Any:
        """Sends a request that names a user or an application. If there is no such one, the error lists those of the seed."""
        try:
            return self.call("POST", path, request)
        except LabError as refused:
            for member, named in (("user", self.users), ("app", self.applications)):
                name = request.get(member)
                if refused.status in (400, 404) and name is not None and name not in named:
                    action = f"The {member} is {name!r}; the seed has: {named}."
                    raise LabError(refused.title, refused.detail, action, refused.status) from None
            raise

    def advance(self, duration: timedelta | str) -> Advance:
        """Moves the tenant's time forward, and executes all work that becomes due: runs of flows, expirations, retries."""
        answer = self.call("POST", "clock", {"advance": duration_text(duration)})
        return Advance(parse_instant(answer["now"]), answer.get("done", 0), answer.get("failed", 0))

    @property
    def now(self) -> datetime:
        """The tenant's time."""
        return parse_instant(self.call("GET", "clock")["now"])

    def fault(
        self,
        service: Literal["idp", "hub", "resource", "flow"],
        endpoint: str | None = None,
        *,
        client: str | None = None,
        connection: str | None = None,
        probability: float | None = None,
        count: int | None = None,
        begins: datetime | str | None = None,
        lasts: timedelta | str | None = None,
        **do: object,
    ) -> Fault:
        """Makes something go wrong at a service, from now on or from `begins`, for as long as it `lasts` or `count` times.

        What goes wrong is given by name: `status=503`, `aadsts=50173`, `retry_after=30`, `delay="PT40S"`,
        `drop="request"`, `truncate=10`, `malform=True`, `wrong_key="unknown"`, `wrong_audience=…`, `wrong_issuer=…`,
        `expired=True`, `skew="PT10M"`, `body=…`. docs/faults.md explains each, and the endpoints (`token`, `orders`, …).
        """
        effects = {name: duration_text(effect) if isinstance(effect, timedelta) else effect for name, effect in do.items()}
        request = {
            "service": service,
            "endpoint": endpoint,
            "client": client,
            "connection": connection,
            "probability": probability,
            "count": count,
            "from": None if begins is None else instant_text(begins),
            "for": None if lasts is None else duration_text(lasts),
            "do": effects,
        }
        added = self.call("POST", "faults", request)
        path = f"faults/{added['id']}"
        return Fault(added, read=lambda: self.call("GET", path), remove=lambda: self.call("DELETE", path))

    def snapshot(self, name: str | None = None) -> Snapshot:
        """Puts the state of the tenant aside: data, time, tokens and journal in all services. A tenant has at most 20."""
        return self._snapshot_of(self.call("POST", "snapshots", {} if name is None else {"name": name}))

    def snapshots(self) -> list[Snapshot]:
        """The snapshots of the tenant, the oldest first."""
        return [self._snapshot_of(facts) for facts in self.call("GET", "snapshots")["snapshots"]]

    def restore(self, snapshot: Snapshot | str) -> None:
        """Brings the tenant back to a snapshot, given itself or by name or id."""
        if isinstance(snapshot, Snapshot):
            named = snapshot.id
        else:
            named = next((one.id for one in self.snapshots() if snapshot in (one.id, one.name)), snapshot)
        # Passwords and secrets may be other ones.
        self._credentials = self.call("POST", f"snapshots/{quote(named, safe='')}/restore", {})

    def export(self) -> dict[str, Any]:
        """The whole tenant as JSON: data, time, secrets, tokens and journal, without its snapshots.

        `Lab.import_tenant` creates the same tenant from it, in this system after the tenant was deleted, or in another one
        of the same version. Whoever has it can sign in as the users of the tenant.
        """
        exported: dict[str, Any] = self.call("GET", "export")
        return exported

    def _snapshot_of(self, facts: Mapping[str, Any]) -> Snapshot:
        named = facts["id"]
        return Snapshot(
            facts, restore=lambda: self.restore(named), delete=lambda: self.call("DELETE", f"snapshots/{named}")
        )

    def forge(
        self,
        like: str | None = None,
        *,
        claims: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
        key: Literal["signing", "unknown", "retired"] = "signing",
        alg: Literal["RS256", "HS256", "none"] = "RS256",
    ) -> ForgedToken:
        """Forges a token, for a test of what validates tokens: a copy of the token `like`, or one with the claims that every
        token has and those given, of which `aud` is required.

        `claims` and `header` replace members; `None` leaves one out. `exp`, `nbf` and `iat` may be a duration from now, such
        as `-PT1H`. `unknown` is a key that no issuer has published, `retired` the one before the last rotation. `HS256` has
        the public key as its secret.
        """
        request = {"claims": dict(claims or {}), "header": dict(header or {}), "key": key, "alg": alg}
        answer = self.call("POST", "forge", request | ({} if like is None else {"like": like}))
        return known_fields(ForgedToken, answer)

    def why(self, of: str, *, after: str | None = None) -> Why:
        """Explains a token, code or cookie, or what an id names: a credential, a connection, a run.

        `after` adds to `facts` the verdict after an event, such as `password_changed_by_user`.
        """
        return Why.of(self.call("POST", "why", {"of": of, "after": after}))

    def journal(
        self, kind: str | None = None, *, subject: str | None = None, about: str | None = None, trace: str | None = None
    ) -> list[JournalLine]:
        """Returns what all services recorded, in order.

        `kind` selects one kind (`token.refused`), or all that begin with it if it ends in a dot (`token.`); `about` what
        concerns one credential, by id or fingerprint.
        """
        criteria = {"kind": kind, "subject": subject, "about": about, "trace": trace}
        query = {name: value for name, value in criteria.items() if value is not None}
        return read_journal(lambda page: self.call("GET", "journal", query=query | page))

    def delete(self) -> None:
        """Deletes the tenant with all its data. Does nothing if it is gone already."""
        try:
            self.call("DELETE")
        except LabError as refused:
            if refused.status != 404:
                raise

    def call(
        self, method: str, path: str = "", body: Mapping[str, object] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """Sends any request below `/lab/tenants/{tenant}` and returns the JSON of the response, for what has no method here.

        Members of `body` that are `None` are left out.
        """
        if body is not None:
            body = {name: value for name, value in body.items() if value is not None}
        return self.lab.api.call(method, f"/lab/tenants/{self.id}/{path}".rstrip("/"), body, query)

    def __enter__(self) -> Tenant:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<Tenant {self.domain} {self.id}>"
