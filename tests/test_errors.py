"""A mistake is one line, also where several jobs tell theirs at once."""

import io
import sys

import pytest

from latephase.errors import UserError, reporting


class Stream(io.StringIO):
    """Remembers each write: a pipe may put another process's between two of them."""

    def __init__(self):
        super().__init__()
        self.writes = []

    def write(self, text):
        self.writes.append(text)
        return super().write(text)


@pytest.mark.parametrize(
    "mistake, line",
    [
        (UserError("file.yaml: key: value"), "error: file.yaml: key: value\n"),
        (
            OSError(28, "whatever", "a.parquet"),
            "error: a.parquet: No space left on device; make room and run again\n",
        ),
    ],
)
def test_a_mistake_is_told_in_one_write(monkeypatch, mistake, line):
    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(SystemExit) as ended, reporting():
        raise mistake
    assert ended.value.code == 1
    assert stream.writes == [line]
