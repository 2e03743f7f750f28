"""The file written piece by piece is the one that the safetensors library writes at once."""

from itertools import pairwise

import numpy as np
import pytest
from safetensors.numpy import load, save

from latephase.datasets.pieces import Pieces
from latephase.datasets.safetensors_in_pieces import bytes_of, head_of
from latephase.storage import checksum
from scripts import prepare_data

RNG = np.random.default_rng(0)
ARRAYS = {
    "train_inputs": RNG.integers(0, 256, (7, 3, 2, 2)).astype(np.uint8),
    "test_inputs": RNG.normal(size=(5, 1, 1, 3)).astype(np.float32),
    "train_labels": RNG.integers(0, 3, 7),
    "test_labels": RNG.integers(0, 3, 5),
    "tokens": RNG.integers(0, 9, (7, 4)),
    "few_tokens": RNG.integers(0, 9, (5, 3)).astype(np.int32),
}
METADATA = {"latephase": '{"source": "a \\"quoted\\" näme"}'}


def in_pieces(array, *cuts, dtype=None):
    """The array as pieces that end at these rows."""
    bounds = [0, *cuts, len(array)]
    pairs = list(pairwise(bounds))
    dtype = array.dtype if dtype is None else np.dtype(dtype)
    return Pieces(array.shape, dtype, lambda: (array[a:b] for a, b in pairs))


@pytest.mark.parametrize("whole", [True, False])
def test_the_bytes_are_the_library_s(whole):
    arrays = ARRAYS if whole else {name: in_pieces(a, 1, 4) for name, a in ARRAYS.items()}
    written = head_of(arrays, METADATA) + b"".join(bytes_of(arrays))
    assert written == save(ARRAYS, METADATA)


def test_an_array_of_other_order_is_written_in_rows():
    turned = ARRAYS["train_inputs"].transpose(0, 2, 3, 1)
    arrays = {"x": turned, "y": turned.astype(">f4")}
    written = load(head_of(arrays, {}) + b"".join(bytes_of(arrays)))
    for array in written.values():
        np.testing.assert_array_equal(array, turned)


@pytest.mark.parametrize(
    "pieces",
    [
        Pieces((7, 3, 2, 2), np.dtype(np.uint8), lambda: iter([ARRAYS["train_inputs"][:6]])),
        Pieces((7, 3, 4), np.dtype(np.uint8), lambda: iter([ARRAYS["train_inputs"]])),
        in_pieces(ARRAYS["train_inputs"], dtype=np.float32),
    ],
)
def test_pieces_that_do_not_make_up_their_array(tmp_path, pieces):
    """Leave nothing behind."""
    with pytest.raises(ValueError, match="piece"):
        prepare_data.write({"x": pieces}, {}, tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_file_in_pieces_has_the_checksum_of_a_whole_one(tmp_path):
    path = tmp_path / "x.safetensors"
    prepare_data.write({n: in_pieces(a, 2) for n, a in ARRAYS.items()}, {"name": "x"}, path)
    whole = tmp_path / "whole.safetensors"
    prepare_data.write(ARRAYS, {"name": "x"}, whole)
    assert path.read_bytes() == whole.read_bytes()
    assert checksum.holds(path.read_bytes())


def test_no_more_than_a_piece_is_in_memory(tmp_path, little_memory):
    """100 MB in pieces of 1."""
    shape, piece = (100, 1 << 20), np.zeros((1, 1 << 20), np.uint8)
    pieces = Pieces(shape, piece.dtype, lambda: (piece.copy() for _ in range(100)))
    with little_memory:
        prepare_data.write({"x": pieces}, {}, tmp_path / "x.safetensors")
    assert (tmp_path / "x.safetensors").stat().st_size > 100 << 20
