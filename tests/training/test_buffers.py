"""The engine on networks with batch normalisation: buffers, one run at a time and many at once."""

import pytest
import torch
from torch.nn import functional

from latephase.datasets import stored
from latephase.parts.network import build_model
from latephase.runs import parts, spec
from latephase.storage import checkpoints
from latephase.training import gradients, trainer
from latephase.training.trainer import Trainer
from tests.training import packs
from tests.training.modules import modules
from tests.training.packs import CNN, CNN_NUMBERS
from tests.training.together import Together


def trained(pack, data, dtype=torch.float64, kind=Trainer):
    """Each run's parameters, buffers and history after training, by run."""
    trainer = kind(pack, data, "cpu", dtype)
    state = trainer.initial()
    for stop in (7, 12):
        trainer.advance(state, stop)
        state.history += trainer.evaluate(state)
    ids = [spec.run_id(run) for run in spec.runs_of(pack)]
    return {
        run: (params, buffers, [row for row in state.history if row["run"] == run])
        for run, params, buffers in zip(ids, state.params, state.buffers, strict=True)
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_run_of_a_pack_is_as_if_alone_to_the_bit(data, dtype):
    together = trained(packs.pack(*CNN_NUMBERS, **CNN), data, dtype)
    for values in CNN_NUMBERS:
        for run, alone in trained(packs.pack(values, **CNN), data, dtype).items():
            for mine, theirs in zip(together[run][:2], alone[:2], strict=True):
                assert torch.equal(mine, theirs)
            assert together[run][2] == alone[2]


def test_many_at_once_are_as_if_alone(data):
    together = trained(packs.pack(*CNN_NUMBERS, **CNN), data, kind=Together)
    for values in CNN_NUMBERS:
        for run, (params, buffers, history) in trained(packs.pack(values, **CNN), data).items():
            torch.testing.assert_close(together[run][0], params, rtol=1e-12, atol=1e-12)
            torch.testing.assert_close(together[run][1], buffers, rtol=1e-12, atol=1e-12)
            for mine, theirs in zip(together[run][2], history, strict=True):
                assert mine.pop("run") == theirs.pop("run")
                assert mine.pop("diverged_at") is theirs.pop("diverged_at") is None
                assert mine == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize(("kind", "count"), [(Trainer, 3), (Together, 1)])
def test_one_run_takes_no_run_axis(data, monkeypatch, kind, count):
    """Neither on a CPU nor, alone in its pack, on an accelerator."""
    pack = packs.pack(*CNN_NUMBERS[:count], **CNN)
    expected = trained(pack, data)
    monkeypatch.setattr(gradients, "vmap", None)
    for run, (params, buffers, _) in trained(pack, data, kind=kind).items():
        # On a CPU the backpropagation is written out: equal but for its rounding.
        for mine, theirs in zip((params, buffers), expected[run][:2], strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)
            assert kind is Together or torch.equal(mine, theirs)


def numbers():
    """50 training samples for the unconstrained features model, and 40 of them again."""
    x, y = torch.arange(50.0).view(50, 1, 1, 1), torch.arange(50) % 10
    return stored.Data(x, y, x[:40], y[:40], 10, {"shape": [1, 1, 1], "classes": 10})


def texts():
    """50 training sequences of up to 9 tokens, padded by 0."""
    random = torch.Generator().manual_seed(0)
    x = torch.randint(1, 7, (50, 9), generator=random)
    x[torch.arange(9) > torch.randint(2, 9, (50, 1), generator=random)] = 0
    header = {"shape": [9], "classes": 10, "vocabulary": 7, "padding": 0}
    return stored.Data(x, torch.arange(50) % 10, x[:40], torch.arange(40) % 10, 10, header)


SAMPLES = {"ufm": numbers, "transformer of tokens": texts}
OTHERS = {
    "vit": {"name": "vit", "layers": 2, "heads": 2, "head_width": 3, "mlp_width": 5},
    "ufm": {"name": "ufm", "samples": 50, "width": 6, "bias": True},
    "conv_mlp": {"name": "conv_mlp", "channels": [3, 4], "width": 6, "init_scale": 2.0},
    "transformer": {"name": "transformer", "width": 6, "heads": 2, "mlp_width": 5},
    "transformer of tokens": {"name": "transformer", "width": 6, "heads": 2, "mlp_width": 5},
    "resnet18": {"name": "resnet18", "width": 3},
    "smooth_mlp": {"name": "smooth_mlp", "widths": [6, 5]},
    "cnn without batch normalisation": {"name": "cnn", "widths": [4], "batch_norm": False},
}


@pytest.mark.parametrize("model", OTHERS)
def test_other_networks_too(data, model):
    """Many at once as alone."""
    samples = SAMPLES[model]() if model in SAMPLES else data
    changes = CNN | {"model": OTHERS[model]}
    together = trained(packs.pack(*CNN_NUMBERS, **changes), samples, kind=Together)
    for values in CNN_NUMBERS:
        for run, (row, *_) in trained(packs.pack(values, **changes), samples).items():
            torch.testing.assert_close(together[run][0], row, rtol=1e-10, atol=1e-12)


def test_narrow_convolutions_of_1x1_do_not_have_their_channels_last(data):
    """Strided, they corrupt memory: in oneDNN 3.12 this ends the process."""
    for model, last in (
        ({"name": "resnet18", "width": 3}, False),
        ({"name": "cnn", "widths": [3]}, True),
    ):
        trainer = Trainer(packs.pack(**CNN | {"model": model}), data)
        state = trainer.initial()
        assert gradients.channels_last(trainer.layout, state.params, trainer.inputs) == last
        trainer.advance(state, 40)
        assert state.params.isfinite().all()


def test_resnet50_too(data):
    """Of one step: in so deep a network rounding grows a thousandfold with each."""
    changes = CNN | {"model": {"name": "resnet50"}}
    rows = {}
    for kind, numbers in ((Together, CNN_NUMBERS[:2]), (Trainer, CNN_NUMBERS[:1])):
        trainer = kind(packs.pack(*numbers, **changes), data, "cpu", torch.float64)
        state = trainer.initial()
        trainer.advance(state, 1)
        rows[kind] = state.params[0]
    torch.testing.assert_close(rows[Together], rows[Trainer], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", [Trainer, Together])
def test_equals_a_plain_loop(data, kind):
    """Parameters and running statistics of a module that torch trains."""
    pack = packs.pack(*CNN_NUMBERS[:2], **CNN)
    found = trained(pack, data, kind=kind)
    for run in spec.runs_of(pack):
        torch.manual_seed(run["seed"])
        model = build_model(run, {"shape": [1, 8, 8], "classes": 10}).double()
        optimizer = torch.optim.SGD(model.parameters(), **parts.arguments(run["optimizer"]))
        for epoch in range(4):
            for index in trainer.epoch_order(run["seed"], epoch, 50).split(20):
                x, y = data.train_inputs[index].double(), data.train_labels[index]
                optimizer.zero_grad()
                functional.cross_entropy(model(x), y).backward()
                optimizer.step()
        kinds = model.parameters(), model.buffers()
        for row, tensors in zip(found[spec.run_id(run)][:2], kinds, strict=True):
            expected = torch.cat([tensor.detach().flatten() for tensor in tensors])
            torch.testing.assert_close(row, expected, rtol=1e-9, atol=1e-11)


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("serial", [True, False])
def test_halted_anywhere_it_ends_in_the_same_bytes(data, tmp_path, monkeypatch, serial):
    monkeypatch.setattr(trainer, "Trainer", Trainer if serial else Together)
    pack = packs.pack(*CNN_NUMBERS, **CNN)
    whole, history, _ = trainer.train(pack, data, tmp_path / "whole")
    for asked in (1, 5, 9, 11, 20, 30) if serial else (1, 5, 11):
        calls = []

        def halted(calls=calls, asked=asked):
            calls.append(None)
            return len(calls) == asked

        with pytest.raises(trainer.Stopped):
            trainer.train(pack, data, tmp_path / str(asked), halted=halted)
        folder, rows, _ = trainer.train(pack, data, tmp_path / str(asked))
        assert content(folder) == content(whole)
        assert rows == history


@pytest.mark.parametrize("kind", [Trainer, Together])
def test_a_diverging_run_leaves_its_neighbours_statistics_alone(data, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(trainer, "Trainer", kind)
    content = []
    for name, lr in (("wild", 1e30), ("harmless", 1e-3)):
        pack = packs.pack({"seed": 1}, {"seed": 2, "optimizer.lr": lr}, {"seed": 3}, **CNN)
        folder, history, _ = trainer.train(pack, data, tmp_path / name)
        content.append(checkpoints.read(checkpoints.steps_in(folder)[-1][1])[0])
        if name == "wild":
            assert {row["diverged_at"] for row in history if row["step"] == 12} > {None}
    for name, wild in content[0].items():
        assert torch.equal(wild[[0, 2]], content[1][name][[0, 2]])
        assert wild[1].isnan().all()


def test_a_checkpoint_is_whole_and_the_history_is_of_evaluation_mode(data, tmp_path):
    pack = packs.pack(*CNN_NUMBERS, **CNN)
    folder, history, _ = trainer.train(pack, data, tmp_path)
    rows = {(row["run"], row["step"]): row for row in history}
    step, path = checkpoints.steps_in(folder)[-1]
    for run, model in modules(pack, path):
        assert not torch.equal(model.body[1].running_mean, torch.zeros(4))
        with torch.no_grad():
            loss = functional.cross_entropy(model(data.test_inputs), data.test_labels).item()
        assert rows[spec.run_id(run), step]["loss_test"] == pytest.approx(loss, rel=1e-5)
