"""Requests to the lab API, and its errors."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .errors import LabError

REQUEST_SECONDS = 120.0
"""How long a request may take."""
CLOCK_SECONDS = 3_600.0
"""How long a request that moves time may take: an advance by months executes much work."""

_ACTIONS = {
    "TenantNotFound": "If the test takes longer than the tenant's lifetime, create it with a longer `lifetime`.",
    "OperationInProgress": "Wait until the other operation on this tenant has ended, or use a tenant of your own.",
    "OwnerCannotSignIn": "If the password was changed elsewhere, give the present one as `password`.",
}


class LabApi:
    """The lab API of a running system. The system's proxy settings are ignored, because it is on this machine."""

    def __init__(self, url: str, timeout: float = REQUEST_SECONDS) -> None:
        if not _is_address(url):
            raise LabError("NotAnAddress", f"{url!r} is not the address of a lab.", "Write for example http://127.0.0.1:8700.")
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """Sends a request and returns the JSON of the response; `None` if it has no body.

        Raises `LabError` if the lab refuses it or does not answer.
        """
        url = f"{self.url}{quote(path)}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {"accept": "application/json"} | ({} if data is None else {"content-type": "application/json"})
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        moves_time = method == "POST" and path.endswith("/clock")
        try:
            status, text = self._send(request, CLOCK_SECONDS if moves_time else self._timeout)
        except (OSError, http.client.HTTPException, ValueError) as failed:
            cause = getattr(failed, "reason", None) or failed
            words = cause if isinstance(cause, (str, OSError)) else f"{type(cause).__name__} {cause}"
            detail = f"{self.url} does not answer {method} {path}: {words}."
            raise LabError("NoAnswer", detail, "Is the system still running? `outlive up` starts one.") from None
        if not 200 <= status < 300:
            raise self._problem(text, status)
        return self._json(text, status)

    def _send(self, request: urllib.request.Request, timeout: float) -> tuple[int, bytes]:
        try:
            response = self._opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as refused:
            response = refused
        with response:
            return response.status, response.read()

    def _json(self, text: bytes, status: int) -> Any:
        if not text:
            return None
        try:
            return json.loads(text)
        except ValueError:
            raise self._foreign(text, status) from None

    def _problem(self, text: bytes, status: int) -> LabError:
        try:
            error = json.loads(text)["error"]
            title, detail = str(error["code"]), str(error["message"])
        except (ValueError, KeyError, TypeError):
            return self._foreign(text, status)
        action = _ACTIONS.get(title, "")
        if "unknown field" in detail:
            action = "If the documentation has it, the program is older than this package: update the program."
        return LabError(title, detail, action, status)

    def _foreign(self, text: bytes, status: int) -> LabError:
        start = text[:120].decode(errors="replace").strip()
        detail = f"{self.url} answered with status {status} and no response of a lab: {start!r}."
        return LabError("NotALab", detail, "Give the address of the console, which `outlive up` prints first.", status)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # A bracket or a port that is none.
        return False
