"""The engine: each run of a pack as if it were alone, and as a plain loop trains it."""

import math

import pytest
import torch
from torch.nn import functional

from latephase.parts import network
from latephase.runs import spec
from latephase.storage import checkpoints
from latephase.training import trainer
from latephase.training.trainer import Trainer
from tests.training import packs
from tests.training.advanced import trained
from tests.training.packs import CROSS_ENTROPY, KINDS
from tests.training.plain_loop import plain_loop
from tests.training.together import Together


@pytest.mark.parametrize("kind", KINDS)
def test_each_run_of_a_pack_is_as_if_alone_to_the_bit(data, kind):
    pack = packs.pack(*packs.SEVERAL, **KINDS[kind])
    together = trained(pack, data)
    assert len({row.numpy().tobytes() for row in together.values()}) == len(packs.SEVERAL)
    for values in packs.SEVERAL:
        for run, row in trained(packs.pack(values, **KINDS[kind]), data).items():
            assert torch.equal(together[run], row)


@pytest.mark.parametrize("kind", KINDS)
def test_batched_path_equals_the_serial_one(data, kind):
    pack = packs.pack(*packs.SEVERAL, **KINDS[kind])
    serial = trained(pack, data, torch.float64)
    batched = trained(pack, data, torch.float64, Together)
    for run, row in serial.items():
        torch.testing.assert_close(batched[run], row, rtol=1e-10, atol=1e-12)


def test_where_training_stops_between_does_not_matter(data):
    """In the middle of an epoch, at its end, at every step."""
    pack = packs.pack({"seed": 1}, {"seed": 2})
    whole = trained(pack, data, stops=[12])
    for stops in ([4, 12], [3, 6, 12], range(1, 13)):
        for run, row in trained(pack, data, stops=stops).items():
            assert torch.equal(whole[run], row)


def test_initialisation_depends_on_the_seed_alone(data):
    def rows(*numbers, **changes):
        pack = packs.pack(*numbers, **changes)
        return trainer.initial_rows(pack, {"shape": [1, 8, 8], "classes": 10}, torch.float32)[0]

    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first = rows({"seed": 1}, {"seed": 2})
    assert torch.equal(torch.random.get_rng_state(), before)  # the caller's stream is untouched
    torch.manual_seed(99)
    other = rows({"seed": 2, "optimizer.lr": 1.0}, batch_size=5, steps=99)
    assert torch.equal(other[0], first[1])
    assert not torch.equal(first[0], first[1])
    torch.testing.assert_close(rows({"seed": 1, "model.init_scale": 6.0})[0], 3 * first[0])


def test_batches_depend_on_seed_and_epoch_alone():
    order = trainer.epoch_order(1, 0, 50)
    assert sorted(order.tolist()) == list(range(50))
    torch.manual_seed(99)
    assert torch.equal(trainer.epoch_order(1, 0, 50), order)
    others = [trainer.epoch_order(seed, epoch, 50) for seed, epoch in ((1, 1), (2, 0), (11, 0))]
    assert not any(torch.equal(other, order) for other in others)
    # Every result rests on this stream.
    assert trainer.epoch_order(42, 3, 8).tolist() == [0, 4, 2, 3, 5, 1, 6, 7]


def test_two_trainings_give_the_same_bytes(data, tmp_path):
    pack = packs.pack(*packs.SEVERAL)
    content = []
    for name in ("a", "b"):
        folder, history, _ = trainer.train(pack, data, tmp_path / name)
        files = {path.name: path.read_bytes() for _, path in checkpoints.steps_in(folder)}
        content.append((files, history))
    assert content[0] == content[1]
    saved = spec.checkpoint_steps(12, packs.RUN["checkpoints"])
    assert list(content[0][0]) == [f"step_{step:09d}.safetensors" for step in saved]


def test_history_and_checkpoints_equal_a_hand_evaluation(data, tmp_path):
    pack = packs.pack(*packs.SEVERAL, **CROSS_ENTROPY)
    folder, history, _ = trainer.train(pack, data, tmp_path)
    rows = {(row["run"], row["step"]): row for row in history}
    saved = checkpoints.steps_in(folder)
    assert len(rows) == len(history) == len(saved) * len(packs.SEVERAL)
    for step, path in saved:
        tensors, header = checkpoints.read(path)
        assert header == {"pack": pack, "step": step, "torch": torch.__version__}
        for i, run in enumerate(spec.runs_of(pack)):
            model = network.build_model(run, {"shape": [1, 8, 8], "classes": 10})
            model.load_state_dict({name: tensor[i] for name, tensor in tensors.items()})
            row = rows[spec.run_id(run), step]
            assert row["diverged_at"] is None
            for split in ("train", "test"):
                logits = model(getattr(data, f"{split}_inputs")).detach()
                labels = getattr(data, f"{split}_labels")
                loss = functional.cross_entropy(logits.double(), labels).item()
                assert row[f"loss_{split}"] == pytest.approx(loss, rel=1e-5)
                right = (logits.argmax(1) == labels).sum().item()
                assert row[f"accuracy_{split}"] == right / len(labels)
    last, _ = checkpoints.read(saved[-1][1])
    model = network.build_model(packs.run(), {"shape": [1, 8, 8], "classes": 10})
    packed = torch.cat([last[name].flatten(1) for name, _ in model.named_parameters()], dim=1)
    for i, run in enumerate(spec.runs_of(pack)):
        expected = plain_loop(run, data, 12, torch.float32)
        torch.testing.assert_close(packed[i], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [Trainer, Together])
