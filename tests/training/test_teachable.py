"""Data that cannot teach what they should are refused."""

import pytest
import torch

from latephase.datasets.stored import Data
from latephase.errors import UserError
from latephase.training import teachable


def data(labels, inputs=None, classes=4):
    labels = torch.tensor(labels)
    inputs = torch.arange(len(labels)).float()[:, None] if inputs is None else inputs
    return Data(inputs, labels, inputs, labels, classes, {})


def test_what_is_whole_passes():
    teachable.check("mine", data([0, 1, 2, 3]))
    teachable.check("mine", data([3, 0, 1, 2, 2], torch.eye(5)))


def test_a_class_without_a_sample_is_refused():
    with pytest.raises(UserError) as caught:
        teachable.check("mine", data([0, 2, 2]))
    assert str(caught.value) == (
        "data set mine: none of the 3 training samples is of class 1, 3; "
        "allowed: samples of all 4 classes (data.train_size)"
    )
    with pytest.raises(UserError, match="is of class 1, 2, 3, 4, 5, …; allowed"):
        teachable.check("mine", data([0, 9], classes=10))


def test_inputs_that_do_not_differ_are_refused():
    with pytest.raises(UserError, match="all 4 training inputs are the same"):
        teachable.check("mine", data([0, 1, 2, 3], torch.ones(4, 3)))
