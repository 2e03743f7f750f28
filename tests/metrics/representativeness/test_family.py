"""Representativeness against loops, quadrature, the full Hessian and numbers of released code."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.datasets import stored
from latephase.measuring import over_checkpoints
from latephase.metrics.representativeness import family
from latephase.metrics.representativeness.family import COLUMNS, representativeness_metrics
from latephase.parts import network
from latephase.runs import parts, spec
from latephase.storage import checkpoints
from latephase.training import trainer
from scripts.extract import representativeness
from tests.training import packs

LOSSES = ("cross_entropy", "mse")
FIRST = COLUMNS[:3]
RELEASED = COLUMNS[3:]
KERNEL = "representativeness_released_kernel"


def draw(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def sample(seed=0, sizes=(40, 25), dimension=6, classes=4, scale=1.0):
    """Training and test (features, logits, labels), W and b; the labels follow the logits a bit."""
    generator = torch.Generator().manual_seed(seed)
    weight, bias = scale * draw(generator, classes, dimension), draw(generator, classes)
    sets = []
    for size in sizes:
        features = draw(generator, size, dimension)
        logits = features @ weight.T + bias
        sets.append((features, logits, (logits + draw(generator, size, classes)).argmax(1)))
    return *sets, weight, bias


def measure(train, test, weight, loss="cross_entropy", delta=0.02, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return representativeness_metrics(train, test, weight, loss, generator, delta)


def loss_of(z, y, loss):
    """ℓ(z, y) of one sample, in numpy."""
    if loss == "mse":
        return ((z - np.eye(len(z))[y]) ** 2).sum()
    others = np.delete(z - z[y], y)
    return np.log1p(np.exp(others).sum())


def brute_force(train, test, loss, delta):
    """The kernel formulas pair by pair, and the mean losses."""
    doubles = ([x.double(), z, y] for x, z, y in (train, test))
    (a, za, ya), (b, zb, yb) = ([t.numpy() for t in samples] for samples in doubles)
    norms = np.array([np.sqrt((x**2).sum()) for x in a])
    test_loss = np.mean([loss_of(z, y, loss) for z, y in zip(zb, yb, strict=True)])
    train_loss = np.mean([loss_of(z, y, loss) for z, y in zip(za, ya, strict=True)])
    terms = np.zeros((len(b), len(a)))
    for j, (query, y) in enumerate(zip(b, yb, strict=True)):
        for i, (x, z) in enumerate(zip(a, za, strict=True)):
            root = math.sqrt(math.sqrt(((query - x) ** 2).sum()))
            terms[j, i] = math.exp(-(root**2) / 2) / math.sqrt(2 * math.pi) * loss_of(z, y, loss)
    kernel = (terms * norms / norms.sum()).mean(1).mean()
    return {
        "gap": test_loss - train_loss,
        "representativeness_released": test_loss - kernel,
        "representativeness_released_kernel": kernel,
        "representativeness_weighted": test_loss - (terms * delta * norms).mean(1).mean(),
    }


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


def released_sample():
    grid = lambda n, s: torch.sin(s * torch.arange(1, 5 * n + 1).double() ** 1.5).view(n, 5) * 2  # noqa: E731
    weight, bias = grid(3, 0.3), torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64)
    a, b = grid(12, 1.0), grid(7, 0.7)
    train = (a, a @ weight.T + bias, torch.arange(12) % 3)
    return train, (b, b @ weight.T + bias, 2 * torch.arange(7) % 3), weight


@pytest.mark.parametrize(
    ("loss", "value"), [("cross_entropy", 0.9175688014002181), ("mse", 64.77438691183724)]
)
def test_what_the_released_file_gives(loss, value):
    """The numbers are approximateIntViaVKDE_singleRound's, run on these samples with KDEpy 1.1.12
    (interpolatingness.py of kampmichael/RelativeFlatnessAndGeneralization), delta = 0.02."""
    metrics = measure(*released_sample(), loss)
    assert metrics["representativeness_released"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_delta_cancels_in_the_released_formula(loss):
    """KDEpy, which interpolatingness.py hands its weights delta |phi| to, scales them to sum 1."""
    train, test, weight, _ = sample()
    small, large = (measure(train, test, weight, loss, delta) for delta in (0.02, 7.0))
    assert small["representativeness_released"] == large["representativeness_released"]
    assert small["representativeness_weighted"] > large["representativeness_weighted"]
    assert small["representativeness"] > large["representativeness"]


def test_the_released_sum_is_divided_by_n_twice():
    """Every training sample twice over is the same distribution, but halves the kernels' share in
    interpolatingness.py, whose weights sum to 1 and are averaged on top of it."""
    train, test, weight, _ = sample()
    twice = tuple(torch.cat([t, t]) for t in train)
    once, doubled = measure(train, test, weight), measure(twice, test, weight)
    name = "representativeness_released_kernel"
    assert doubled[name] == pytest.approx(once[name] / 2, rel=1e-12, abs=0)
    name = "representativeness_weighted"
    assert doubled[name] == pytest.approx(once[name], rel=1e-12, abs=0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10), loss=st.sampled_from(LOSSES))
def test_the_released_number_is_the_test_loss(seed, scale, loss):
    """Up to max l / (sqrt(2 pi) N): in interpolatingness.py the kernels hardly count."""
    train, test, weight, _ = sample(seed, scale=scale)
    metrics = measure(train, test, weight, loss)
    _, z, y = (t.numpy() for t in test)
    test_loss = np.mean([loss_of(*pair, loss) for pair in zip(z, y, strict=True)])
    largest = max(loss_of(z, y, loss) for z in train[1].numpy() for y in range(4))
    kernel = metrics["representativeness_released_kernel"]
    assert metrics["representativeness_released"] + kernel == pytest.approx(test_loss, rel=1e-12)
    assert 0 < kernel <= largest / math.sqrt(2 * math.pi) / len(train[2])


def test_the_released_kernel_by_hand():
    """The distance is rooted before the Gaussian (interpolatingness.py), and the loss is that of
    the training sample's logits with the test sample's label."""
    train = (torch.tensor([[3.0, 4.0]]), torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    test = (torch.tensor([[3.0, -5.0]]), torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    metrics = measure(train, test, torch.ones(2, 2))
    kernel = math.exp(-9 / 2) / math.sqrt(2 * math.pi)  # distance 9; of a Gaussian exp(-81/2)
    loss = math.log1p(math.exp(2))
    name = "representativeness_released_kernel"
    assert metrics[name] == pytest.approx(kernel * loss, rel=1e-12, abs=0)
    weighted = math.log(2) - 0.02 * 5 * kernel * loss
    assert metrics["representativeness_weighted"] == pytest.approx(weighted, rel=1e-12)


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


def two_classes(features, weight, bias, labels, delta):
    """Feature robustness of two classes: the margin is normal, and its softplus by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    rises = []
    for x, y in zip(features.numpy(), labels.tolist(), strict=True):
        w = (weight[y] - weight[1 - y]).numpy()
        margin = w @ x + float(bias[y] - bias[1 - y])
        sigma = delta * math.sqrt((x**2).sum() / len(x)) * math.sqrt((w**2).sum())
        rises.append(weights @ np.logaddexp(0, -margin - sigma * nodes) - np.logaddexp(0, -margin))
    return np.mean(rises)


