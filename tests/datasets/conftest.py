import importlib
import socket
import sys
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from latephase.datasets import kinds
from latephase.runs import code_digest
from tests.datasets.text_files import PIECES, TEST, TRAIN, write

TOKENS = """
import numpy as np

SCHEMA = {
    "required": ["variant", "shape", "vocabulary", "classes", "train", "test"],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "integer"}},
        "vocabulary": {"$ref": "#/$defs/size"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
    },
}


def read(name, entry, places):
    random, arrays = np.random.RandomState(0), {}
    for split in ("train", "test"):
        size = (entry[split], *entry["shape"])
        arrays[f"{split}_inputs"] = random.randint(entry["vocabulary"], size=size).astype(np.int32)
        arrays[f"{split}_labels"] = np.arange(entry[split]) % entry["classes"]
    facts = {"variant": entry["variant"], "source": "generated", "sha256": {}}
    facts |= {"inputs": "integers", "vocabulary": 7, "classes": entry["classes"]}
    return arrays, facts | {"shape": entry["shape"]}
"""


@pytest.fixture
def tokens(tmp_path, monkeypatch):
    """A kind of data set of a user's own, sequences of integers: its file and an entry."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    file: Path = folder / "tokens.py"
    file.write_text(TOKENS)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(folder)])
    importlib.invalidate_caches()
    entry = {"kind": "tokens", "variant": "fixture", "shape": [5], "vocabulary": 7, "classes": 3}
    yield SimpleNamespace(FILE=file, ENTRY=entry | {"train": 12, "test": 6})
    sys.modules.pop("latephase.datasets.kinds.tokens", None)
    vars(kinds).pop("tokens", None)
    code_digest.forget()


@pytest.fixture
def given(tmp_path):
    """What a configuration says of two small files of texts."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return {
        "train": write(tmp_path / "train.csv", TRAIN),
        "test": write(tmp_path / "test.csv", TEST),
        "vocabulary": str(tmp_path / "vocab.txt"),
        "labels": 2,
        "length": 6,
    }


@pytest.fixture
def closed_address():
    """An address on this machine where nobody listens: what "no network" looks like."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def little_memory():
    """A context in which at most 40 megabytes may be taken at once."""

    @contextmanager
    def measured():
        tracemalloc.start()
        try:
            yield
            assert tracemalloc.get_traced_memory()[1] < 40 << 20
        finally:
            tracemalloc.stop()

    return measured()