def test_a_diverging_run_is_recorded_and_leaves_its_neighbours_alone(
    data, tmp_path, monkeypatch, kind
):
    monkeypatch.setattr(trainer, "Trainer", kind)
    results = {}
    # The harmless stand-in agrees with its neighbours, which must not change their arithmetic.
    for name, lr in (("wild", 1e6), ("harmless", 1e-3)):
        numbers = {"seed": 1}, {"seed": 2, "optimizer.lr": lr}, {"seed": 3}
        pack = packs.pack(*numbers, **packs.SGD, checkpoints={"every": [[12, 1]]})
        folder, history, _ = trainer.train(pack, data, tmp_path / name)
        results[name] = {
            "ids": [spec.run_id(run) for run in spec.runs_of(pack)],
            "steps": [checkpoints.read(path)[0] for _, path in checkpoints.steps_in(folder)],
            "history": history,
        }
    wild, harmless = results["wild"], results["harmless"]
    for mine, theirs in zip(wild["steps"], harmless["steps"], strict=True):
        for name, tensor in mine.items():
            assert tensor[[0, 2]].numpy().tobytes() == theirs[name][[0, 2]].numpy().tobytes()
    rows = [row for row in wild["history"] if row["run"] == wild["ids"][1]]
    at = rows[-1]["diverged_at"]
    assert 0 < at < 12
    for row, tensors in zip(rows, wild["steps"], strict=True):
        after = row["step"] >= at
        assert row["diverged_at"] == (at if after else None)
        for key in ("loss_train", "loss_test", "accuracy_train", "accuracy_test"):
            assert math.isnan(row[key]) == after
        assert all(bool(tensor[1].isnan().all()) == after for tensor in tensors.values())
        assert all(bool(tensor[1].isfinite().all()) != after for tensor in tensors.values())
    others = [row for row in wild["history"] if row["run"] != wild["ids"][1]]
    assert others == [row for row in harmless["history"] if row["run"] != harmless["ids"][1]]
    assert {row["diverged_at"] for row in others} == {None}


def test_a_pack_of_diverged_runs_still_ends(data, tmp_path):
    pack = packs.pack({"seed": 1}, {"seed": 2}, **packs.SGD)
    for numbers in pack["runs"]:
        numbers["optimizer.lr"] = 1e6
    folder, history, _ = trainer.train(pack, data, tmp_path)
    assert checkpoints.steps_in(folder)[-1][0] == 12
    assert {row["diverged_at"] for row in history if row["step"] == 12} != {None}


def test_training_is_in_training_mode_after_an_evaluation(data):
    pack = packs.pack({"seed": 1}, {"seed": 2})
    trainer = Together(pack, data)
    state = trainer.initial()
    trainer.evaluate(state)
    assert not trainer.model.training
    trainer.advance(state, 1)
    assert trainer.model.training


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("numbers", [packs.SEVERAL, packs.SEVERAL[:1]])
@pytest.mark.parametrize("kind", KINDS)
def test_cuda_equals_the_cpu(data, kind, numbers):
    pack = packs.pack(*numbers, **KINDS[kind])
    cpu, cuda = (trained(pack, data, torch.float64, device=device) for device in ("cpu", "cuda"))
    for run, row in cpu.items():
        torch.testing.assert_close(cuda[run], row, rtol=1e-8, atol=1e-10)


def test_a_training_in_double_precision(data, tmp_path):
    """As the spec says; its checkpoints hold the numbers rounded to single precision."""
    pack = packs.pack(dtype="float64")
    folder, history, _ = trainer.train(pack, data, tmp_path / "scratch")
    expected = Trainer(packs.pack(), data, dtype=torch.float64)
    state = expected.initial()
    expected.advance(state, pack["common"]["steps"])
    (step, path), *_ = reversed(checkpoints.steps_in(folder))
    tensors, _ = checkpoints.read(path)
    assert step == pack["common"]["steps"]
    for name, view in expected.layout.views(state.params).items():
        assert torch.equal(tensors[name], view.float())
    single = Trainer(packs.pack(), data)
    assert (single.dtype, Trainer(pack, data).dtype) == (torch.float32, torch.float64)
    losses = [row["loss_train"] for row in history if row["step"] == step]
    assert losses == [row["loss_train"] for row in expected.evaluate(state)]
