"""What a peer's file declares, and the client that talks to a running peer."""

import dataclasses
import json
import time
import urllib.error
import urllib.parse
import urllib.request

from harness.browser import Browser
from harness.process import OPENER, PeerFailed


@dataclasses.dataclass(frozen=True)
class Launch:
    """How a peer is started, and the address that answers as soon as it is ready."""

    command: list
    discovery: str
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Grants:
    """What the client sends. A peer without a grant leaves its fields out."""

    # The form of a client credentials request, without grant_type.
    client_credentials: dict | None = None
    # The client id, secret and redirect URI of the authorization code flow.
    authorization: dict | None = None
    scope: str = ""
    # The user's inputs by the names of form fields.
    typed: dict = dataclasses.field(default_factory=dict)
    # Whether each connection sends an access token of its own, by which the peer counts requests.
    sends_bearers: bool = False


class Client:
    """An OAuth client of one running peer."""

    def __init__(self, launch, grants):
        self.grants = grants
        self.metadata = fetch_json(launch.discovery)

    def keys(self):
        return fetch_json(self.metadata["jwks_uri"])

    def client_credentials_form(self):
        return {"grant_type": "client_credentials"} | self.grants.client_credentials

    def refresh_form(self):
        """Returns the form of a refresh request, without the refresh token."""
        fields = {name: value for name, value in self.grants.authorization.items() if name != "redirect_uri"}
        return {"grant_type": "refresh_token"} | fields

    def sign_in(self, count):
        """Returns refresh tokens of as many authorization code flows of one user."""
        browser = Browser(self.grants.typed)
        client = self.grants.authorization
        tokens = []
        for number in range(count):
            query = {
                "client_id": client["client_id"], "redirect_uri": client["redirect_uri"], "response_type": "code",
                "scope": self.grants.scope, "state": str(number),
            }
            url = f"{self.metadata['authorization_endpoint']}?{urllib.parse.urlencode(query)}"
            code = browser.authorize(url, client["redirect_uri"])
            response = self.request_token({"grant_type": "authorization_code", "code": code} | client)
            if "refresh_token" not in response:
                raise PeerFailed(f"the token response has no refresh token, only {', '.join(response)}")
            tokens.append(response["refresh_token"])
        return tokens

    def bearers(self, count):
        """Returns as many access tokens, if the peer counts requests by them."""
        wanted = count if self.grants.sends_bearers else 0
        return [self.request_token(self.client_credentials_form())["access_token"] for _ in range(wanted)]

    def request_token(self, form):
        request = urllib.request.Request(self.metadata["token_endpoint"], urllib.parse.urlencode(form).encode())
        try:
            with OPENER.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise PeerFailed(f"refuses {form['grant_type']}: {error.code} {error.read().decode()}") from None


def fetch_json(url, retry_seconds=0):
    """Returns a document, after as many seconds of retries as the peer may need until it has it."""
    until = time.monotonic() + retry_seconds
    while True:
        try:
            with OPENER.open(url, timeout=30) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > until:
                raise PeerFailed(f"{url}: {error}") from None
            time.sleep(0.05)
