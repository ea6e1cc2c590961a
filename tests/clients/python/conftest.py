import pytest
from forms import Browser
from lab import Tenant


@pytest.fixture
def tenant():
    made = Tenant()
    yield made
    made.delete()


@pytest.fixture
def owner(tenant):
    """The owner at a browser."""
    return Browser(tenant.user("owner"))
