"""The engine on networks with batch normalisation: buffers, one run at a time and many at once."""

import math

import pandas as pd
import pytest
import torch
from torch.nn import functional

from latephase import checkpoints, evaluation, gradients, parts, spec, training
from latephase.datasets import stored
from latephase.losses import cross_entropy
from latephase.metrics.curvature import curvature_metrics
from latephase.metrics.flatness import flatness_metrics
from latephase.metrics.objective import Objective
from latephase.training import Trainer
from scripts import extract_collapse, extract_curvature, extract_margins, extract_own, extraction
from tests import packs
from tests.metrics.networks import full_hessian, kappa_of
from tests.test_training import Together

CNN = {
    "model": {"name": "cnn", "widths": [4, 6]},
    "loss": {"name": "cross_entropy", "reduction": "mean"},
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
}
NUMBERS = (
    {"seed": 1},
    {"seed": 2, "optimizer.lr": 0.1},
    {"seed": 2, "optimizer.weight_decay": 0.1},
)


@pytest.fixture(scope="module")
def data(digits_file):
    torch.set_num_threads(1)
    return stored.load(digits_file, **parts.arguments(packs.run()["data"]))


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
    together = trained(packs.pack(*NUMBERS, **CNN), data, dtype)
    for values in NUMBERS:
        for run, alone in trained(packs.pack(values, **CNN), data, dtype).items():
            for mine, theirs in zip(together[run][:2], alone[:2], strict=True):
                assert torch.equal(mine, theirs)
            assert together[run][2] == alone[2]


def test_many_at_once_are_as_if_alone(data):
    together = trained(packs.pack(*NUMBERS, **CNN), data, kind=Together)
    for values in NUMBERS:
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
    pack = packs.pack(*NUMBERS[:count], **CNN)
    expected = trained(pack, data)
    monkeypatch.setattr(gradients, "vmap", None)
    for run, (params, buffers, _) in trained(pack, data, kind=kind).items():
        assert torch.equal(params, expected[run][0])
        assert torch.equal(buffers, expected[run][1])


@pytest.mark.parametrize(("model", "most"), [("cnn", 512), ("mlp", 8192)])
def test_an_evaluation_of_maps_takes_fewer_samples_at_once(model, most):
    changes = CNN if model == "cnn" else {}
    network, seen = evaluation.build_model(packs.run(**changes), [1, 2, 2], 10), []
    network.head.register_forward_hook(lambda _, args, __: seen.append(len(args[0])))
    inputs, tensors = torch.zeros(9000, 1, 2, 2), network.state_dict()
    features = evaluation.features(network, tensors, inputs)
    assert max(seen) == most
    assert len(features) == sum(seen) == 9000


OUTPUTS = (evaluation.features, evaluation.logits)


def numbers():
    """50 training samples for the unconstrained features model, and 40 of them again."""
    x, y = torch.arange(50.0).view(50, 1, 1, 1), torch.arange(50) % 10
    return stored.Data(x, y, x[:40], y[:40], 10, {"shape": [1, 1, 1]})


OTHERS = {
    "vit": {"name": "vit", "layers": 2, "heads": 2, "head_width": 3, "mlp_width": 5},
    "ufm": {"name": "ufm", "samples": 50, "width": 6, "bias": True},
    "cnn without batch normalisation": {"name": "cnn", "widths": [4], "batch_norm": False},
}


@pytest.mark.parametrize("model", OTHERS)
def test_other_networks_too(data, model):
    """Many at once as alone."""
    samples = numbers() if model == "ufm" else data
    changes = CNN | {"model": OTHERS[model]}
    together = trained(packs.pack(*NUMBERS, **changes), samples, kind=Together)
    for values in NUMBERS:
        for run, (row, *_) in trained(packs.pack(values, **changes), samples).items():
            torch.testing.assert_close(together[run][0], row, rtol=1e-10, atol=1e-12)


