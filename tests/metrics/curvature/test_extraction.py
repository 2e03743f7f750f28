"""From checkpoints to the columns of the family: as by hand, on networks that were trained."""

import math

import pytest
import torch
from torch import Generator

from latephase.datasets import stored
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.curvature.family import curvature_metrics
from latephase.metrics.curvature.hessian_traces import trace_metrics
from latephase.metrics.curvature.mean_loss import Objective
from latephase.metrics.flatness.family import flatness_metrics
from latephase.parts import network
from latephase.parts.losses import cross_entropy, mse
from latephase.runs import parts, spec
from latephase.storage import checkpoints
from latephase.training import trainer
from scripts.extract import curvature as extract_curvature
from scripts.extract import flatness as extract_flatness
from tests.measuring.frames import extracted
from tests.metrics.curvature.networks import full_hessian, kappa_of
from tests.training import packs

VIT = {"name": "vit", "layers": 2, "heads": 2, "head_width": 3, "mlp_width": 5}


@pytest.fixture(scope="module")
def data(digits_file):
    torch.set_num_threads(1)
    return stored.load(digits_file, **parts.arguments(packs.run()["data"]))


def test_a_run_s_directions_are_not_its_initial_weights():
    """These come from a generator with the same seed."""
    directions = extract_curvature.generator_of(7)
    assert directions.get_state().equal(extract_curvature.generator_of(7).get_state())
    assert not directions.get_state().equal(Generator().manual_seed(7).get_state())
    assert not directions.get_state().equal(extract_curvature.generator_of(8).get_state())


def both_families(pack, data, digits_file, folder):
    """The checkpoints of a small pack, and what both families measure on them."""
    saved, *_ = trainer.train(pack, data, folder / "scratch")
    found = [
        extracted(program, saved, digits_file, folder / "family.parquet")
        for program in (extract_curvature, extract_flatness)
    ]
    return saved, *found


def test_from_checkpoints_to_files(data, digits_file, tmp_path):
    pack = packs.pack({"seed": 1}, {"seed": 2, "optimizer.lr": 1e6}, **packs.SGD)
    saved, curvature, flatness = both_families(pack, data, digits_file, tmp_path)
    step, path = checkpoints.steps_in(saved)[-1]
    good, bad = (spec.run_id(run) for run in spec.runs_of(pack))
    assert curvature.loc[bad, step].isna().all()
    assert curvature.loc[good].notna().all(axis=None)

    model = network.build_model(packs.run(), data.header)
    named = next(checkpoints.runs(path))
    arguments = data.train_inputs, data.train_labels, mse.per_sample
    by_hand = curvature_metrics(model, named, *arguments, extract_curvature.generator_of(1))
    assert curvature.loc[good, step].to_dict() == by_hand
    assert set(by_hand) >= {
        f"relative_flatness_layer_{n}" for n in ("hidden.0", "hidden.1", "head")
    }

    # The head's κ of this family, from a network in float64, and of the other, from features.
    heads = curvature["relative_flatness_layer_head"].dropna()
    others = flatness["relative_flatness"].dropna()
    assert heads.to_dict() == pytest.approx(others.to_dict(), rel=1e-5)


def test_a_large_training_set_is_measured_on_a_part(data, digits_file, tmp_path, monkeypatch):
    monkeypatch.setattr(extract_curvature, "SAMPLES", 20)
    pack = packs.pack({"seed": 1}, {"seed": 2})
    saved, curvature, _ = both_families(pack, data, digits_file, tmp_path)
    assert set(curvature["curvature_samples"]) == {20.0}
    step, path = checkpoints.steps_in(saved)[-1]
    order = torch.randperm(50, generator=Generator().manual_seed(0))[:20].sort().values
    model = network.build_model(packs.run(), data.header)
    named = next(checkpoints.runs(path))
    arguments = data.train_inputs[order], data.train_labels[order], mse.per_sample
    of = Objective(model, named, *arguments)
    exact = trace_metrics(of, Generator())["hessian_trace"]
    run = spec.run_id(spec.runs_of(pack)[0])
    assert curvature.loc[(run, step), "hessian_trace"] == pytest.approx(exact, rel=1e-12)


def test_curvature_of_a_trained_network_equals_its_full_hessian(data):
    pack = packs.pack(**packs.CNN | {"model": {"name": "cnn", "widths": [2, 3]}})
    engine = trainer.Trainer(pack, data)
    state = engine.initial()
    engine.advance(state, 12)
    (run,), layout = spec.runs_of(pack), engine.layout
    tensors = layout.views(state.params[0]) | layout.buffer_views(state.buffers[0])
    model = network.build_model(run, {"shape": [1, 8, 8], "classes": 10})
    snapshot = Snapshot(run, model, tensors, data)
    of = (data.train_inputs[:20], data.train_labels[:20], cross_entropy.per_sample)
    found = curvature_metrics(
        snapshot.model, snapshot.parameters, *of, extract_curvature.generator_of(1)
    )
    model = network.build_model(run, {"shape": [1, 8, 8], "classes": 10})
    objective = Objective(model, tensors, *of)
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
    run = packs.run(**packs.CNN | {"model": VIT})
    torch.manual_seed(1)
    model = network.build_model(run, {"shape": [1, 8, 8], "classes": 10})
    parameters = {name: tensor.detach() for name, tensor in model.named_parameters()}
    samples = data.train_inputs[:10], data.train_labels[:10]
    found = curvature_metrics(
        model, parameters, *samples, cross_entropy.per_sample, extract_curvature.generator_of(1)
    )
    assert all(math.isfinite(value) for value in found.values())
    features, logits = (
        f(model, parameters, samples[0]) for f in (network.features, network.logits)
    )
    closed = flatness_metrics(features, logits.double(), parameters["head.weight"], "cross_entropy")
    head = found["relative_flatness_layer_head"]
    assert head == pytest.approx(closed["relative_flatness"], rel=1e-4)
    errors = {n: v for n, v in found.items() if n.startswith("relative") and n.endswith("_error")}
    assert len(errors) == 1 + 2 * 4 + 1
    exact = {name.split("_")[3] for name, error in errors.items() if error == 0}
    assert exact == {"layers.1.mlp.3", "head"}