@pytest.mark.parametrize("delta", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_classes_by_quadrature(delta, seed):
    train, test, weight, bias = sample(seed, classes=2, sizes=(200, 10))
    metrics = measure(train, test, weight, delta=delta, seed=seed)
    expected = two_classes(train[0], weight, bias, train[2], delta)
    error = metrics["feature_robustness_standard_error"]
    assert metrics["feature_robustness"] == pytest.approx(expected, abs=4 * error)
    assert error < 0.04 * expected


def test_many_classes_by_draws_in_feature_space():
    """Straight from the definition, with xi drawn in R^d."""
    delta, repeats = 0.5, 4000
    train, test, weight, bias = sample(3, sizes=(30, 5))
    features, logits, labels = train
    noise = draw(torch.Generator().manual_seed(1), repeats, *features.shape)
    sigma = delta * features.norm(dim=1, keepdim=True) / math.sqrt(6)
    spread = (features + sigma * noise) @ weight.T + bias
    losses = torch.nn.functional.cross_entropy(
        spread.flatten(0, 1), labels.repeat(repeats), reduction="none"
    ).view(repeats, 30)
    rises = losses.mean(1) - torch.nn.functional.cross_entropy(logits, labels)
    metrics = measure(train, test, weight, delta=delta)
    error = math.hypot(
        metrics["feature_robustness_standard_error"], rises.std() / math.sqrt(repeats)
    )
    assert metrics["feature_robustness"] == pytest.approx(float(rises.mean()), abs=4 * error)
    assert error < 0.04 * rises.mean()


def test_the_standard_error_is_that_of_the_draws():
    train, test, weight, _ = sample(sizes=(20, 5))
    found = [measure(train, test, weight, delta=1.0, seed=seed) for seed in range(60)]
    values = [metrics["feature_robustness"] for metrics in found]
    errors = [metrics["feature_robustness_standard_error"] for metrics in found]
    assert 0.75 < np.std(values, ddof=1) / np.sqrt(np.mean(np.square(errors))) < 1.33


def kappa_trace(features, weight, bias, labels, loss):
    """kappa_Tr from the full Hessian of the loss by W."""

    def objective(w):
        z = features @ w.T + bias
        if loss == "cross_entropy":
            return torch.nn.functional.cross_entropy(z, labels)
        return (z - torch.nn.functional.one_hot(labels, 4)).square().sum(1).mean()

    hessian = torch.autograd.functional.hessian(objective, weight)
    return float(torch.einsum("sk,tk,sjtj->", weight, weight, hessian))


@pytest.mark.parametrize("loss", LOSSES)
def test_feature_robustness_is_relative_flatness_to_second_order(loss):
    delta = 1e-3
    train, test, weight, bias = sample(sizes=(12, 5))
    kappa = kappa_trace(train[0], weight, bias, train[2], loss)
    found = measure(train, test, weight, loss, delta)["feature_robustness"]
    assert found == pytest.approx(delta**2 / (2 * 6) * kappa, rel=1e-5, abs=0)


@pytest.mark.parametrize("delta", [0.02, 3.0])
def test_squared_error_is_second_order_whatever_the_width(delta):
    train, test, weight, bias = sample(sizes=(12, 5))
    kappa = kappa_trace(train[0], weight, bias, train[2], "mse")
    metrics = measure(train, test, weight, "mse", delta)
    expected = delta**2 / (2 * 6) * kappa
    assert metrics["feature_robustness"] == pytest.approx(expected, rel=1e-9, abs=0)
    assert metrics["feature_robustness_standard_error"] < 1e-12 * expected + 1e-14


def odds_of(features, weight, labels):
    """exp(z_k - z_y) [N, K] without bias in long doubles, 0 at the label."""
    logits = features.numpy().astype(np.longdouble) @ weight.numpy().astype(np.longdouble).T
    rows = np.arange(len(labels))
    odds = np.exp(logits - logits[rows, labels][:, None])
    odds[rows, labels] = 0
    return odds


@pytest.mark.parametrize("loss", [1e-5, 1e-9, 1e-14, 1e-20])
def test_saturation(simplex_frame, loss):
    """Float32 features and weights at a small mean loss, against long doubles. There the rise of
    the loss is that of the odds, whose logarithms are normal, up to a term of the loss squared."""
    classes, dimension, delta = 5, 8, 0.02
    frame = simplex_frame(classes, dimension)
    weight = (math.log((classes - 1) / loss) * (classes - 1) / classes * frame).float()
    generator = torch.Generator().manual_seed(1)
    sets = []
    for size in (80, 50):
        labels = torch.arange(size) % classes
        features = (frame[labels] + 0.01 * draw(generator, size, dimension)).float()
        sets.append((features, features.double() @ weight.double().T, labels))
    metrics = measure(*sets, weight, delta=delta)

    odds = [odds_of(features, weight, labels) for features, _, labels in sets]
    train_loss, test_loss = (np.log1p(each.sum(1)).mean() for each in odds)
    assert loss / 4 < train_loss < 4 * loss
    gap = metrics["representativeness"] + metrics["feature_robustness"]
    assert gap == pytest.approx(float(test_loss - train_loss), rel=1e-6, abs=0)

    rows, labels = weight.numpy().astype(np.longdouble), sets[0][2].numpy()
    widths = ((rows[:, None] - rows[None]) ** 2).sum(2)[labels]
    lengths = (sets[0][0].numpy().astype(np.longdouble) ** 2).sum(1)[:, None]
    rise = (odds[0] * np.expm1(delta**2 / dimension * lengths * widths / 2)).sum(1).mean()
    error = metrics["feature_robustness_standard_error"]
    assert error < 0.02 * rise
    assert metrics["feature_robustness"] == pytest.approx(
        float(rise), rel=1e-6 + 10 * loss, abs=4 * error
    )
    share = metrics["representativeness_released_kernel"]
    expected = brute_force(*sets, "cross_entropy", 0)[KERNEL]
    assert share == pytest.approx(expected, rel=1e-9, abs=0)


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


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), loss=st.sampled_from(LOSSES))
def test_rotations(seed, loss):
    (a, za, ya), (b, zb, yb), weight, _ = sample(seed)
    rotation = torch.linalg.qr(draw(torch.Generator().manual_seed(seed), 6, 6)).Q
    before = measure((a, za, ya), (b, zb, yb), weight, loss)
    after = measure((a @ rotation, za, ya), (b @ rotation, zb, yb), weight @ rotation, loss)
    assert after == pytest.approx(before, rel=1e-8)


