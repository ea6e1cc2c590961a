"""oidc-provider (npm), a certified provider as a library, with its in-memory adapter and development pages."""

import json
import pathlib
import shutil

from harness.peer import Grants, Launch
from harness.process import free_port

NAME = "oidc-provider"
STORES = "memory: at most 1,000 grants and refresh tokens; access tokens are not stored"
CLIENT = {"client_id": "peer", "client_secret": "a-secret-of-the-peer", "redirect_uri": "https://client.example/redirect"}


def install(options):
    directory, node = options.packages.node()
    # A module finds its packages only in its own directory or above.
    program = shutil.copy(pathlib.Path(__file__).with_name("oidc_provider.mjs"), directory)
    return directory, [node, program]


def version(installed):
    return installed_version(installed[0], "oidc-provider")


def launch(installed, directory):
    port = free_port()
    return Launch(
        [*installed[1], port, json.dumps(CLIENT)], f"http://127.0.0.1:{port}/.well-known/openid-configuration",
        {"NODE_ENV": "production"},
    )


def grants(_):
    return Grants(
        client_credentials={"client_id": CLIENT["client_id"], "client_secret": CLIENT["client_secret"], "scope": "read"},
        authorization=CLIENT,
        scope="read",
        typed={"login": "owner", "password": "any"},
    )


def installed_version(directory, package):
    return json.loads((directory / "node_modules" / package / "package.json").read_text())["version"]
