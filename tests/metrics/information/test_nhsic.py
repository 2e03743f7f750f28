"""nHSIC against the definition with explicit inverses, and its null against every permutation."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.information.columns import NHSIC
from latephase.metrics.information.nhsic import NhsicBatches, nhsic, nhsic_batches


def draw(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def sample(seed=0, samples=120, classes=4):
    """Inputs [N, 1, 3, 3] around one centre a class, their labels, and a tanh layer of them."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (samples,), generator=generator)
    centres = 2 * draw(generator, classes, 9)
    inputs = (centres[labels] + draw(generator, samples, 9)).view(samples, 1, 3, 3)
    return torch.tanh(inputs.flatten(1) @ draw(generator, 9, 6) / 3), inputs, labels


def measured(representation, inputs, labels, classes=4, seed=0, **batches):
    generator = torch.Generator().manual_seed(seed)
    return nhsic(representation, nhsic_batches(inputs, labels, classes, generator, **batches))


def gram(samples, linear=False):
    """The kernel of one batch, literally."""
    if linear:
        return samples @ samples.T
    squares = (samples[:, None] - samples[None]).square().sum(-1)
    return torch.exp(-squares / (2 * 5**2 * samples.shape[1]))


def normalised(kernel, left, right):
    """K (K + c I)⁻¹ of a kernel centred on one side, on both or not at all."""
    size = len(kernel)
    centring = torch.eye(size, dtype=torch.float64) - 1 / size
    kernel = centring @ kernel if left else kernel
    kernel = kernel @ centring if right else kernel
    return kernel @ torch.linalg.inv(kernel + 1e-5 * size * torch.eye(size, dtype=torch.float64))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_definition(scale):
    representation, inputs, labels = sample()
    representation = scale * representation
    batches = nhsic_batches(
        inputs, labels, 4, torch.Generator().manual_seed(1), batch_size=25, shuffles=2
    )
    assert batches.rows.shape == (8, 25)  # 120 samples: four full batches a shuffle, 20 left out
    one_hot = torch.nn.functional.one_hot(labels, 4).double()
    sums = dict.fromkeys(("x", "y", "centred_x", "x_null", "centred_y", "y_null"), 0.0)
    for rows in batches.rows:
        kernels = gram(representation[rows]), gram(inputs.flatten(1)[rows])
        label_kernel = gram(one_hot[rows], linear=True)
        z, x = (normalised(kernel, False, True) for kernel in kernels)
        y = normalised(label_kernel, False, False)
        t_z, t_x, t_y = (normalised(kernel, True, True) for kernel in (*kernels, label_kernel))
        sums["x"] += float((z @ x).trace()) / 8
        sums["y"] += float((z @ y).trace()) / 8
        sums["centred_x"] += float((t_z @ t_x).trace()) / 8
        sums["centred_y"] += float((t_z @ t_y).trace()) / 8
        sums["x_null"] += float(t_z.trace() * t_x.trace()) / 24 / 8
        sums["y_null"] += float(t_z.trace() * t_y.trace()) / 24 / 8
    x_corrected = sums["centred_x"] - sums["x_null"]
    y_corrected = sums["centred_y"] - sums["y_null"]
    expected = {
        "nhsic_x": sums["x"],
        "nhsic_y": sums["y"],
        "nhsic_difference": sums["x"] - sums["y"],
        "nhsic_centred_x": sums["centred_x"],
        "nhsic_centred_x_null": sums["x_null"],
        "nhsic_centred_x_corrected": x_corrected,
        "nhsic_centred_y": sums["centred_y"],
        "nhsic_centred_y_null": sums["y_null"],
        "nhsic_centred_y_corrected": y_corrected,
        "nhsic_centred_difference_corrected": x_corrected - y_corrected,
    }
    # The kernel is nearly singular at the smallest scale: the inverse here has an error of 1e-8.
    assert nhsic(representation, batches) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert list(expected) == list(NHSIC)


def test_the_null_is_the_mean_over_all_permutations():
    """Of the labels, and of the inputs: each of the 720 pairings of a batch of six."""
    representation, inputs, labels = sample(seed=3, samples=6, classes=3)
    representation, inputs = representation / 30, inputs / 30  # flat kernels do not resolve all
    one = nhsic_batches(inputs, labels, 3, torch.Generator(), batch_size=6, shuffles=1)
    orders = torch.tensor(list(itertools.permutations(range(6))))
    every = NhsicBatches(
        one.rows.expand(720, 6),
        *(
            matrices[0][orders[:, :, None], orders[:, None, :]]
            for matrices in (one.inputs, one.labels, one.centred_labels)
        ),
    )
    metrics, mean = nhsic(representation, one), nhsic(representation, every)
    for side in "xy":
        null = mean[f"nhsic_centred_{side}"]
        assert metrics[f"nhsic_centred_{side}_null"] == pytest.approx(null, rel=1e-9)
        assert metrics[f"nhsic_centred_{side}"] != pytest.approx(null, rel=0.01)