@settings(max_examples=10, deadline=None)
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


@settings(max_examples=10, deadline=None)
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


def test_from_a_checkpoint_to_a_table(digits_file, tmp_path):
    """What the program writes is what the function says of the same parameters; a run that
    diverged is NaN."""
    loss = {"name": "cross_entropy", "reduction": "mean"}
    pack = packs.pack({"seed": 1}, {"seed": 2, "optimizer.lr": 1e9}, loss=loss, **packs.SGD)
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    folder, *_ = trainer.train(pack, data, tmp_path / "scratch")
    output = tmp_path / "representativeness.parquet"
    arguments = {"checkpoints": folder, "data": digits_file, "output": output}
    argv = [word for name, path in arguments.items() for word in (f"--{name}", str(path))]
    over_checkpoints.main("Doc.", representativeness.measuring, argv)
    table = pd.read_parquet(output).set_index(["run", "step"])
    assert list(table.columns) == list(COLUMNS)

    step, path = checkpoints.steps_in(folder)[-1]
    good, bad = (spec.run_id(run) for run in spec.runs_of(pack))
    assert table.loc[bad, step].isna().all()
    named = next(checkpoints.runs(path))
    model = network.build_model(packs.run(), data.header["shape"], data.classes)
    model.load_state_dict(named)
    sets = []
    for split in ("train", "test"):
        with torch.no_grad():
            features = model.features(getattr(data, f"{split}_inputs"))
        logits = features.double() @ named["head.weight"].double().T + named["head.bias"].double()
        sets.append((features, logits, getattr(data, f"{split}_labels")))
    by_hand = measure(*sets, named["head.weight"])
    assert table.loc[good, step].to_dict() == pytest.approx(by_hand, rel=1e-9, abs=0)
