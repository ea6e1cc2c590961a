"""A system to test against: one that this process starts, or one that is running."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType

from .errors import LabError, OutliveError, ProgramError
from .instants import duration_text, instant_text
from .lab_api import LabApi
from .overlay import Overlay
from .program import PrivateSystem, ca_of_running_system
from .tenant import Tenant

LIFETIME = timedelta(hours=1)
"""How long a tenant exists at most (wall time), unless it is deleted before."""
STANDS_STILL: Mapping[str, object] = {"speed": 0}
"""The clock of a tenant that only `advance` moves."""


class Lab:
    """A system with its lab API. As a context manager, it is stopped at the end if this process started it."""

    def __init__(self, url: str, ca: str | None = None, system: PrivateSystem | None = None) -> None:
        self.api = LabApi(url)
        self._ca, self._system = ca, system
        found = self.api.call("GET", "/lab/tenants")
        if not isinstance(found, dict) or "tenants" not in found:
            raise LabError("NotALab", f"{url} is not a lab.", "Give the address of the console, which `outlive up` prints first.")

    @classmethod
    def start(
        cls,
        program: str | os.PathLike[str] | None = None,
        *,
        seed: str | os.PathLike[str] | None = None,
        rules: str | None = None,
    ) -> Lab:
        """Starts a system of its own on free ports. It ends with this process at the latest.

        `program` is the path of `outlive`; by default `OUTLIVE_BIN`, or `outlive` on the `PATH`. `seed` is a seed file for
        all tenants, `rules` the edition of the revocation table that they follow by default.

        Raises `ProgramError` if there is no such program, or it does not start.
        """
        system = PrivateSystem(program, seed=seed, rules=rules)
        try:
            return cls(system.addresses.console, system.addresses.ca, system)
        except BaseException:
            system.stop()
            raise

    @classmethod
    def against(cls, url: str, ca: str | None = None) -> Lab:
        """Uses a running system, by the address of its console. It is not stopped at the end.

        `ca` is the certificate of its authority; by default `OUTLIVE_CA`, or `ca.pem` in `OUTLIVE_DATA`.
        """
        return cls(url, ca or ca_of_running_system())

    @classmethod
    def find(
        cls,
        program: str | os.PathLike[str] | None = None,
        *,
        against: str | None = None,
        seed: str | os.PathLike[str] | None = None,
        rules: str | None = None,
    ) -> Lab:
        """Uses the running system `against`, starts the given `program`, uses the system that `OUTLIVE_AGAINST` names, or
        starts one as `Lab.start` does, in this order.

        Raises `OutliveError` if a running system is used and there are options for starting one.
        """
        named = os.environ.get("OUTLIVE_AGAINST") if program is None else None
        url = against or named
        if not url:
            return cls.start(program, seed=seed, rules=rules)
        options = {"program": program, "seed": seed, "rules": rules}
        given = ", ".join(f"`{name}`" for name, value in options.items() if value is not None)
        if given:
            source = "The given address" if against else "OUTLIVE_AGAINST"
            raise OutliveError(
                f"{source} ({url}) is that of a running system, whose seed and rules were chosen when it was started: "
                f"{given} cannot be used. Leave it out, or give seed and rules to `tenant`."
            )
        return cls.against(url)

    @property
    def url(self) -> str:
        """The address of the console and of the lab API."""
        return self.api.url

    @property
    def ca(self) -> str:
        """The path of the certificate of the local authority, which clients of the https addresses have to trust."""
        if self._ca is None:
            raise ProgramError(
                f"It is not known which authority the system at {self.url} uses. Set OUTLIVE_CA to the path that "
                "`outlive ca --path` prints there."
            )
        return self._ca

    def tenant(
        self,
        *,
        name: str | None = None,
        seed: str | None = None,
        rules: str | None = None,
        starts: datetime | timedelta | str | None = None,
        clock: Mapping[str, object] | None = STANDS_STILL,
        overlay: Overlay | None = None,
        bare: bool = False,
        lifetime: timedelta | str = LIFETIME,
        **more: object,
    ) -> Tenant:
        """Creates a tenant. As a context manager, it is deleted at the end of the block.

        `rules` is an edition of the revocation table (`2018`, `2021`, `2025-05`, `2025-11`). `starts` is when its time
        begins: an instant in the past, or a negative duration before now (`-P90D`). Its time stands still until `advance`;
        with `clock={"speed": 1}` it passes as that of the machine. `overlay` is what it has in addition to its seed:
        `{"users": {"auditor": {}}, "applications": {"My App": {"kind": "public", "redirect_uris": ["http://localhost:3000"]}}}`.
        A `bare` tenant has no connections and flows. The lab deletes it after its `lifetime` (wall time,
        at most 30 days), even if this process is killed. Any other member of `POST /lab/tenants` can be given by its name.
        """
        if isinstance(starts, timedelta):
            starts = duration_text(starts)
        elif starts is not None:
            starts = instant_text(starts)
        request = {"name": name, "seed": seed, "rules": rules, "starts": starts, "clock": clock, "overlay": overlay, **more}
        request = {name: value for name, value in request.items() if value is not None}
        request |= {"bare": bare, "lifetime": duration_text(lifetime)}
        return Tenant(self, self.api.call("POST", "/lab/tenants", request))

    def import_tenant(self, exported: Mapping[str, object], *, lifetime: timedelta | str = LIFETIME) -> Tenant:
        """Creates the tenant of an export (`Tenant.export`): the same one, with its id. There is only one of it in a system.

        As a context manager, it is deleted at the end of the block. The lab deletes it after its `lifetime` (wall time), even
        if this process is killed.
        """
        query = {"import": "", "lifetime": duration_text(lifetime)}
        return Tenant(self, self.api.call("POST", "/lab/tenants", exported, query))

    def stop(self) -> None:
        """Stops the system, if this process started it."""
        if self._system is not None:
            self._system.stop()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Lab {self.url}>"
