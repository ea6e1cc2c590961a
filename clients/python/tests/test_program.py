"""Programs that are missing, too old or something else."""

import json
import os
import signal
import subprocess
import sys
import time

import outlive
import pytest
from outlive.program import PrivateSystem


def test_the_search_is_explained_if_there_is_no_program(monkeypatch, tmp_path):
    monkeypatch.delenv("OUTLIVE_BIN", raising=False)
    monkeypatch.delenv("OUTLIVE_AGAINST", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(outlive.ProgramError) as raised:
        outlive.Lab.find()
    for words in ("no program 'outlive' on the PATH", "OUTLIVE_BIN is not set", "cargo install", "OUTLIVE_AGAINST"):
        assert words in str(raised.value)


@pytest.mark.parametrize("named", ["nowhere/outlive", "/etc/passwd"])
def test_a_name_that_is_no_program_is_rejected_with_its_source(monkeypatch, named):
    monkeypatch.setenv("OUTLIVE_BIN", named)
    with pytest.raises(outlive.ProgramError, match=f"OUTLIVE_BIN names '{named}'"):
        outlive.Lab.start()
    with pytest.raises(outlive.ProgramError, match="the argument `program` names 'elsewhere'"):
        outlive.Lab.start("elsewhere")


def test_the_argument_is_before_the_environment_and_that_before_the_path(monkeypatch, fake_program):
    monkeypatch.setenv("OUTLIVE_BIN", fake_program("sys.exit('from the environment')"))
    monkeypatch.setenv("PATH", os.fspath("/nowhere"))
    with pytest.raises(outlive.ProgramError, match="from the environment"):
        outlive.Lab.start()
    with pytest.raises(outlive.ProgramError, match="the argument"):
        outlive.Lab.start("/nowhere/outlive")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.stderr.write(\"error: unexpected argument '--temporary'\"); sys.exit(2)", ["unexpected argument", "older"]),
        ("sys.exit('cannot open the database')", ["exit code 1", "cannot open the database"]),
        ("print('Outlive is up.', flush=True); sys.stdin.read()", ["printed 'Outlive is up.'", "older"]),
        ("print('[]', flush=True); sys.stdin.read()", ["printed '[]'"]),
        ("print(json.dumps({'urls': {}}), flush=True); sys.stdin.read()", ["instead of its addresses"]),
    ],
    ids=["too old", "fails", "text", "list", "no addresses"],
)
def test_what_the_program_printed_is_in_the_error(fake_program, body, words):
    with pytest.raises(outlive.ProgramError) as raised:
        outlive.Lab.start(fake_program(body))
    assert all(word in str(raised.value) for word in words), raised.value


def test_a_program_that_is_never_ready_is_stopped(fake_program):
    path = fake_program("sys.stderr.write('still starting'); sys.stderr.flush(); sys.stdin.read()")
    with pytest.raises(outlive.ProgramError, match="not ready within 1 s.*\n?.*still starting"):
        PrivateSystem(path, timeout=1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_forked_child_does_not_keep_the_system_running():
    source = """
import os, outlive, sys, time
lab = outlive.Lab.start()
child = os.fork()
if child == 0:
    time.sleep(600)
print(lab.url, child, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as parent:
        url, child = parent.stdout.readline().split()
        parent.kill()
    try:
        until = time.monotonic() + 30
        while outlive_answers(url):
            assert time.monotonic() < until, "the system runs although its process was killed"
            time.sleep(0.1)
    finally:
        os.kill(int(child), signal.SIGKILL)


def outlive_answers(url):
    try:
        outlive.Lab.against(url)
        return True
    except outlive.LabError:
        return False


def test_a_system_that_ignores_the_end_of_its_input_gets_a_signal(fake_program):
    ready = {"urls": {"console": "http://127.0.0.1:9"}, "ca": ""}
    body = f"""
import signal, time
def stop(*_):
    sys.stderr.write("stopped in order"); sys.stderr.flush(); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print({json.dumps(json.dumps(ready))}, flush=True); time.sleep(600)"""
    system = PrivateSystem(fake_program(body))
    began = time.monotonic()
    system.stop()
    assert 2 < time.monotonic() - began < 15
    assert system._process.returncode == 0


def test_a_private_system_follows_its_options_and_stops():
    with outlive.Lab.start(rules="2021") as lab:
        url = lab.url
        with lab.tenant(bare=True) as tenant:
            assert tenant.credentials["rules"] == "2021"
    with pytest.raises(outlive.LabError, match="does not answer"):
        outlive.Lab.against(url)


def test_a_running_system_has_its_seed_already(against):
    with pytest.raises(outlive.OutliveError, match="whose seed and rules were chosen"):
        outlive.Lab.find(seed="seeds/contoso.yaml")
    assert outlive.Lab.find().url == against.url


def test_what_is_given_precedes_the_environment(against, monkeypatch):
    with outlive.Lab.find(os.environ["OUTLIVE_BIN"]) as lab:
        assert lab.url != against.url
    monkeypatch.setenv("OUTLIVE_AGAINST", "http://127.0.0.1:9")
    assert outlive.Lab.find(against=against.url).url == against.url
    with pytest.raises(outlive.OutliveError, match="`program`, `rules` cannot be used"):
        outlive.Lab.find("outlive", against=against.url, rules="2021")


def test_the_authority_of_a_running_system_comes_from_the_environment(outlive, monkeypatch, tmp_path):
    from outlive import Lab, ProgramError

    monkeypatch.delenv("OUTLIVE_CA", raising=False)
    monkeypatch.delenv("OUTLIVE_DATA", raising=False)
    with pytest.raises(ProgramError, match="Set OUTLIVE_CA"):
        _ = Lab.against(outlive.url).ca
    tmp_path.joinpath("ca.pem").touch()
    monkeypatch.setenv("OUTLIVE_DATA", str(tmp_path))
    assert Lab.against(outlive.url).ca == str(tmp_path / "ca.pem")
    assert Lab.against(outlive.url, ca="mine.pem").ca == "mine.pem"
