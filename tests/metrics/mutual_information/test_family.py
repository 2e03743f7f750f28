"""The family of nearest neighbours: what it says of classes, of collapse and of mistakes."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.datasets.stored import Data
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.mutual_information.encoders import whitened_components
from latephase.metrics.mutual_information.family import COLUMNS, mutual_information_metrics
from latephase.metrics.mutual_information.nearest_neighbours import (
    information_of_labels,
    information_of_points,
    kraskov_information,
    kraskov_information_of_labels,
)
from scripts.extract import encode_inputs, mutual_information

INFORMATION = [name for name in COLUMNS if name.startswith(("mi_entropies", "mi_ksg"))]


def sample(seed=0, samples=300, classes=3, spread=0.3, dimension=8):
    """Features around one centre a class, an encoding of the inputs they come from, and labels."""
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    labels = torch.arange(samples) % classes
    encoding = torch.cat([4.0 * labels[:, None] + draw(samples, 1), draw(samples, 3)], dim=1)
    centres = 3 * draw(classes, dimension)
    return (
        centres[labels] + spread * encoding @ draw(4, dimension),
        whitened_components(encoding),
        labels,
    )


def test_the_estimators_of_the_codes():
    representation, encoding, labels = sample()
    metrics = mutual_information_metrics(representation.float(), encoding, labels)
    assert list(metrics) == list(COLUMNS)
    z, x, y = whitened_components(representation.float()).numpy(), encoding.numpy(), labels.numpy()
    for name, of_points, of_labels in (
        ("entropies", information_of_points, information_of_labels),
        ("ksg", kraskov_information, kraskov_information_of_labels),
    ):
        of_x, of_y = of_points(z, x), of_labels(z, y)
        found = [
            metrics[f"mi_{name}_{side}{ending}"]
            for side in "xy"
            for ending in ("", "_standard_error")
        ]
        assert found == [*of_x, *of_y]
        assert metrics[f"mi_{name}_difference"] == of_x[0] - of_y[0]
    assert metrics["mi_components"] == 4
    assert metrics["mi_coincident"] == 0


def test_separated_classes_are_known():
    representation, encoding, labels = sample(samples=1000, classes=10, spread=0.02)
    metrics = mutual_information_metrics(representation, encoding, labels)
    for name in ("mi_entropies_y", "mi_ksg_y"):
        assert metrics[name] == pytest.approx(math.log(10), abs=0.02)


def test_trap_mismatched_pairs():
    """collapse-dynamics since September 2025: a shuffled loader is read once for z, again for x.

    Ten separated classes, I(Z; Y) = 2.303, read 0.020 as shipped. Here rows are pairs: the same
    permutation of all changes nothing, one of the representation alone leaves nothing.
    """
    representation, encoding, labels = sample(samples=500, classes=10, spread=0.02)
    order = torch.randperm(500, generator=torch.Generator().manual_seed(0))
    before = mutual_information_metrics(representation, encoding, labels)
    together = mutual_information_metrics(representation[order], encoding[order], labels[order])
    assert together == pytest.approx(before, rel=1e-6)
    alone = mutual_information_metrics(representation[order], encoding, labels)
    assert before["mi_ksg_y"] > 2.2
    assert abs(alone["mi_ksg_y"]) < 0.1
    assert abs(alone["mi_ksg_x"]) < 0.1 < 0.7 < before["mi_ksg_x"]
    assert alone["mi_entropies_y"] < 0 < 2.2 < before["mi_entropies_y"]


class Linear(torch.nn.Module):
    """A network for the program: features of the images, in their order."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(16, 10)

    def features(self, x):
        return x.flatten(1)


def test_the_programs_pair_features_inputs_and_labels(monkeypatch, tmp_path):
    """From a data set to a row: features, encoding and labels are of the same samples."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (300,), generator=generator)
    inputs = 3 * torch.nn.functional.one_hot(labels, 16).float().view(300, 1, 4, 4)
    inputs += 0.1 * torch.rand(300, 1, 4, 4, generator=generator)
    data = Data(inputs[:100], labels[:100], inputs[100:], labels[100:], 10, {})
    seen = []

    def encoding(inputs, train_inputs, generator):
        seen.append((inputs, train_inputs, generator.initial_seed()))
        return whitened_components(inputs.flatten(1))

    monkeypatch.setattr(encode_inputs, "learned_encoding", encoding)
    monkeypatch.setattr(encode_inputs.stored, "load", lambda path, **entry: data)
    file = tmp_path / "encoding.safetensors"
    entry = '{"name": "mine", "train_size": 100}'
    encode_inputs.main(["--data", "mine", "--entry", entry, "--output", str(file)])
    # On every input that there is.
    ((of, on, seed),) = seen
    assert torch.equal(of, data.test_inputs)
    assert torch.equal(on, inputs)
    assert seed == encode_inputs.SEED

    measure = mutual_information.measuring(data, file)
    model = Linear()
    snapshot = Snapshot({}, model, dict(model.named_parameters()), data)
    metrics = measure(snapshot)
    assert measure(snapshot) == metrics
    assert metrics["mi_ksg_y"] > 1.5
    assert metrics["mi_ksg_x"] > 1.5


def test_trap_a_constant_representation_has_no_information():
    """collapse-dynamics' Monte Carlo estimate reads ln(2000/400) = 1.609 for one."""
    _, encoding, labels = sample()
    for representation in (torch.full((300, 8), 0.1), torch.zeros(300, 8)):
        metrics = mutual_information_metrics(representation, encoding, labels)
        assert {name: metrics[name] for name in INFORMATION} == dict.fromkeys(INFORMATION, 0)
        assert metrics["mi_components"] == 0
        assert metrics["mi_coincident"] == 1
    constant = mutual_information_metrics(sample()[0], encoding[:, :0], labels)
    assert constant["mi_ksg_x"] == constant["mi_entropies_x"] == 0 < constant["mi_ksg_y"]


