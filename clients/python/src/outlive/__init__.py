"""Tests with sign-ins, password changes and the passing of time, against Outlive.

Outlive stands in for Microsoft Entra ID on your machine. With pytest, use the fixture `tenant`:

    def test_orders(tenant):
        tokens = tenant.sign_in("owner", "Orders Desktop", redeem=True)
        tenant.change_password("owner")
        assert "AADSTS50173" in str(tenant.why(tokens.refresh_token))

Without pytest:

    with outlive.Lab.find() as lab, lab.tenant() as tenant:
        ...
"""

from .credentials import Application, Connection, Flow, Named, Urls, User
from .errors import LabError, NotFoundError, OutliveError, ProgramError
from .explanation import Moment, Verdict, Why
from .fault import Fault
from .forge import ForgedToken
from .journal import JournalLine
from .lab import Lab
from .overlay import Overlay, OverlayApplication, OverlayRequirement, OverlayScope, OverlayUser, TypedRedirectUri
from .sign_in import AuthorizationResponse, Tokens
from .snapshot import Snapshot
from .tenant import Advance, Tenant

__all__ = [
    "Advance",
    "Application",
    "AuthorizationResponse",
    "Connection",
    "Fault",
    "Flow",
    "ForgedToken",
    "JournalLine",
    "Lab",
    "LabError",
    "Moment",
    "Named",
    "NotFoundError",
    "OutliveError",
    "Overlay",
    "OverlayApplication",
    "OverlayRequirement",
    "OverlayScope",
    "OverlayUser",
    "ProgramError",
    "Snapshot",
    "Tenant",
    "Tokens",
    "TypedRedirectUri",
    "Urls",
    "User",
    "Verdict",
    "Why",
]
