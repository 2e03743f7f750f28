"""A run at a step: in evaluation mode, with its own statistics."""

import math

import pytest
import torch

from latephase.metrics.curvature.family import curvature_metrics
from latephase.parts.losses import cross_entropy
from latephase.runs import spec
from scripts.extract import collapse, curvature, margins
from tests.measuring.frames import extracted
from tests.training.modules import modules


def test_extractions_see_each_run_in_evaluation_mode(normalised, digits_file, tmp_path):
    pack, folder, data = normalised
    of = folder, digits_file, tmp_path / "family.parquet"
    collapsed, curved = (extracted(program, *of) for program in (collapse, curvature))
    step, path = normalised.last
    for run, model in modules(pack, path):
        key = spec.run_id(run), step
        with torch.no_grad():
            features = model.features(data.train_inputs)
        means = torch.stack([features[data.train_labels == k].mean(0) for k in range(10)])
        spread = (features - means[data.train_labels]).square().sum(1).mean().item()
        assert spread == pytest.approx(collapsed.loc[key, "within_class_variance"], rel=1e-4)
        by_hand = curvature_metrics(
            model,
            dict(model.named_parameters()),
            data.train_inputs,
            data.train_labels,
            cross_entropy.per_sample,
            curvature.generator_of(run["seed"]),
        )
        assert curved.loc[key].to_dict() == pytest.approx(by_hand, rel=1e-9)
        norm = torch.cat([p.detach().double().flatten() for p in model.parameters()]).norm()
        assert curved.loc[key, "weight_norm"] == pytest.approx(float(norm), rel=1e-12)
        layers = [name for name in by_hand if name.startswith("relative_flatness_layer")]
        assert len(layers) == 2 * 3
        # Piecewise linear in evaluation mode, batch normalisation and all: nothing is estimated.
        assert by_hand["hessian_trace_error"] == 0
        assert math.isfinite(by_hand["hessian_trace"])


def test_logits_are_the_networks_in_evaluation_mode(normalised):
    for snapshot, (_, module) in zip(
        normalised.snapshots(), modules(normalised.pack, normalised.last[1]), strict=True
    ):
        logits = module(normalised.data.test_inputs)
        torch.testing.assert_close(snapshot.logits("test").float(), logits, rtol=1e-4, atol=1e-5)
        assert len(margins.margin_rows(snapshot, [[0, 1]])) == 2


def test_a_run_is_finite_until_one_of_its_numbers_is_not(normalised):
    snapshot, other = normalised.snapshots()
    assert snapshot.finite
    snapshot.buffers["body.1.running_var"][0] = math.nan
    assert not snapshot.finite
    assert other.finite