def test_resnet50_too(data):
    """Of one step: in so deep a network rounding grows a thousandfold with each."""
    changes = CNN | {"model": {"name": "resnet50"}}
    rows = {}
    for kind, numbers in ((Together, NUMBERS[:2]), (Trainer, NUMBERS[:1])):
        trainer = kind(packs.pack(*numbers, **changes), data, "cpu", torch.float64)
        state = trainer.initial()
        trainer.advance(state, 1)
        rows[kind] = state.params[0]
    torch.testing.assert_close(rows[Together], rows[Trainer], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", [Trainer, Together])
def test_equals_a_plain_loop(data, kind):
    """Parameters and running statistics of a module that torch trains."""
    pack = packs.pack(*NUMBERS[:2], **CNN)
    found = trained(pack, data, kind=kind)
    for run in spec.runs_of(pack):
        torch.manual_seed(run["seed"])
        model = evaluation.build_model(run, [1, 8, 8], 10).double()
        optimizer = torch.optim.SGD(model.parameters(), **parts.arguments(run["optimizer"]))
        for epoch in range(4):
            for index in training.epoch_order(run["seed"], epoch, 50).split(20):
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
    monkeypatch.setattr(training, "Trainer", Trainer if serial else Together)
    pack = packs.pack(*NUMBERS, **CNN)
    whole, history, _ = training.train(pack, data, tmp_path / "whole")
    for asked in (1, 5, 9, 11, 20, 30) if serial else (1, 5, 11):
        calls = []

        def halted(calls=calls, asked=asked):
            calls.append(None)
            return len(calls) == asked

        with pytest.raises(training.Stopped):
            training.train(pack, data, tmp_path / str(asked), halted=halted)
        folder, rows, _ = training.train(pack, data, tmp_path / str(asked))
        assert content(folder) == content(whole)
        assert rows == history


@pytest.mark.parametrize("kind", [Trainer, Together])
def test_a_diverging_run_leaves_its_neighbours_statistics_alone(data, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(training, "Trainer", kind)
    content = []
    for name, lr in (("wild", 1e30), ("harmless", 1e-3)):
        pack = packs.pack({"seed": 1}, {"seed": 2, "optimizer.lr": lr}, {"seed": 3}, **CNN)
        folder, history, _ = training.train(pack, data, tmp_path / name)
        content.append(checkpoints.read(checkpoints.steps_in(folder)[-1][1])[0])
        if name == "wild":
            assert {row["diverged_at"] for row in history if row["step"] == 12} > {None}
    for name, wild in content[0].items():
        assert torch.equal(wild[[0, 2]], content[1][name][[0, 2]])
        assert wild[1].isnan().all()


def modules(pack, path, data):
    """Each run of a checkpoint as a module in evaluation mode, made by hand."""
    tensors, _ = checkpoints.read(path)
    for i, run in enumerate(spec.runs_of(pack)):
        model = evaluation.build_model(run, [1, 8, 8], 10)
        # Not strict: torch's loading makes up a count of batches where there is none.
        loaded = model.load_state_dict({n: t[i] for n, t in tensors.items()}, strict=False)
        assert not loaded.missing_keys
        yield run, model.eval()


def test_a_checkpoint_is_whole_and_the_history_is_of_evaluation_mode(data, tmp_path):
    pack = packs.pack(*NUMBERS, **CNN)
    folder, history, _ = training.train(pack, data, tmp_path)
    rows = {(row["run"], row["step"]): row for row in history}
    step, path = checkpoints.steps_in(folder)[-1]
    for run, model in modules(pack, path, data):
        assert not torch.equal(model.body[1].running_mean, torch.zeros(4))
        with torch.no_grad():
            loss = functional.cross_entropy(model(data.test_inputs), data.test_labels).item()
        assert rows[spec.run_id(run), step]["loss_test"] == pytest.approx(loss, rel=1e-5)


def table(program, folder, digits_file, tmp_path, measuring=None):
    output = tmp_path / "table.parquet"
    arguments = {"checkpoints": folder, "data": digits_file, "output": output}
    argv = [word for name, path in arguments.items() for word in (f"--{name}", str(path))]
    extraction.main("Doc.", measuring or program.measuring, argv)
    return pd.read_parquet(output).set_index(["run", "step"])


def test_extractions_see_each_run_in_evaluation_mode(data, digits_file, tmp_path, monkeypatch):
    pack = packs.pack(*NUMBERS[:2], **CNN)
    folder, *_ = training.train(pack, data, tmp_path / "scratch")
    collapse = table(extract_collapse, folder, digits_file, tmp_path)
    curvature = table(extract_curvature, folder, digits_file, tmp_path)
    step, path = checkpoints.steps_in(folder)[-1]
    for run, model in modules(pack, path, data):
        key = spec.run_id(run), step
        with torch.no_grad():
            features = model.features(data.train_inputs)
        means = torch.stack([features[data.train_labels == k].mean(0) for k in range(10)])
        spread = (features - means[data.train_labels]).square().sum(1).mean().item()
        assert spread == pytest.approx(collapse.loc[key, "within_class_variance"], rel=1e-4)
        by_hand = curvature_metrics(
            model,
            dict(model.named_parameters()),
            data.train_inputs,
            data.train_labels,
            cross_entropy.per_sample,
            extract_curvature.generator_of(run["seed"]),
        )
        assert curvature.loc[key].to_dict() == pytest.approx(by_hand, rel=1e-9)
        norm = torch.cat([p.detach().double().flatten() for p in model.parameters()]).norm()
        assert curvature.loc[key, "weight_norm"] == pytest.approx(float(norm), rel=1e-12)
        layers = [name for name in by_hand if name.startswith("relative_flatness_layer")]
        assert len(layers) == 2 * 3
        # Piecewise linear in evaluation mode, batch normalisation and all: nothing is estimated.
        assert by_hand["hessian_trace_error"] == 0
        assert math.isfinite(by_hand["hessian_trace"])


def test_a_metric_of_ones_own_gets_the_networks_statistics(data, digits_file, tmp_path):
    """The model it is given is the run's, though the runs of a pack share a module."""
    pack = packs.pack(*NUMBERS[:2], **CNN)
    folder, *_ = training.train(pack, data, tmp_path / "scratch")
    _, path = checkpoints.steps_in(folder)[-1]
    model = evaluation.build_model(spec.runs_of(pack)[0], [1, 8, 8], 10)
    snapshots = [
        extraction.Snapshot(run, model, tensors, data)
        for run, tensors in zip(spec.runs_of(pack), checkpoints.runs(path), strict=True)
    ]
    for snapshot, (_, module) in zip(snapshots, modules(pack, path, data), strict=True):
        given, parameters = (extract_own.asked(n, snapshot) for n in ("model", "parameters"))
        assert set(parameters) == set(dict(module.named_parameters()))
        logits = torch.func.functional_call(given, parameters, (data.test_inputs,))
        torch.testing.assert_close(logits, module(data.test_inputs))
        torch.testing.assert_close(snapshot.logits("test").float(), logits, rtol=1e-4, atol=1e-5)
        assert len(extract_margins.margin_rows(snapshot, [[0, 1]])) == 2


def test_curvature_of_a_trained_network_equals_its_full_hessian(data):
    pack = packs.pack(**CNN | {"model": {"name": "cnn", "widths": [2, 3]}})
    trainer = Trainer(pack, data)
    state = trainer.initial()
    trainer.advance(state, 12)
    (run,), layout = spec.runs_of(pack), trainer.layout
    tensors = layout.views(state.params[0]) | layout.buffer_views(state.buffers[0])
    model = evaluation.build_model(run, [1, 8, 8], 10)
    snapshot = extraction.Snapshot(run, model, tensors, data)
    of = (data.train_inputs[:20], data.train_labels[:20], cross_entropy.per_sample)
    found = curvature_metrics(
        snapshot.model, snapshot.parameters, *of, extract_curvature.generator_of(1)
    )
    objective = Objective(evaluation.build_model(run, [1, 8, 8], 10), tensors, *of)
    hessian, places = full_hessian(objective)
    assert found["hessian_trace"] == pytest.approx(hessian.trace().item(), rel=1e-9)
    for layer in ("body.0", "body.4", "head"):
        expected = kappa_of(objective, layer, hessian, places)
        assert found[f"relative_flatness_layer_{layer}"] == pytest.approx(expected, rel=1e-9)
        assert found[f"relative_flatness_layer_{layer}_error"] == 0
    top = torch.linalg.eigvalsh(hessian)[-1].item()
    assert found["hessian_eigenvalue_1"] == pytest.approx(top, rel=1e-5)


def test_curvature_of_a_vit_is_exact_where_nothing_bends_any_more(data):
    """In the head, and in the last matrix before it: no normalisation follows."""
    run = packs.run(**CNN | {"model": OTHERS["vit"]})
    torch.manual_seed(1)
    model = evaluation.build_model(run, [1, 8, 8], 10)
    parameters = {name: tensor.detach() for name, tensor in model.named_parameters()}
    samples = data.train_inputs[:10], data.train_labels[:10]
    found = curvature_metrics(
        model, parameters, *samples, cross_entropy.per_sample, extract_curvature.generator_of(1)
    )
    assert all(math.isfinite(value) for value in found.values())
    features, logits = (f(model, parameters, samples[0]) for f in OUTPUTS)
    closed = flatness_metrics(features, logits.double(), parameters["head.weight"], "cross_entropy")
    head = found["relative_flatness_layer_head"]
    assert head == pytest.approx(closed["relative_flatness"], rel=1e-4)
    errors = {n: v for n, v in found.items() if n.startswith("relative") and n.endswith("_error")}
    assert len(errors) == 1 + 2 * 4 + 1
    exact = {name.split("_")[3] for name, error in errors.items() if error == 0}
    assert exact == {"layers.1.mlp.3", "head"}
