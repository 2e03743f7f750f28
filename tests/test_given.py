"""Arguments that several programs take."""

import io
import sys

import pytest
import torch

from latephase.errors import UserError
from scripts import given


def test_long_arguments_come_by_standard_input(monkeypatch):
    assert given.from_json('{"a": 1}') == {"a": 1}
    assert given.names(["a", "b"]) == ["a", "b"]
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"a": [1, 2]}\n'))
    assert given.from_json("-") == {"a": [1, 2]}
    monkeypatch.setattr(sys, "stdin", io.StringIO("one two\n"))
    assert given.names(["-"]) == ["one", "two"]


def test_a_gpu_that_is_not_there_is_refused():
    assert given.device("cpu") == "cpu"
    there = torch.cuda.device_count()
    with pytest.raises(UserError, match=rf"--device is cuda:{there}, .* finds {there} GPUs here"):
        given.device(f"cuda:{there}")
