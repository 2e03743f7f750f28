"""nHSIC against the definition with explicit inverses, batch by batch."""

import math

import pytest
import torch

from latephase.metrics.information import information_metrics, nhsic, nhsic_batches


def sample(seed=0, samples=120, classes=4):
    """Inputs [N, 1, 3, 3] around one centre a class, their labels, and a tanh layer of them."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (samples,), generator=generator)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    inputs = (2 * draw(classes, 9)[labels] + draw(samples, 9)).view(samples, 1, 3, 3)
    return torch.tanh(inputs.flatten(1) @ draw(9, 6) / 3), inputs, labels


def naive(first, second, labels_second=False):
    """Tr(R_A R_B) of one batch, literally; K = G H is not symmetric."""

    def normalised(samples, linear):
        size, dimension = samples.shape
        if linear:
            kernel = samples @ samples.T
        else:
            squares = (samples[:, None] - samples[None]).square().sum(-1)
            kernel = torch.exp(-squares / (2 * 5**2 * dimension))
            kernel = kernel @ (torch.eye(size, dtype=torch.float64) - 1 / size)
        shifted = kernel + 1e-5 * size * torch.eye(size, dtype=torch.float64)
        return kernel @ torch.linalg.inv(shifted)

    return float(torch.trace(normalised(first, False) @ normalised(second, labels_second)))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_definition(scale):
    representation, inputs, labels = sample()
    representation = scale * representation
    batches = nhsic_batches(
        inputs, labels, 4, torch.Generator().manual_seed(1), batch_size=25, shuffles=2
    )
    assert batches.rows.shape == (8, 25)  # 120 samples: four full batches a shuffle, 20 left out
    one_hot = torch.nn.functional.one_hot(labels, 4).double()
    x = [naive(representation[r], inputs.flatten(1)[r]) for r in batches.rows]
    y = [naive(representation[r], one_hot[r], labels_second=True) for r in batches.rows]
    expected_x, expected_y = sum(x) / 8, sum(y) / 8
    assert nhsic(representation, batches) == pytest.approx(
        {
            "nhsic_x": expected_x,
            "nhsic_y": expected_y,
            "nhsic_difference": expected_x - expected_y,
        },
        rel=1e-7,
    )


def test_batches_of_a_hundred_three_shuffles_each_sample_once():
    representation, inputs, labels = sample(samples=250)
    batches = nhsic_batches(inputs, labels, 4, torch.Generator().manual_seed(5))
    assert batches.rows.shape == (6, 100)
    for shuffle in batches.rows.view(3, 200):
        assert len(shuffle.unique()) == 200
    assert not torch.equal(batches.rows[0], batches.rows[2])
    once = information_metrics(representation, inputs, labels, 4, torch.Generator().manual_seed(5))
    assert once == nhsic(representation, batches)


def test_parts_do_not_change_the_value(monkeypatch):
    representation, inputs, labels = sample()
    arguments = (representation, inputs, labels, 4)
    whole = information_metrics(*arguments, torch.Generator().manual_seed(0))
    monkeypatch.setattr("latephase.metrics.information.NUMBERS_AT_ONCE", 1)
    parts = information_metrics(*arguments, torch.Generator().manual_seed(0))
    assert parts == pytest.approx(whole, rel=1e-12)


def test_no_information_and_all_of_it():
    _, inputs, labels = sample(samples=100)
    batches = nhsic_batches(inputs, labels, 4, torch.Generator())
    constant = nhsic(torch.full((100, 3), 7.0), batches)
    assert constant == pytest.approx({"nhsic_x": 0, "nhsic_y": 0, "nhsic_difference": 0}, abs=1e-9)
    collapsed = nhsic(10 * torch.eye(4)[labels], batches)
    assert collapsed["nhsic_y"] == pytest.approx(3, rel=0.01)  # the centred label space
    assert collapsed["nhsic_x"] < 3 + 1e-9
    identical = nhsic(inputs.flatten(1), batches)
    assert identical["nhsic_x"] == pytest.approx(float(batches.inputs[0].square().sum()))
    assert identical["nhsic_x"] > collapsed["nhsic_x"]


def test_labels_that_say_nothing_score_less():
    representation, inputs, labels = sample(samples=400)
    shuffled = labels[torch.randperm(400, generator=torch.Generator().manual_seed(2))]
    score = lambda y: information_metrics(representation, inputs, y, 4, torch.Generator())  # noqa: E731
    assert score(shuffled)["nhsic_y"] < 0.7 * score(labels)["nhsic_y"]


def test_invariances():
    representation, inputs, labels = sample(samples=100)
    before = information_metrics(representation, inputs, labels, 4, torch.Generator())
    rotation = torch.linalg.qr(sample(9)[0][:6]).Q
    moved = representation @ rotation + 1e6
    after = information_metrics(moved, inputs + 1e6, labels, 4, torch.Generator())
    assert after == pytest.approx(before, rel=1e-6)
    # One full batch: the order of the samples cannot matter.
    order = torch.randperm(100, generator=torch.Generator().manual_seed(8))
    after = information_metrics(
        representation[order], inputs[order], labels[order], 4, torch.Generator()
    )
    assert after == pytest.approx(before, rel=1e-8)


def test_not_finite_is_nan_and_too_few_samples_are_refused():
    representation, inputs, labels = sample()
    batches = nhsic_batches(inputs, labels, 4, torch.Generator())
    for value in (math.nan, math.inf):
        representation[3, 1] = value
        assert all(math.isnan(v) for v in nhsic(representation, batches).values())
    with pytest.raises(ValueError, match=r"needs 100 samples.*there are 99"):
        nhsic_batches(inputs[:99], labels[:99], 4, torch.Generator())
