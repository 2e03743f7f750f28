"""The family as a whole: against loops, its invariances, and the way from checkpoints to a file."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.datasets import stored
from latephase.metrics.representativeness import family
from latephase.metrics.representativeness.family import COLUMNS
from latephase.parts import network
from latephase.runs import parts, spec
from latephase.storage import checkpoints
from latephase.training import trainer
from scripts.extract import representativeness
from tests.measuring.frames import extracted
from tests.metrics.representativeness.samples import (
    FIRST,
    LOSSES,
    RELEASED,
    brute_force,
    draw,
    loss_of,
    measure,
    sample,
)
from tests.training import packs


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "case",
    [{}, {"classes": 2, "dimension": 1}, {"sizes": (1, 3)}, {"sizes": (7, 1), "classes": 9}],
    ids=str,
)
def test_brute_force(loss, case):
    train, test, weight, _ = sample(**case)
    expected = brute_force(train, test, loss, 0.3)
    metrics = measure(train, test, weight, loss, delta=0.3)
    for name in RELEASED:
        assert metrics[name] == pytest.approx(expected[name], rel=1e-12, abs=0), name
    gap = metrics["representativeness"] + metrics["feature_robustness"]
    assert gap == pytest.approx(expected["gap"], rel=1e-12)
    assert set(metrics) == set(COLUMNS)


def test_more_than_one_block():
    """In parts of 16 samples the same numbers as in one, but for the draws."""
    train, test, weight, _ = sample(sizes=(100, 70), classes=3)
    whole = measure(train, test, weight)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(family, "ROWS_AT_ONCE", 16)
        parts_of_it = measure(train, test, weight)
    for name in RELEASED:
        assert parts_of_it[name] == pytest.approx(whole[name], rel=1e-13), name
    error = whole["feature_robustness_standard_error"]
    assert parts_of_it["feature_robustness"] == pytest.approx(
        whole["feature_robustness"], abs=6 * error
    )


@pytest.mark.parametrize(("function", "at_once"), [("_kernels", 512 * 512), ("_loss", 512 * 2)])
def test_memory_is_bounded(monkeypatch, function, at_once):
    """No more than that many kernels or logits at a time, whatever the number of samples."""
    train, test, weight, _ = sample(sizes=(1300, 1200), classes=2)
    sizes = []
    original = getattr(family, function)

    def watched(*arguments):
        result = original(*arguments)
        sizes.append(max(tensor.numel() for tensor in (arguments[0], result)))
        return result

    monkeypatch.setattr(family, function, watched)
    measure(train, test, weight)
    assert len(sizes) > 3
    assert max(sizes) == at_once


def test_all_features_in_one_point():
    _, test, weight, bias = sample()
    point = torch.tensor([[3.0, 0, 0, 4, 0, 0]]).double()
    labels = torch.arange(20) % 4
    one = lambda y: (point.expand(len(y), 6), (point @ weight.T + bias).expand(len(y), 4), y)  # noqa: E731
    metrics = measure(one(labels), one(test[2]), weight)
    z = (point @ weight.T + bias)[0].numpy()
    loss = np.mean([loss_of(z, y, "cross_entropy") for y in test[2].tolist()])
    peak = 1 / math.sqrt(2 * math.pi)
    expected = {
        "representativeness_released": loss * (1 - peak / 20),
        "representativeness_weighted": loss * (1 - 0.02 * 5 * peak),
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, rel=1e-12)


def test_no_kernel_no_spread():
    train, test, weight, _ = sample()
    metrics = measure(train, test, weight, delta=0.0)
    expected = brute_force(train, test, "cross_entropy", 0.0)
    assert metrics["feature_robustness"] == pytest.approx(0, abs=1e-15)
    assert metrics["representativeness"] == pytest.approx(expected["gap"], rel=1e-12)


@pytest.mark.parametrize("radius", [3, 300])
@pytest.mark.parametrize(("spread", "tolerance"), [(1e-4, 1e-9), (1e-6, 1e-9), (0, 1e-4)])
def test_kernels_inside_collapsed_classes(radius, spread, tolerance, simplex_frame):
    """Float32 features far from the origin, whose distances within a class are all rounding when
    taken from norms and products around the origin; at a spread of 0 they are rounding anyhow,
    other on other processors (1.6e-6 of the value has been seen)."""
    frame = simplex_frame(4, 8)
    generator = torch.Generator().manual_seed(0)
    sets = []
    for size in (60, 40):
        labels = torch.arange(size) % 4
        features = (radius * (frame[labels] + spread * draw(generator, size, 8))).float()
        logits = 40 / radius * features.double() @ frame.T  # losses of 1e-20
        sets.append((features.double() + 1e3, logits, labels))
    metrics = measure(*sets, frame)
    expected = brute_force(*sets, "cross_entropy", 0.02)
    for name in RELEASED:
        assert metrics[name] == pytest.approx(expected[name], rel=tolerance, abs=0), name


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), loss=st.sampled_from(LOSSES))
def test_rotations(seed, loss):
    (a, za, ya), (b, zb, yb), weight, _ = sample(seed)
    rotation = torch.linalg.qr(draw(torch.Generator().manual_seed(seed), 6, 6)).Q
    before = measure((a, za, ya), (b, zb, yb), weight, loss)
    after = measure((a @ rotation, za, ya), (b @ rotation, zb, yb), weight @ rotation, loss)
    assert after == pytest.approx(before, rel=1e-8)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-2, 1e2))
def test_reparametrisation(seed, scale):
    """(phi, W) -> (phi / a, a W) is the same network; the released kernels do not know it."""
    (a, za, ya), (b, zb, yb), weight, _ = sample(seed)
    before = measure((a, za, ya), (b, zb, yb), weight)
    after = measure((a / scale, za, ya), (b / scale, zb, yb), scale * weight)
    for name in FIRST:
        assert after[name] == pytest.approx(before[name], rel=1e-8), name
    name = "representativeness_released_kernel"
    if not 0.9 < scale < 1.1:
        assert after[name] != pytest.approx(before[name], rel=1e-3)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_softmax_shift(seed):
    """A vector added to all rows of W is not seen by cross-entropy, nor by representativeness."""
    train, test, weight, bias = sample(seed)
    common = draw(torch.Generator().manual_seed(seed), 6)
    before = measure(train, test, weight)
    moved = [(x, x @ (weight + common).T + bias, y) for x, _, y in (train, test)]
    after = measure(*moved, weight + common)
    assert after == pytest.approx(before, rel=1e-8)


def test_the_order_of_the_samples():
    train, test, weight, _ = sample()
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    before, after = (measure(t, test, weight) for t in (train, tuple(t[order] for t in train)))
    for name in RELEASED:
        assert after[name] == pytest.approx(before[name], rel=1e-12), name


def test_the_seed_is_the_generators():
    train, test, weight, _ = sample()
    assert measure(train, test, weight, seed=1) == measure(train, test, weight, seed=1)
    assert measure(train, test, weight, seed=1) != measure(train, test, weight, seed=2)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("where", [(0, 0), (0, 1), (1, 0), (1, 1), (2,)])
def test_not_finite_is_nan(value, where):
    train, test, weight, _ = sample()
    arguments = [list(train), list(test), weight]
    spoilt = arguments[where[0]] if len(where) == 1 else arguments[where[0]][where[1]]
    spoilt[1, 1] = value
    metrics = measure(*arguments)
    assert set(metrics) == set(COLUMNS)
    assert all(math.isnan(value) for value in metrics.values())


@pytest.mark.filterwarnings("error")
def test_parameters_that_require_a_gradient():
    train, test, weight, _ = sample()
    assert measure(train, test, weight) == measure(train, test, weight.clone().requires_grad_())


def test_features_of_length_zero():
    (a, za, ya), test, weight, _ = sample()
    metrics = measure((0 * a, za, ya), test, weight)
    assert metrics["feature_robustness"] == 0
    assert math.isnan(metrics["representativeness_released"])
    assert math.isfinite(metrics["representativeness"])
    assert math.isfinite(metrics["representativeness_weighted"])


def test_another_loss_is_nan_and_no_samples_are_refused():
    train, test, weight, _ = sample()
    assert all(math.isnan(value) for value in measure(train, test, weight, "hinge").values())
    for nothing in (train, test):
        empty = tuple(t[:0] for t in nothing)
        arguments = (empty, test) if nothing is train else (train, empty)
        with pytest.raises(ValueError, match="of no samples"):
            measure(*arguments, weight)


def test_from_a_checkpoint_to_a_file(digits_file, tmp_path):
    """What the program writes is what the function says of the same parameters; a run that
    diverged is NaN."""
    loss = {"name": "cross_entropy", "reduction": "mean"}
    pack = packs.pack({"seed": 1}, {"seed": 2, "optimizer.lr": 1e9}, loss=loss, **packs.SGD)
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    folder, *_ = trainer.train(pack, data, tmp_path / "scratch")
    table = extracted(representativeness, folder, digits_file, tmp_path / "family.parquet")
    assert list(table.columns) == list(COLUMNS)

    step, path = checkpoints.steps_in(folder)[-1]
    good, bad = (spec.run_id(run) for run in spec.runs_of(pack))
    assert table.loc[bad, step].isna().all()
    named = next(checkpoints.runs(path))
    model = network.build_model(packs.run(), data.header)
    model.load_state_dict(named)
    sets = []
    for split in ("train", "test"):
        with torch.no_grad():
            features = model.features(getattr(data, f"{split}_inputs"))
        logits = features.double() @ named["head.weight"].double().T + named["head.bias"].double()
        sets.append((features, logits, getattr(data, f"{split}_labels")))
    by_hand = measure(*sets, named["head.weight"])
    assert table.loc[good, step].to_dict() == pytest.approx(by_hand, rel=1e-9, abs=0)
