"""The pytest plugin, in test processes of its own."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import httpx
import pytest
from outlive import LabError

PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]


def exists(lab, tenant_id):
    try:
        lab.api.call("GET", f"/lab/tenants/{tenant_id}")
    except LabError as refused:
        assert refused.title == "TenantNotFound"
        return False
    return True


def wait_for(condition, seconds=30):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.1)
    return found


def test_a_tenant_for_each_test_is_deleted_after_it(pytester, against):
    pytester.makepyfile(
        """
        import pathlib, pytest

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_one(tenant, number):
            assert tenant.call("GET")["name"].endswith(f"test_one[{number}]")
            pathlib.Path(f"tenant-{number}").write_text(tenant.id)
            assert number < 3, "a failed test has its tenant deleted, too"
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2, failed=1)
    tenants = [path.read_text() for path in pytester.path.glob("tenant-*")]
    assert len(set(tenants)) == 3
    assert not any(exists(against, tenant) for tenant in tenants)


def test_fixtures_and_markers_choose_the_options(pytester, against):
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def tenant_options():
            return {"rules": "2021", "bare": True}
        """
    )
    pytester.makepyfile(
        """
        import pytest

        def test_options(tenant):
            assert tenant.credentials["rules"] == "2021" and len(tenant.flows) == 0

        @pytest.mark.outlive(bare=False, starts="-P30D")
        class TestMarked:
            def test_marker(self, tenant):
                assert tenant.credentials["rules"] == "2021" and len(tenant.flows) == 1

            @pytest.mark.outlive(rules="2018")
            def test_closest_marker(self, tenant):
                assert tenant.credentials["rules"] == "2018" and len(tenant.flows) == 1

        @pytest.mark.outlive("2018")
        def test_without_a_name(tenant):
            pass
        """
    )
    result = pytester.runpytest_subprocess("--strict-markers")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*takes options by name, such as rules='2018'.*"])


def test_options_of_the_system_and_the_command_line(pytester, against, monkeypatch):
    program = os.environ["OUTLIVE_BIN"]
    monkeypatch.delenv("OUTLIVE_AGAINST")
    monkeypatch.setenv("OUTLIVE_BIN", "/nowhere/outlive")
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def outlive_options():
            return {"rules": "2018"}
        """
    )
    pytester.makepyfile("def test_rules(tenant, outlive): print(outlive.url, tenant.credentials['rules'])")
    result = pytester.runpytest_subprocess("-s", "--outlive-bin", program)
    result.assert_outcomes(passed=1)
    assert "2018" in result.stdout.str() and against.url not in result.stdout.str()
    result = pytester.runpytest_subprocess("-s", "--outlive-against", against.url)
    result.stdout.fnmatch_lines(["*that of a running system*`rules` cannot be used.*"])
    pytester.path.joinpath("conftest.py").unlink()
    result = pytester.runpytest_subprocess("-s", "--outlive-against", against.url)
    result.stdout.fnmatch_lines([f"*{against.url} 2025-11*"])


def test_a_proxy_is_not_for_this_machine(pytester, against, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.delenv("no_proxy", raising=False)
    pytester.makepyfile(
        """
        import os, urllib.request

        def test_proxy(outlive):
            assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "intranet.example,localhost,127.0.0.1"
            assert urllib.request.proxy_bypass("localhost:8743") and not urllib.request.proxy_bypass("example.com")
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_report_of_a_failure_has_the_journal_of_its_tenant(pytester, against):
    pytester.makepyfile(
        """
        import pytest

        def test_refused(tenant):
            tenant.change_password("owner")
            assert not "reached"

        @pytest.fixture
        def application(tenant):
            tenant.revoke_sessions("owner")
            raise RuntimeError("in a fixture")

        def test_in_a_fixture(application):
            pass

        def test_nothing_happened(tenant):
            assert not "reached"

        def test_deleted(tenant):
            tenant.delete()
            assert not "reached"

        def test_without_a_tenant():
            assert not "reached"

        def test_passes(tenant):
            tenant.change_password("owner")
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=4, errors=1, passed=1)
    output = result.stdout.str()
    assert output.count("Journal of tenant") == 4, output
    reports = {name: output.split(f"_ {name} _")[-1].split("\n____")[0] for name in ("test_refused", "test_nothing_happened")}
    assert "owner" in reports["test_refused"] and "password" in reports["test_refused"].split("Journal of tenant")[1]
    assert "Nothing happened in the tenant during the test." in reports["test_nothing_happened"], reports
    assert "The journal cannot be read. TenantNotFound" in output


def test_a_missing_program_is_an_error_and_not_a_hang(pytester, monkeypatch):
    monkeypatch.delenv("OUTLIVE_AGAINST", raising=False)
    monkeypatch.setenv("OUTLIVE_BIN", "/nowhere/outlive")
    pytester.makepyfile("def test_one(tenant): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*OUTLIVE_BIN names '/nowhere/outlive', which is not a program.*"])


PARALLEL = """
    import pathlib, pytest

    @pytest.mark.parametrize("number", range(8))
    def test_one(tenant, outlive, number):
        tenant.change_password("owner")
        assert len(tenant.journal("password.changed")) == 1
        pathlib.Path(__file__).with_name(f"used-{number}").write_text(f"{outlive.url} {tenant.id}")
    """


@pytest.mark.parametrize(("shared", "systems"), [(True, 1), (False, 2)], ids=["shared", "private"])
def test_parallel_workers_do_not_disturb_each_other(pytester, against, monkeypatch, shared, systems):
    pytest.importorskip("xdist")
    if not shared:
        monkeypatch.delenv("OUTLIVE_AGAINST")
    pytester.makepyfile(PARALLEL)
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=8)
    used = [path.read_text().split() for path in pytester.path.glob("used-*")]
    assert len({tenant for _, tenant in used}) == 8
    assert len({url for url, _ in used}) == systems
    assert shared == (against.url in {url for url, _ in used})
    if shared:
        assert not any(exists(against, tenant) for _, tenant in used)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes cannot be killed in this way here")
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "private"])
def test_a_killed_test_process_leaves_nothing_behind(pytester, against, monkeypatch, shared):
    if not shared:
        monkeypatch.delenv("OUTLIVE_AGAINST")
    path = pytester.makepyfile(
        """
        import pathlib, pytest, time

        @pytest.mark.outlive(lifetime="PT5S")
        def test_killed(tenant, outlive):
            pathlib.Path(__file__).with_name("part").write_text(f"{outlive.url} {tenant.id} {outlive.ca}")
            pathlib.Path(__file__).with_name("part").rename(pathlib.Path(__file__).with_name("used"))
            time.sleep(600)
        """
    )
    used = pathlib.Path(path).with_name("used")
    with subprocess.Popen([*PYTEST, path], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(used.exists, 60)
        finally:
            process.kill()
    url, tenant, ca = used.read_text().split()
    if shared:
        wait_for(lambda: not exists(against, tenant))
    else:
        wait_for(lambda: not answers(url))
        wait_for(lambda: not pathlib.Path(ca).exists())


def answers(url):
    try:
        return httpx.get(f"{url}/healthz", trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False