def contracted(simplex_frame, width, classes=10, samples=600):
    """The same deviations from the vertices of a simplex, times a width; an encoding and labels."""
    representation, encoding, labels = sample(samples=samples, classes=classes, dimension=12)
    means = torch.stack([representation[labels == y].mean(0) for y in range(classes)])
    frame = 3 * simplex_frame(classes, 12) * torch.linspace(1, 2, 12)
    return frame[labels] + width * (representation - means[labels]), encoding, labels


def test_trap_contraction_reads_as_compression(simplex_frame):
    """Of the published estimator: Z loses nothing of X, but Î(Z; X) falls by 4 ln 10 a decade."""
    rows = {
        width: mutual_information_metrics(*contracted(simplex_frame, width))
        for width in (1e-3, 1e-4, 1e-6)
    }
    first, second, third = (row["mi_entropies_x"] for row in rows.values())
    assert first - second == pytest.approx(4 * math.log(10), rel=0.01)
    assert second - third == pytest.approx(8 * math.log(10), rel=0.01)
    assert rows[1e-6]["mi_ksg_x"] == pytest.approx(rows[1e-3]["mi_ksg_x"], abs=0.02)
    for row in rows.values():
        for name in ("mi_entropies_y", "mi_ksg_y"):
            assert row[name] == pytest.approx(math.log(10), abs=0.02)
        assert row["mi_coincident"] == 0


def test_the_limit_of_collapse(simplex_frame):
    """Every class at one point: entropies are undefined, counts give H(Y)."""
    representation, encoding, labels = contracted(simplex_frame, 0.0, classes=3)
    # With one number the classes are apart and neighbours near; with four, it is 0.9.
    encoding = whitened_components(10.0 * labels[:, None] + encoding[:, :1])
    collapsed = mutual_information_metrics(representation, encoding, labels)
    for name in ("mi_ksg_x", "mi_ksg_y"):
        assert collapsed[name] == pytest.approx(math.log(3), abs=0.01)
    for name in INFORMATION:
        assert math.isnan(collapsed[name]) == ("entropies" in name), name
    assert collapsed["mi_components"] == 2
    assert collapsed["mi_coincident"] == 1


def test_two_samples_that_fall_together():
    representation, encoding, labels = sample()
    representation[4] = representation[1]
    metrics = mutual_information_metrics(representation.float(), encoding, labels)
    assert metrics["mi_coincident"] == pytest.approx(2 / 300)
    assert math.isnan(metrics["mi_entropies_x"])
    assert math.isnan(metrics["mi_entropies_y"])
    assert math.isfinite(metrics["mi_ksg_x"])


def test_dead_features_change_nothing():
    representation, encoding, labels = sample()
    before = mutual_information_metrics(representation, encoding, labels)
    more = torch.cat([torch.zeros(300, 90), representation, torch.full((300, 9), 3.3)], dim=1)
    assert mutual_information_metrics(more, encoding, labels) == pytest.approx(before, rel=1e-6)


@settings(max_examples=5)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10))
def test_invariances(seed, scale, shift):
    representation, encoding, labels = sample(seed)
    before = mutual_information_metrics(representation, encoding, labels)
    rotation = torch.linalg.qr(sample(9)[0][:8]).Q
    moved = scale * (representation @ rotation + shift)
    after = mutual_information_metrics(moved, encoding, labels)
    # To the sign of the components, which the maximum norm does not see either.
    assert after == pytest.approx(before, rel=1e-6, abs=1e-6)


def test_not_finite_and_too_few():
    representation, encoding, labels = sample()
    few = mutual_information_metrics(
        representation[:12], encoding[:12], labels[:12]
    )  # four a class
    undefined = {"mi_ksg_y", "mi_ksg_y_standard_error", "mi_ksg_difference"}
    assert {name for name, value in few.items() if math.isnan(value)} == undefined
    labels[labels == 1] = 0
    labels[1] = 1  # the only one of its class
    lonely = mutual_information_metrics(representation, encoding, labels)
    assert math.isnan(lonely["mi_entropies_y"])
    assert math.isfinite(lonely["mi_entropies_x"])
    for value in (math.nan, math.inf):
        representation[3, 1] = value
        metrics = mutual_information_metrics(representation, encoding, labels)
        assert list(metrics) == list(COLUMNS)
        assert all(math.isnan(v) for v in metrics.values())
