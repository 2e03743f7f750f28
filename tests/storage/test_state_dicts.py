"""State dicts that other code wrote are read, and nothing that a file holds is run."""

import io
import pickle
import tarfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from latephase.errors import UserError
from latephase.storage import state_dicts
from tests.elsewhere import save

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.tensor([1.0, -1.0])}


def same(found, expected=STATE):
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth", ".ckpt"])
def test_a_state_dict_is_read_as_it_is(tmp_path, suffix):
    found = state_dicts.read(save(STATE, tmp_path / f"step_1{suffix}"))
    same(dict(sorted(found.items(), reverse=True)), dict(sorted(STATE.items(), reverse=True)))


def test_half_precision_stays_for_whoever_converts_it(tmp_path):
    state = {"a": torch.tensor([1.5], dtype=torch.bfloat16)}
    assert state_dicts.read(save(state, tmp_path / "x.pt"))["a"].dtype == torch.bfloat16


@pytest.mark.parametrize("key", state_dicts.NESTED)
def test_a_nested_one_is_found(tmp_path, key):
    """As Lightning keeps it, and most trainings of one's own."""
    optimizer = torch.optim.Adam(nn.Linear(3, 2).parameters())
    whole = {"epoch": 3, "pytorch-lightning_version": "2.1.0", "best": None, "callbacks": {}}
    whole |= {"optimizer": optimizer.state_dict(), key: OrderedDict(STATE)}
    same(state_dicts.read(save(whole, tmp_path / "epoch=3.ckpt")))


def test_the_old_format_is_read_too(tmp_path):
    torch.save(STATE, tmp_path / "x.pt", _use_new_zipfile_serialization=False)
    same(state_dicts.read(tmp_path / "x.pt"))


class Touching:
    """Its unpickling makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


class Opening(Touching):
    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("payload", [Touching, Opening])
@pytest.mark.parametrize("form", ["new", "old", "raw", "nested", "named safetensors"])
def test_a_file_that_would_run_something_is_refused_and_does_not(tmp_path, payload, form):
    mark, file = tmp_path / "made", tmp_path / "step_1.pt"
    evil = payload(mark)
    if form == "raw":
        file.write_bytes(pickle.dumps(evil))
    elif form == "named safetensors":
        file = file.with_suffix(".safetensors")
        torch.save({"state_dict": STATE, "x": evil}, file)
    else:
        held = {"state_dict": {"x": evil} if form == "nested" else STATE, "x": evil}
        torch.save(held, file, _use_new_zipfile_serialization=form != "old")
    with pytest.raises(UserError) as caught:
        state_dicts.read(file)
    assert not mark.exists()
    line = str(caught.value)
    assert line.startswith(f"{file}: ") and "\n" not in line
    if form != "named safetensors":
        assert "would have to be unpickled" in line
    # Whoever unpickles it makes the file: the payload is one.
    pickle.loads(pickle.dumps(evil))
    assert mark.exists()


def test_a_variable_of_the_environment_does_not_undo_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    mark = tmp_path / "made"
    torch.save({"a": STATE["a.bias"], "x": Touching(mark)}, tmp_path / "x.pt")
    with pytest.raises(UserError, match="unpickled"):
        state_dicts.read(tmp_path / "x.pt")
    assert not mark.exists()


def scripted() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), file)
    return file.getvalue()


def saved(value) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    tarfile.open(fileobj=file, mode="w").close()
    return file.getvalue()


WRONG = {
    "a module": (saved(nn.Linear(2, 2)), r"holds torch\.nn\.modules\.linear\.Linear, which would"),
    "NumPy's numbers": (saved({"a": np.float64(3)}), r"holds numpy\S+scalar, which would"),
    "a scripted module": (scripted(), "would have to be unpickled"),
    "a tar": (archive(), "would have to be unpickled"),
    "junk": (b"junk", "not a readable file of torch.save"),
    "nothing": (b"", "not a readable file of torch.save"),
    "half a file": (saved(STATE)[:300], "not a readable file of torch.save"),
    "a tensor": (saved(STATE["a.bias"]), r"has no tensors by name \(Tensor\)"),
    "no tensors": (saved({"epoch": 3, "loss": [1.0]}), r"has no tensors by name \(epoch, loss\)"),
    "none at all": (saved({}), r"has no tensors by name \(dict\)"),
    "a number among them": (saved(STATE | {"n": 3}), "has no tensors by name"),
}


@pytest.mark.parametrize("content, told", WRONG.values(), ids=WRONG)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_no_state_dict_is_refused_in_one_line(tmp_path, content, told):
    file = tmp_path / "step_1.pt"
    file.write_bytes(content)
    with pytest.raises(UserError, match=told) as caught:
        state_dicts.read(file)
    assert str(caught.value).startswith(f"{file}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"junk", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_safetensors_file_is_refused(tmp_path, content):
    file = tmp_path / "step_1.safetensors"
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"step_1\.safetensors: "):
        state_dicts.read(file)


def test_a_file_that_is_not_there(tmp_path):
    for suffix in (".pt", ".safetensors"):
        with pytest.raises(UserError, match="x"):
            state_dicts.read(tmp_path / f"x{suffix}")
