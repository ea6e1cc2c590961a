"""Outlive itself: all its services in one process, on its seed tenant."""

import pathlib
import subprocess
import sys

from harness.packages import NotInstallable
from harness.peer import Grants, Launch, fetch_json
from harness.process import free_port

NAME = "Outlive"
STORES = "SQLite: grants and journal; the event of every token is committed before its response"
ROOT = pathlib.Path(__file__).parent.parent.parent
SEED_TENANT = "c0470500-0000-4000-8000-000000000001"
CONSOLE, IDENTITY_PROVIDER = 0, 1
PORT_OFFSETS = (0, 1, 2, 3, 4, 43)


def install(options):
    if options.outlive is None:
        print("building target/release/outlive", file=sys.stderr, flush=True)
        command = ["cargo", "build", "--release", "--locked", "--package", "outlive"]
        try:
            subprocess.run(command, cwd=ROOT, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NotInstallable(f"it cannot be built: {error}") from None
        return options.target / "release/outlive"
    return options.outlive.resolve()


def version(program):
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


def launch(program, directory):
    base = free_port(PORT_OFFSETS)
    idp = f"http://127.0.0.1:{base + IDENTITY_PROVIDER}"
    return Launch(
        [program, "up", "--data", directory / "data", "--port-base", base],
        f"{idp}/{SEED_TENANT}/v2.0/.well-known/openid-configuration",
    )


def grants(launched):
    base = int(launched.command[-1]) + CONSOLE
    # The identity provider answers a little earlier than the lab API.
    tenant = fetch_json(f"http://127.0.0.1:{base}/lab/tenants/{SEED_TENANT}", retry_seconds=30)
    applications = {application["name"]: application for application in tenant["applications"]}
    owner = next(user for user in tenant["users"] if user["role"] == "owner")
    job, connector = applications["Nightly Job"], applications["Contoso Orders Connector"]
    return Grants(
        client_credentials={
            "client_id": job["client_id"], "client_secret": job["secret"], "scope": "api://contoso-orders/.default",
        },
        authorization={
            "client_id": connector["client_id"], "client_secret": connector["secret"],
            "redirect_uri": connector["redirect_uris"][0],
        },
        scope="api://contoso-orders/Orders.Read offline_access",
        typed={"loginfmt": owner["upn"], "passwd": owner["password"]},
    )
