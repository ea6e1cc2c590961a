import pathlib
import sys

import pytest


def pytest_addoption(parser):
    parser.addoption("--app", choices=["before", "after"], default="before", help="the application without or with the fix")


def pytest_configure(config):
    sys.path.insert(0, str(pathlib.Path(__file__).parent / config.getoption("--app")))


@pytest.fixture
def app(tenant, monkeypatch):
    """The application under test, as Orders Desktop of the tenant. It differs from production by its configuration only."""
    from orders_app import OrdersApp

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tenant.ca)
    return OrdersApp(tenant.applications["Orders Desktop"].client_id, tenant.authority, tenant.urls.resource)
