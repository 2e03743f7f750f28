"""Arguments that come by standard input."""

import io
import sys

from scripts import given


def test_long_arguments_come_by_standard_input(monkeypatch):
    assert given.from_json('{"a": 1}') == {"a": 1}
    assert given.names(["a", "b"]) == ["a", "b"]
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"a": [1, 2]}\n'))
    assert given.from_json("-") == {"a": [1, 2]}
    monkeypatch.setattr(sys, "stdin", io.StringIO("one two\n"))
    assert given.names(["-"]) == ["one", "two"]
