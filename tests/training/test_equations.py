"""Training on equations: both tokens on the right count, in the loss and in the accuracy."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from latephase.datasets import stored
from latephase.datasets.prepare import prepare
from latephase.errors import UserError
from latephase.runs import grid
from latephase.runs.packs import pack_of
from latephase.storage.parquet import read
from latephase.training import teachable, trainer
from latephase.training.trainer import Trainer
from scripts import extracting, prepare_data
from scripts.extract import collapse, flatness, information, nc0
from tests.datasets.kinds.test_modular import SMALL
from tests.training.together import Together

RUN = {
    "data": {"name": "mod"},
    "model": {"name": "grok_transformer", "width": 8, "heads": 2, "mlp_width": 12, "blocks": 2},
    "loss": {"name": "cross_entropy"},
    "optimizer": {"name": "adamw", "lr": 3e-3, "beta2": 0.98, "weight_decay": 1.0},
    "schedule": {"name": "warmup", "warmup_steps": 3},
    "batch_size": 10,
    "steps": 7,
    "checkpoints": {"log": 3},
    "seed": 1,
}
"""Of 24 equations three batches are an epoch, the last of them of four."""


@pytest.fixture
def data(tmp_path):
    arrays, header = prepare("mod", SMALL)
    prepare_data.write(arrays, header, tmp_path / "mod.safetensors")
    return stored.load(tmp_path / "mod.safetensors")


def plain_loop(run, data, steps):
    """A module, torch's AdamW and a schedule, the loss a mean over batch and both tokens."""
    alone = Trainer(pack_of([run]), data, "cpu", torch.float64)
    model, start = alone.model, alone.initial()
    rows = alone.layout.views(start.params) | alone.layout.buffer_views(start.buffers)
    model.load_state_dict({name: tensor[0] for name, tensor in rows.items()})
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, (0.9, 0.98), weight_decay=1.0)
    warm = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(step / 3, 1))
    orders = [trainer.epoch_order(run["seed"], epoch, 24).split(10) for epoch in range(3)]
    for index in [index for order in orders for index in order][:steps]:
        answers = data.train_labels[index]
        logits = model(data.train_inputs[index])
        answer, end = (functional.cross_entropy(logits[:, i], y) for i, y in
                       enumerate((answers, torch.zeros_like(answers))))  # fmt: skip
        optimizer.zero_grad()
        ((answer + end) / 2).backward()
        optimizer.step()
        warm.step()
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("kind", [Trainer, Together])
def test_equals_a_plain_loop(data, kind):
    runs = [grid.resolved(RUN), grid.resolved(RUN | {"seed": 2})]
    engine = kind(pack_of(runs), data, "cpu", torch.float64)
    state = engine.initial()
    engine.advance(state, 7)
    for run, row in zip(runs, state.params, strict=True):
        expected = plain_loop(run, data, 7)
        torch.testing.assert_close(row, expected, rtol=1e-9, atol=1e-11)


def test_an_answer_with_the_wrong_end_is_wrong(data):
    engine = Trainer(pack_of([grid.resolved(RUN)]), data)
    state = engine.initial()
    engine.advance(state, 7)
    (row,) = engine.evaluate(state)
    tensors = engine.layout.views(state.params[0]) | engine.layout.buffer_views(state.buffers[0])
    logits = torch.func.functional_call(engine.model.eval(), tensors, (data.test_inputs,))
    said = logits.argmax(2)
    both = (said[:, 0] == data.test_labels) & (said[:, 1] == 0)
    assert row["accuracy_test"] == both.double().mean().item()
    ends = torch.zeros_like(data.test_labels)
    losses = [
        functional.cross_entropy(logits[:, i].double(), labels)
        for i, labels in enumerate((data.test_labels, ends))
    ]
    assert row["loss_test"] == pytest.approx(np.mean([loss.item() for loss in losses]), rel=1e-6)


def test_signs_are_no_classes_that_training_must_show(data):
    teachable.check("mod", data)
    few = stored.Data(
        data.train_inputs[:3], data.train_labels[:3], data.test_inputs, data.test_labels,
        data.classes, data.header,
    )  # fmt: skip
    with pytest.raises(
        UserError, match=r"none of the 3 .* allowed: samples of all 7 classes \(data"
    ):
        teachable.check("mod", few)


def test_metrics_are_those_of_the_answer(data, tmp_path):
    """Every family takes features [N, d] and labels [N]: those at `=`."""
    pack = pack_of([grid.resolved(RUN)])
    folder, _, _ = trainer.train(pack, data, tmp_path / "scratch")
    file = tmp_path / "mod.safetensors"
    for family in (collapse, nc0, flatness, information):
        name = family.__name__.rpartition(".")[2]
        output = tmp_path / f"{name}.parquet"
        extracting.main(
            "a\n", f"scripts.extract.{name}", family.measuring,
            ["--checkpoints", str(folder), "--data", str(file), "--output", str(output)],
        )  # fmt: skip
        assert read(output)["step"].tolist() == [0, 1, 3, 7]
