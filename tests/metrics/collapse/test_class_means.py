"""The two passes over the samples."""

import pytest
import torch

from latephase.metrics.collapse import class_means
from tests.metrics.class_samples import sample


@pytest.mark.parametrize("numbers", [1, 60, 2**18])
def test_means_and_deviations(monkeypatch, numbers):
    monkeypatch.setattr(class_means, "NUMBERS_AT_ONCE", numbers)
    features, labels, *_ = sample(counts=(40, 0, 1, 7), offset=3.0)
    means = class_means.class_means(features, labels, 5)
    for c in (0, 2, 3):
        expected = features[labels == c].mean(0)
        assert torch.allclose(means[c], expected, rtol=1e-14, atol=1e-14)
    assert means[[1, 4]].isnan().all()

    means = means.nan_to_num()
    blocks = [
        tuple(tensor.clone() for tensor in block)
        for block in class_means.deviations(features, labels, means)
    ]
    own, norms, deviations = (torch.cat(column) for column in zip(*blocks, strict=True))
    assert torch.equal(own, labels)
    assert torch.allclose(norms, features.norm(dim=1), rtol=1e-14)
    assert torch.equal(deviations, features - means[labels])  # one rounding, that of the difference


def test_float32_sums_are_exact():
    """Means of equal float32 features are these features, so that their differences are 0."""
    features = torch.full((3000, 4), 0.1)
    features[:, 1] = 1e-20
    features[:, 2] = 3e20
    means = class_means.class_means(features, torch.arange(3).repeat(1000), 3)
    assert torch.equal(means, features[:3].double())


def test_counts_are_taken_from_the_labels():
    labels = torch.tensor([3, 0, 0, 3, 3], dtype=torch.int32)
    assert class_means.class_counts(labels, 5).tolist() == [2, 0, 0, 3, 0]
