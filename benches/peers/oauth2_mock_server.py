"""oauth2-mock-server (npm) as its command starts it. It accepts any client and any refresh token."""

import pathlib

from harness.peer import Grants, Launch
from harness.process import free_port
from oidc_provider import CLIENT, installed_version

NAME = "oauth2-mock-server"
STORES = "nothing; any refresh token is accepted"


def install(options):
    directory, node = options.packages.node()
    return directory, [node, directory / "node_modules/oauth2-mock-server/dist/oauth2-mock-server.mjs"]


def version(installed):
    return installed_version(installed[0], "oauth2-mock-server")


def launch(installed, directory):
    port = free_port()
    return Launch(
        [*installed[1], "-a", "127.0.0.1", "-p", port], f"http://127.0.0.1:{port}/.well-known/openid-configuration",
        {"NODE_ENV": "production"},
    )


def grants(_):
    return Grants(
        client_credentials={"client_id": CLIENT["client_id"], "client_secret": CLIENT["client_secret"], "scope": "read"},
        authorization=CLIENT,
        scope="read",
    )
