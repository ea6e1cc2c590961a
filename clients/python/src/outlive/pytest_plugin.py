"""The pytest plugin: fixtures `outlive` and `tenant`, and the journal of the tenant in the report of a failed test.

    def test_orders(tenant):
        tenant.change_password("owner")

    @pytest.mark.outlive(starts="-P90D", rules="2021")
    def test_long_ago(tenant):
        tenant.advance("P90D")

With pytest-xdist each worker starts a system of its own, or all use the one that OUTLIVE_AGAINST names.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import pytest

from .errors import OutliveError
from .journal import JournalLine, latest_lines
from .lab import Lab
from .tenant import Tenant

LINES = 20
"""How many lines of the journal a report has at most."""
WIDTH = 120
"""The width of a report, in characters."""
_PROXY_EXCEPTIONS = ("no_proxy", "NO_PROXY")
_TENANT = pytest.StashKey[tuple[Tenant, list[JournalLine]]]()
"""The tenant of a test, and the last line of its journal before the test began."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options that say where the system is."""
    group = parser.getgroup("outlive", "Outlive")
    group.addoption("--outlive-bin", metavar="PATH", help="the program outlive (else OUTLIVE_BIN, else on the PATH)")
    group.addoption("--outlive-against", metavar="URL", help="use this running system, for example http://127.0.0.1:8700")


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    marker = "outlive(**options): options of the test's tenant, as for Lab.tenant: starts, rules, seed, bare, lifetime, …"
    config.addinivalue_line("markers", marker)


@pytest.fixture(scope="session")
def outlive_options() -> Mapping[str, Any]:
    """The options of the system, as for `Lab.start`: `program`, `seed`, `rules`. Override it in `conftest.py`."""
    return {}


@pytest.fixture(scope="session")
def outlive(pytestconfig: pytest.Config, outlive_options: Mapping[str, Any]) -> Iterator[Lab]:
    """The system: started at its first use and stopped at the end, unless it was running already."""
    names = {"against": "outlive_against", "program": "outlive_bin"}
    given = {name: pytestconfig.getoption(option) for name, option in names.items()}
    options = {**outlive_options, **{name: value for name, value in given.items() if value}}
    with pytest.MonkeyPatch.context() as patch, Lab.find(**options) as lab:
        if _has_proxy():
            hosts = _without_proxy()
            for name in _PROXY_EXCEPTIONS:
                patch.setenv(name, hosts)
        yield lab


def _has_proxy() -> bool:
    return any(os.environ.get(name) for kind in ("http", "https", "all") for name in (f"{kind}_proxy", f"{kind}_proxy".upper()))


def _without_proxy() -> str:
    """The hosts that are reached without a proxy: also this machine, where the system is."""
    before = next((os.environ[name] for name in _PROXY_EXCEPTIONS if os.environ.get(name)), "")
    return ",".join(filter(None, [before, "localhost,127.0.0.1"]))


@pytest.fixture
def tenant_options() -> Mapping[str, Any]:
    """The options of each tenant, as for `Lab.tenant`. Override it; the marker `outlive` adds to it for one test."""
    return {}


@pytest.fixture
def tenant(outlive: Lab, tenant_options: Mapping[str, Any], request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A tenant for this test only. It is deleted after the test, and by the lab if the test process is killed."""
    options: dict[str, Any] = {"name": request.node.nodeid[-200:], **tenant_options}
    for marker in reversed(list(request.node.iter_markers("outlive"))):
        if marker.args:
            raise OutliveError(f"@pytest.mark.outlive takes options by name, such as rules={marker.args[0]!r}.")
        options |= marker.kwargs
    with outlive.tenant(**options) as created:
        request.node.stash[_TENANT] = created, latest_lines(created, 1)
        try:
            yield created
        finally:
            del request.node.stash[_TENANT]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the journal of the tenant to the report of a failed test."""
    report = yield
    if report.failed and _TENANT in item.stash:
        created, before = item.stash[_TENANT]
        report.sections.append((f"Journal of tenant {created.domain}", _journal_text(created, before)))
    return report


def _journal_text(tenant: Tenant, before: list[JournalLine]) -> str:
    """The last lines, without those of the tenant's set-up. A lab that does not answer must not hide the failure."""
    try:
        lines = latest_lines(tenant, LINES)
    except Exception as failed:
        return f"The journal cannot be read. {failed}"
    begin = max((line.wall for line in before), default=None)
    during = [_wrapped(line) for line in lines if begin is None or line.wall > begin]
    return "\n".join(during) or "Nothing happened in the tenant during the test."


def _wrapped(line: JournalLine) -> str:
    return textwrap.fill(str(line), WIDTH, subsequent_indent=" " * 31, break_long_words=False, break_on_hyphens=False)
