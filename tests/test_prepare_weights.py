"""A file of weights, kept under what it holds."""

import hashlib

import pytest

from latephase.errors import UserError
from scripts import prepare_weights


def test_a_file_is_kept_whole_or_refused(tmp_path):
    source, output = tmp_path / "model.safetensors", tmp_path / "kept.safetensors"
    source.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    given = ["--source", str(source), "--output", str(output), "--sha256"]
    with pytest.raises(UserError, match=f"its sha256 is {digest}; allowed: 0000"):
        prepare_weights.main([*given, "0" * 64])
    assert not output.exists()
    prepare_weights.main([*given, digest])
    assert output.read_bytes() == b"weights"
