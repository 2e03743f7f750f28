"""What a user's code raises is a line that names her line of code; what ours raises is not hers."""

import importlib.util

import pytest

from latephase.errors import UserError
from latephase.runs import own_code

SOURCE = """
import json

def divide(x):
    return 1 / x

def call(function):
    return function()

def deep():
    return json.loads("{")

def silent():
    raise ValueError
"""


@pytest.fixture
def hers(tmp_path, monkeypatch):
    path = tmp_path / "mine/hers.py"
    path.parent.mkdir()
    path.write_text(SOURCE)
    monkeypatch.setattr(own_code, "ROOT", tmp_path)
    spec = importlib.util.spec_from_file_location("mine.hers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LINES = ["mine.hers"]


def ours():
    raise KeyError("ours")


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (
            lambda hers: hers.divide(0),
            "line 5 (return 1 / x) raises ZeroDivisionError: division by",
        ),
        (lambda hers: hers.deep(), 'line 11 (return json.loads("{")) raises JSONDecodeError: Exp'),
        (lambda hers: hers.call(ours), "line 8 (return function()) raises KeyError: 'ours'"),
        (lambda hers: hers.silent(), "line 14 (raise ValueError) raises ValueError"),
    ],
)
def test_her_line_is_named(hers, action, line):
    with pytest.raises(UserError) as caught, own_code.lines_of(LINES):
        action(hers)
    assert f"hers.py: {line}" in str(caught.value)


def test_what_is_not_hers_passes(hers):
    with pytest.raises(KeyError), own_code.lines_of(LINES):
        ours()
    with pytest.raises(UserError, match="said already"), own_code.lines_of(LINES):
        raise UserError("said already")
    with own_code.lines_of(LINES):
        assert hers.divide(2) == 0.5
