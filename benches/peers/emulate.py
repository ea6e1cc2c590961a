"""emulate (npm): its emulation of Microsoft Entra ID. Access tokens are random strings; only ID tokens are signed."""

import json

from harness.peer import Grants, Launch
from harness.process import free_port
from oidc_provider import CLIENT, installed_version

NAME = "emulate"
STORES = "memory: access tokens and the current refresh tokens"
USER = "owner@contoso.example"


def install(options):
    directory, node = options.packages.node()
    return directory, [node, directory / "node_modules/emulate/dist/index.js"]


def version(installed):
    return installed_version(installed[0], "emulate")


def launch(installed, directory):
    port = free_port()
    client = {
        "client_id": CLIENT["client_id"], "client_secret": CLIENT["client_secret"], "name": "Peer",
        "redirect_uris": [CLIENT["redirect_uri"]],
    }
    seed = directory / "seed.json"
    seed.write_text(json.dumps({"microsoft": {"users": [{"email": USER, "name": "Owner"}], "oauth_clients": [client]}}))
    return Launch(
        [*installed[1], "start", "--service", "microsoft", "--port", port, "--seed", seed],
        f"http://127.0.0.1:{port}/.well-known/openid-configuration", {"NODE_ENV": "production"},
    )


def grants(_):
    return Grants(
        client_credentials={"client_id": CLIENT["client_id"], "client_secret": CLIENT["client_secret"], "scope": ".default"},
        authorization=CLIENT,
        scope="openid offline_access",
        typed={"email": USER},
        # It allows 5,000 requests per hour and access token, or without one.
        sends_bearers=True,
    )
