"""Tests of the package against the real program, which OUTLIVE_BIN or the PATH names."""

import os
import pathlib
import sys

import pytest

pytest_plugins = ["pytester"]

ORDERS = "api://contoso-orders"


@pytest.fixture
def against(outlive, monkeypatch):
    """The environment of test processes that use the system of these tests."""
    monkeypatch.setenv("OUTLIVE_AGAINST", outlive.url)
    monkeypatch.setenv("OUTLIVE_CA", outlive.ca)
    return outlive


@pytest.fixture
def fake_program(tmp_path):
    """Writes a program that does what a text in Python says."""

    def write(body):
        path = pathlib.Path(tmp_path, "outlive")
        path.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n")
        path.chmod(0o755)
        return os.fspath(path)

    return write
