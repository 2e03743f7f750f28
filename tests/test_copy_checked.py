"""A file is copied if it holds what it was said to hold."""

import hashlib

import pytest

from latephase.errors import UserError
from scripts import copy_checked


def test_a_file_is_copied_whole_or_refused(tmp_path):
    source, output = tmp_path / "model.safetensors", tmp_path / "kept.safetensors"
    source.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    given = ["--source", str(source), "--output", str(output), "--sha256"]
    with pytest.raises(UserError, match=f"its sha256 is {digest}; allowed: 0000"):
        copy_checked.main([*given, "0" * 64])
    assert not output.exists()
    copy_checked.main([*given, digest])
    assert output.read_bytes() == b"weights"
