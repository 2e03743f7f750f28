"""The family as a whole: its columns, runs that diverged, and the way from checkpoint to table."""

import math

import pandas as pd
import pytest
import torch
from torch import Generator

from latephase.datasets import stored
from latephase.measuring import over_checkpoints
from latephase.metrics.curvature.family import COLUMNS, columns, curvature_metrics
from latephase.metrics.curvature.hessian_eigenvalues import eigenvalue_metrics
from latephase.metrics.curvature.hessian_traces import trace_metrics
from latephase.metrics.curvature.mean_loss import Objective
from latephase.parts import network
from latephase.parts.losses import cross_entropy, mse
from latephase.runs import parts, spec
from latephase.storage import checkpoints
from latephase.training import trainer
from scripts.extract import curvature as extract_curvature
from scripts.extract import flatness as extract_flatness
from tests.metrics.curvature.networks import Attention, Residual, mlp, objective
from tests.training import packs


def measured(of, seed=0):
    named = {name: t.float() for name, t in of.parameters.items()}
    arguments = of.inputs, of.labels, of.loss, Generator().manual_seed(seed)
    return curvature_metrics(of.model, named, *arguments)


@pytest.mark.parametrize("make", [mlp, Residual, Attention])
def test_the_columns(make):
    of = objective(make)
    metrics = measured(of)
    assert set(metrics) == set(columns(of.model))
    assert all(type(value) is float and math.isfinite(value) for value in metrics.values())
    assert metrics["curvature_samples"] == 7
    assert metrics["hessian_eigenvalue_1"] > 0
    if make is not Attention:
        assert metrics["hessian_eigenvalue_1"] <= metrics["hessian_trace"]
        layers = {c for c in metrics if c.startswith("relative") and c.endswith("_error")}
        assert {metrics[c] for c in layers} == {0.0}


def test_norms_and_margins_are_of_this_network():
    of = objective(mlp)
    metrics = measured(of)
    row = torch.cat([t.float().double().flatten() for t in of.parameters.values()])
    assert metrics["weight_norm"] == pytest.approx(float(row.norm()), rel=1e-12)
    product = math.prod(float(of.parameters[f"{i}.weight"].float().norm()) for i in (0, 2, 4))
    margin = metrics["logit_margin_mean"]
    assert metrics["logit_margin_normalized_mean"] == pytest.approx(margin / product, rel=1e-6)


@pytest.mark.parametrize("loss", [cross_entropy.per_sample, mse.per_sample, lambda z, y: z[:, 0]])
@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300])
def test_what_diverged_is_nan_everywhere(loss, value):
    """1e300 is finite, but its logits are not."""
    of = objective(mlp, loss)
    for name in ("2.weight", "4.weight"):
        of.parameters[name][0, 0] = value
    arguments = of.inputs.abs(), of.labels, of.loss, Generator()
    named = {name: t.abs() for name, t in of.parameters.items()}
    metrics = curvature_metrics(of.model, named, *arguments)
    assert set(metrics) == set(columns(of.model))
    assert metrics.pop("curvature_samples") == 7
    assert all(math.isnan(value) for value in metrics.values())


def test_a_loss_of_nobody_s_has_every_column():
    of = objective(mlp, lambda z, y: torch.nn.functional.softplus(-(2 * y - 1) * z).sum(-1))
    metrics = measured(of)
    assert all(math.isfinite(value) for value in metrics.values())
    assert {f"relative_flatness_layer_{i}" for i in (0, 2, 4)} <= set(metrics)


def test_seeds():
    of = objective(mlp)
    assert measured(of, 1) == measured(of, 1)
    first, second = measured(of, 1), measured(of, 2)
    differ = {name for name in first if first[name] != pytest.approx(second[name], rel=1e-5)}
    assert {n.removesuffix("_error") for n in differ if "residual" not in n} == {
        "random_sharpness_0.01",
        "random_sharpness_relative_0.1",
    }


def test_a_run_s_directions_are_not_its_initial_weights():
    """These come from a generator with the same seed."""
    directions = extract_curvature.generator_of(7)
    assert directions.get_state().equal(extract_curvature.generator_of(7).get_state())
    assert not directions.get_state().equal(Generator().manual_seed(7).get_state())
    assert not directions.get_state().equal(extract_curvature.generator_of(8).get_state())


def tables(pack, digits_file, folder):
    """The data, the checkpoints, and the tables of both families of a small pack."""
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    saved, *_ = trainer.train(pack, data, folder / "scratch")
    found = {}
    for program in (extract_curvature, extract_flatness):
        output = folder / f"{program.__name__}.parquet"
        arguments = {"checkpoints": saved, "data": digits_file, "output": output}
        argv = [word for name, path in arguments.items() for word in (f"--{name}", str(path))]
        over_checkpoints.main("Doc.", program.measuring, argv)
        found[program] = pd.read_parquet(output).set_index(["run", "step"])
    return data, saved, found[extract_curvature], found[extract_flatness]


def test_from_checkpoints_to_tables(digits_file, tmp_path):
    pack = packs.pack({"seed": 1}, {"seed": 2, "optimizer.lr": 1e6}, **packs.SGD)
    data, saved, curvature, flatness = tables(pack, digits_file, tmp_path)
    step, path = checkpoints.steps_in(saved)[-1]
    good, bad = (spec.run_id(run) for run in spec.runs_of(pack))
    assert curvature.loc[bad, step].isna().all()
    assert curvature.loc[good].notna().all(axis=None)

    model = network.build_model(packs.run(), data.header["shape"], data.classes)
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


def test_a_large_training_set_is_measured_on_a_part(digits_file, tmp_path, monkeypatch):
    monkeypatch.setattr(extract_curvature, "SAMPLES", 20)
    pack = packs.pack({"seed": 1}, {"seed": 2})
    data, saved, curvature, _ = tables(pack, digits_file, tmp_path)
    assert set(curvature["curvature_samples"]) == {20.0}
    step, path = checkpoints.steps_in(saved)[-1]
    order = torch.randperm(50, generator=Generator().manual_seed(0))[:20].sort().values
    model = network.build_model(packs.run(), data.header["shape"], data.classes)
    named = next(checkpoints.runs(path))
    arguments = data.train_inputs[order], data.train_labels[order], mse.per_sample
    of = Objective(model, named, *arguments)
    exact = trace_metrics(of, Generator())["hessian_trace"]
    run = spec.run_id(spec.runs_of(pack)[0])
    assert curvature.loc[(run, step), "hessian_trace"] == pytest.approx(exact, rel=1e-12)


def test_the_list_of_columns_is_what_the_parts_make():
    assert len(set(COLUMNS)) == len(COLUMNS)
    of = objective(mlp)
    made = trace_metrics(of, Generator()) | eigenvalue_metrics(of, Generator())
    assert set(made) <= set(columns(of.model))
