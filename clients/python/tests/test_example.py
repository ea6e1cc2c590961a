"""The example: red because of the application's mistake, and green with its fix."""

import ast
import pathlib
import shutil

import pytest

EXAMPLE = pathlib.Path(__file__).parents[1] / "example"


@pytest.fixture
def example(pytester, against):
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True)
    return lambda app: pytester.runpytest_subprocess("--app", app, "-p", "no:cacheprovider")


def test_red_for_the_reason_that_the_application_ignores(example):
    result = example("before")
    result.assert_outcomes(passed=2, failed=1)
    output = result.stdout.str()
    assert "FAILED test_orders_app.py::test_after_a_password_change_the_user_signs_in_again" in output
    assert "KeyError: 'access_token'" in output, "MSAL returned an error, and the application did not look"
    assert "AADSTS50173" in output.split("Journal of tenant")[1], "the report says why"


def test_green_with_the_fix(example):
    example("after").assert_outcomes(passed=3)


def test_the_fix_is_three_lines_and_no_test_has_more_than_ten():
    before, after = ((EXAMPLE / app / "orders_app.py").read_text().splitlines() for app in ("before", "after"))
    assert [line for line in before if line not in after] == []
    assert len(after) - len(before) <= 3
    tests = ast.parse((EXAMPLE / "test_orders_app.py").read_text()).body
    lengths = {one.name: one.end_lineno - one.lineno + 1 for one in tests if isinstance(one, ast.FunctionDef)}
    assert len(lengths) >= 4 and max(lengths.values()) <= 10, lengths
