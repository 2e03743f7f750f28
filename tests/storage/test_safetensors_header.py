"""The header of a safetensors file is the library's, byte for byte."""

import io
import json

import numpy as np
import pytest
from safetensors.numpy import save

from latephase.storage import safetensors_header

ARRAYS = {name: np.ones((2, 3), name) for name in safetensors_header.TYPES}
METADATA = {"key": 'a "quoted" näme'}


def test_what_the_library_writes_is_read_and_written_alike():
    content = save(ARRAYS, METADATA)
    header, start = safetensors_header.decoded(io.BytesIO(content))
    assert header.pop("__metadata__") == METADATA
    assert header.keys() == ARRAYS.keys()
    for name, entry in header.items():
        begin, end = (start + offset for offset in entry["data_offsets"])
        assert safetensors_header.NAMES[entry["dtype"]] == name
        assert content[begin:end] == ARRAYS[name].tobytes()
    assert safetensors_header.encoded(header, METADATA) == content[:start]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\2",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{",
        (2).to_bytes(8, "little") + b"\xff\xff",
        (1 << 60).to_bytes(8, "little") + b"{}",
    ],
)
def test_what_has_no_header_is_a_value_error(content, tmp_path):
    (tmp_path / "x").write_bytes(content)
    with (tmp_path / "x").open("rb") as file, pytest.raises(ValueError):
        safetensors_header.decoded(file)


def test_a_header_is_a_multiple_of_eight_bytes():
    for length in range(9):
        head = safetensors_header.encoded({}, {"k": "x" * length})
        assert len(head) % 8 == 0
        assert json.loads(head[8:]) == {"__metadata__": {"k": "x" * length}}
