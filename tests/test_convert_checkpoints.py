"""``python -m scripts.convert_checkpoints``: what changes while it reads is not kept."""

import json

import pytest

from latephase.errors import UserError
from latephase.runs import outside
from scripts import convert_checkpoints


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "step_1.pt").write_bytes(b"one")
    content = outside.content(outside.files(str(folder)))
    entry = {"folder": str(folder), "pattern": None, "content": content}
    common = {"checkpoints": entry, "data": {"name": "digits"}, "model": {"name": "mlp"}}
    pack = {"common": common, "runs": [{}]}

    def convert(pack, data, files, part, device):
        part.mkdir()
        (folder / "step_1.pt").write_bytes(b"two")
        yield {"run": "r", "step": 1}

    monkeypatch.setattr(convert_checkpoints, "convert", convert)
    monkeypatch.setattr(convert_checkpoints.stored, "load", lambda *given, **options: None)
    monkeypatch.setattr(convert_checkpoints.parts, "modules", lambda common: [])
    monkeypatch.setattr(convert_checkpoints.spec, "pack_id", lambda pack: "a-pack")
    files = {name: str(tmp_path / name) for name in ("data", "checkpoints", "history", "timing")}
    words = [word for name, path in files.items() for word in (f"--{name}", path)]
    with pytest.raises(UserError, match="other checkpoints than when they were planned"):
        convert_checkpoints.main(["--pack", json.dumps(pack), *words])
    assert not (tmp_path / "checkpoints").exists()
