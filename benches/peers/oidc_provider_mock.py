"""oidc-provider-mock (PyPI) as its command starts it. It has no client credentials, and signs only ID tokens."""

import importlib.metadata

from harness.peer import Grants, Launch
from harness.process import free_port
from oidc_provider import CLIENT

NAME = "oidc-provider-mock"
STORES = "memory: every access token, and refresh tokens, which are not rotated"


def install(options):
    return options.packages.oidc_provider_mock()


def version(program):
    found = importlib.metadata.distributions(name=NAME, path=map(str, program.parent.parent.glob("lib/*/site-packages")))
    return next(iter(found)).version


def launch(program, directory):
    port = free_port()
    return Launch([program, "--port", port], f"http://127.0.0.1:{port}/.well-known/openid-configuration")


def grants(_):
    return Grants(authorization=CLIENT, scope="openid", typed={"sub": "owner"})