@pytest.mark.parametrize(("batch_size", "shipped"), [(50, 3.8), (100, 2.0), (200, 1.2), (500, 0.4)])
def test_trap_value_for_independent_labels_is_a_function_of_batch_size(batch_size, shipped):
    """collapse-dynamics: neither side of the labels centred, no null. Corrected, it is 0."""
    generator = torch.Generator().manual_seed(4)
    representation = draw(generator, 1000, 20).relu()
    inputs = draw(generator, 1000, 9)
    labels = torch.randint(10, (1000,), generator=generator)
    metrics = measured(representation, inputs, labels, 10, batch_size=batch_size, shuffles=1)
    assert metrics["nhsic_y"] > shipped
    assert metrics["nhsic_centred_y"] > 0.8 * metrics["nhsic_centred_y_null"] > 0.3
    assert metrics["nhsic_centred_y_corrected"] == pytest.approx(0, abs=0.15)
    assert metrics["nhsic_centred_x_corrected"] == pytest.approx(0, abs=0.15)
    assert metrics["nhsic_centred_difference_corrected"] == pytest.approx(0, abs=0.2)


def test_correction_keeps_what_there_is():
    """True labels, at every batch size: collapsed features have K − 1 directions in common."""
    _, inputs, labels = sample(samples=400)
    representation = 10 * torch.eye(4, dtype=torch.float64)[labels]
    for batch_size in (50, 100, 200):
        metrics = measured(representation, inputs, labels, batch_size=batch_size, shuffles=1)
        assert metrics["nhsic_centred_y"] == pytest.approx(3, rel=0.01)
        assert metrics["nhsic_centred_y_corrected"] == pytest.approx(
            3 - 9 / (batch_size - 1), rel=0.01
        )


def test_inputs_that_are_all_resolved_leave_nothing_to_correct():
    """T_X = H: nHSIC(Z; X) is Tr T_Z for any Z, and all of it is the null's."""
    representation, _, labels = sample(samples=100)
    inputs = 1e3 * torch.eye(100, dtype=torch.float64)
    metrics = measured(representation, inputs, labels)
    assert metrics["nhsic_x"] > 5
    assert metrics["nhsic_centred_x_corrected"] == pytest.approx(0, abs=0.05)


def test_batches_of_a_hundred_three_shuffles_each_sample_once():
    _, inputs, labels = sample(samples=250)
    batches = nhsic_batches(inputs, labels, 4, torch.Generator().manual_seed(5))
    assert batches.rows.shape == (6, 100)
    for shuffle in batches.rows.view(3, 200):
        assert len(shuffle.unique()) == 200
    assert not torch.equal(batches.rows[0], batches.rows[2])


def test_parts_do_not_change_the_value(monkeypatch):
    representation, inputs, labels = sample()
    whole = measured(representation, inputs, labels)
    monkeypatch.setattr("latephase.metrics.information.nhsic.NUMBERS_AT_ONCE", 1)
    assert measured(representation, inputs, labels) == pytest.approx(whole, rel=1e-12)


def test_no_information_and_all_of_it():
    _, inputs, labels = sample(samples=100)
    batches = nhsic_batches(inputs, labels, 4, torch.Generator())
    constant = nhsic(torch.full((100, 3), 7.0), batches)
    assert constant == pytest.approx(dict.fromkeys(NHSIC, 0), abs=1e-9)
    collapsed = nhsic(10 * torch.eye(4)[labels], batches)
    assert collapsed["nhsic_y"] == pytest.approx(3, rel=0.01)  # the centred label space
    assert collapsed["nhsic_x"] < 3 + 1e-9
    identical = nhsic(inputs.flatten(1), batches)
    assert identical["nhsic_x"] == pytest.approx(float(batches.inputs[0].square().sum()))
    assert identical["nhsic_x"] > collapsed["nhsic_x"]


def test_labels_that_say_nothing_score_less():
    representation, inputs, labels = sample(samples=400)
    shuffled = labels[torch.randperm(400, generator=torch.Generator().manual_seed(2))]
    score = lambda y: measured(representation, inputs, y)  # noqa: E731
    assert score(shuffled)["nhsic_y"] < 0.7 * score(labels)["nhsic_y"]
    corrected = "nhsic_centred_y_corrected"
    assert abs(score(shuffled)[corrected]) < 0.1 * score(labels)[corrected]


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), shift=st.floats(-1e6, 1e6))
def test_invariances(seed, shift):
    representation, inputs, labels = sample(seed, samples=100)
    before = measured(representation, inputs, labels)
    rotation = torch.linalg.qr(sample(9)[0][:6]).Q
    after = measured(representation @ rotation + shift, inputs + shift, labels)
    assert after == pytest.approx(before, rel=1e-6, abs=1e-6)
    # One full batch: the order of the samples cannot matter.
    order = torch.randperm(100, generator=torch.Generator().manual_seed(8))
    after = measured(representation[order], inputs[order], labels[order])
    assert after == pytest.approx(before, rel=1e-8, abs=1e-8)


def test_not_finite_is_nan_and_too_few_samples_are_refused():
    representation, inputs, labels = sample()
    batches = nhsic_batches(inputs, labels, 4, torch.Generator())
    for value in (math.nan, math.inf):
        representation[3, 1] = value
        assert all(math.isnan(v) for v in nhsic(representation, batches).values())
    with pytest.raises(ValueError, match=r"needs 100 samples.*there are 99"):
        nhsic_batches(inputs[:99], labels[:99], 4, torch.Generator())
