"""mock-oauth2-server (Maven) as its image starts it, without the limits of a container."""

import pathlib
import re

from harness.packages import PACKAGES
from harness.peer import Grants, Launch
from harness.process import free_port
from oidc_provider import CLIENT

NAME = "mock-oauth2-server"
STORES = "memory: refresh tokens"
MAIN = "no.nav.security.mock.oauth2.StandaloneMockOAuth2ServerKt"


def install(options):
    return options.packages.mock_oauth2_server()


def version(_):
    return re.search(r"mock-oauth2-server</artifactId>\s*<version>([^<]+)", (PACKAGES / "pom.xml").read_text())[1]


def launch(installed, directory):
    java, class_path = installed
    port = free_port()
    return Launch(
        [java, "-cp", class_path, "-Dlogback.configurationFile=logback-standalone.xml", MAIN],
        f"http://127.0.0.1:{port}/default/.well-known/openid-configuration",
        {"SERVER_HOSTNAME": "127.0.0.1", "SERVER_PORT": str(port)},
    )


def grants(_):
    return Grants(
        client_credentials={"client_id": CLIENT["client_id"], "client_secret": CLIENT["client_secret"], "scope": "read"},
        authorization=CLIENT,
        scope="openid offline_access read",
    )
