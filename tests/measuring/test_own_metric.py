"""A metric of one's own, as its extraction calls it: what it returns is what it declares."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from latephase.errors import UserError
from scripts.extract import own


@pytest.fixture
def measured(monkeypatch):
    """What a metric gives that declares some columns, if any, and returns others."""

    def call(declares, returns):
        module = ModuleType("latephase.metrics.own.mine")
        module.mine = lambda weight: dict.fromkeys(returns, weight)
        if declares is not None:
            module.COLUMNS = declares
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return own.measuring("mine")(None)(SimpleNamespace(weight=2.0, data=None))

    return call


@pytest.mark.parametrize("declares", [None, ("a", "b"), ["b", "a"]])
def test_a_metric_returns_what_it_declares(measured, declares):
    assert measured(declares, ["a", "b"]) == {"a": 2.0, "b": 2.0}


@pytest.mark.parametrize("returns", [["a"], ["a", "b", "c"], ["a", "bb"]])
def test_a_metric_that_returns_something_else_is_told(measured, returns):
    with pytest.raises(UserError) as caught:
        measured(("a", "b"), returns)
    assert str(caught.value) == (
        f"latephase/metrics/own/mine.py: mine returns {', '.join(returns)}; "
        "allowed: what COLUMNS declares, a, b"
    )
