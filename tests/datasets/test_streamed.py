"""Inputs that stay in their file are, row by row, those that are held."""

import json

import pytest
import torch

from latephase.datasets import stored
from latephase.datasets.streamed import OneHot, Streamed
from latephase.errors import UserError
from latephase.measuring import over_checkpoints
from latephase.storage import checkpoints
from latephase.training import trainer
from latephase.training.trainer import Trainer
from scripts.extract import collapse, encode_inputs, information
from tests.training import packs

CNN = {
    "model": {"name": "cnn", "widths": [4, 6]},
    "loss": {"name": "cross_entropy", "reduction": "mean"},
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
}
NUMBERS = ({"seed": 1}, {"seed": 2, "optimizer.lr": 0.1})
ENTRY = {"train_size": 50, "test_size": 40, "mean": 0.3, "std": 0.4}


@pytest.fixture
def load(digits_file, monkeypatch):
    """The digits, held or streamed."""
    torch.set_num_threads(1)

    def loaded(held, **entry):
        monkeypatch.setattr(stored, "HELD_BYTES", 1 << 30 if held else 0)
        return stored.load(digits_file, **ENTRY | entry)

    return loaded


@pytest.mark.parametrize("resize", [None, 11])
def test_rows_are_those_that_are_held(load, resize):
    held, streamed = (load(is_held, resize=resize) for is_held in (True, False))
    assert isinstance(held.train_inputs, torch.Tensor)
    assert held.header == streamed.header
    for split in ("train", "test"):
        rows, few = getattr(held, f"{split}_inputs"), getattr(streamed, f"{split}_inputs")
        assert isinstance(few, Streamed)
        assert (few.shape, few.ndim, len(few), few.dtype) == (rows.shape, 4, len(rows), rows.dtype)
        index = torch.tensor([7, 0, 7, 39])
        assert torch.equal(few[index], rows[index])
        assert torch.equal(few.index_select(0, index), rows[index])
        assert torch.equal(few[3:9], rows[3:9])
        assert torch.equal(torch.cat(list(few.split(16))), rows)
        assert torch.equal(few.to("cpu", torch.float64)[index], rows.double()[index])
        assert torch.equal(few.flatten(1)[index], rows.flatten(1)[index])
        assert torch.equal(getattr(held, f"{split}_labels"), getattr(streamed, f"{split}_labels"))


def test_a_split_is_held_up_to_a_size(load, digits_file, monkeypatch):
    """50 images of 8x8 take 12,800 bytes as float32, 40 fewer."""
    for limit, kinds in (
        (12_800, [torch.Tensor, torch.Tensor]),
        (12_799, [Streamed, torch.Tensor]),
    ):
        monkeypatch.setattr(stored, "HELD_BYTES", limit)
        data = stored.load(digits_file, **ENTRY)
        assert [type(data.train_inputs), type(data.test_inputs)] == kinds


def test_stored_floats_are_read_as_they_are(tmp_path, monkeypatch):
    import numpy as np

    from scripts import prepare_data

    inputs = np.random.default_rng(0).normal(size=(6, 2, 3, 3)).astype(np.float32)
    arrays = {"train_inputs": inputs, "test_inputs": inputs[:3]}
    arrays |= {"train_labels": np.arange(6) % 3, "test_labels": np.arange(3)}
    header = {"classes": 3, "shape": [2, 3, 3], "scale": 1}
    path = tmp_path / "x.safetensors"
    prepare_data.write(arrays, header, path)
    monkeypatch.setattr(stored, "HELD_BYTES", 0)
    streamed, before = stored.load(path, mean=1.0, std=2.0).train_inputs, path.read_bytes()
    for _ in range(2):
        np.testing.assert_array_equal(streamed[0:6], (inputs - 1) / 2)
    assert path.read_bytes() == before


def test_one_hot_targets():
    labels = torch.tensor([2, 0, 1, 2])
    targets = OneHot(labels, 3, torch.float64)
    index = torch.tensor([3, 1, 3])
    found = targets.index_select(0, index)
    assert found.dtype == torch.float64
    assert torch.equal(found, torch.eye(3, dtype=torch.float64)[labels][index])


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("changes", [{}, CNN], ids=["written", "automatic"])
def test_a_training_is_the_same_to_the_bit(load, tmp_path, monkeypatch, changes, together):
    """Checkpoints and history: gradients written out or by autograd, alone or along an axis."""
    if together:
        from tests.training.together import Together

        monkeypatch.setattr(trainer, "Trainer", Together)
    pack, found = packs.pack(*NUMBERS, **changes), {}
    for held in (True, False):
        data = load(held)
        folder, history, _ = trainer.train(pack, data, tmp_path / str(held))
        found[held] = content(folder), history
    assert found[True] == found[False]
    assert len(found[True][1]) == 2 * len(found[True][0])


@pytest.mark.parametrize("rows", [7, 50])
def test_a_loss_in_parts_is_the_loss(load, monkeypatch, rows):
    """Of thousands of classes it is taken of some samples at a time."""
    pack, data = packs.pack(**CNN), load(True)
    training = Trainer(pack, data)
    expected = training.evaluate(training.initial())
    monkeypatch.setattr(trainer, "ROWS_AT_ONCE", rows)
    assert training.evaluate(training.initial()) == expected


@pytest.mark.parametrize("program", [collapse, information])
def test_metrics_are_the_same(load, tmp_path, program):
    """Of a whole batch of the test set too, which nHSIC wants."""
    pack, rows = packs.pack(**CNN), {}
    folder, *_ = trainer.train(pack, load(True), tmp_path)
    for held in (True, False):
        data = load(held, test_size=120)
        measured = over_checkpoints.rows(folder, pack, data, "cpu", program.measuring(data))
        rows[held] = json.dumps(list(measured))
    assert rows[True] == rows[False]
    assert len(checkpoints.steps_in(folder)) == rows[True].count('"step"')


def test_what_needs_all_inputs_at_once_says_so(load):
    assert load(True).held("train").shape == (50, 1, 8, 8)
    with pytest.raises(UserError, match="data set digits: its train inputs take more than"):
        load(False).held("train")


def test_an_autoencoder_on_streamed_inputs_is_refused(load, digits_file, tmp_path):
    load(False)
    entry = json.dumps({"name": "digits"} | ENTRY)
    call = ["--data", str(digits_file), "--entry", entry, "--output", str(tmp_path / "code")]
    with pytest.raises(UserError, match="allowed: metrics that do not ask for them"):
        encode_inputs.main(call)
