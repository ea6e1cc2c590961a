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
    """A browser in which the owner signs in."""
    return Browser(tenant.user("owner"))
