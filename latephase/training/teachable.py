"""Check that a data set contains what a run is to learn."""

import torch
from torch import Tensor

from latephase.datasets.stored import Data
from latephase.errors import UserError


def check(name: str, data: Data) -> None:
    """Raise a UserError if the training samples lack a class, or are all the same.

    Such a training would end without an error, but its numbers would be meaningless. ``name`` is
    the name of the data set.
    """
    size, there = len(data.train_labels), data.train_labels.unique().tolist()
    first, last = data.header.get("answers", (0, data.classes - 1))
    if missing := sorted(set(range(first, last + 1)) - set(there)):
        raise UserError(
            f"data set {name}: none of the {size} training samples is of class "
            f"{', '.join(map(str, missing[:5]))}{', …' * (len(missing) > 5)}; "
            f"allowed: samples of all {last + 1 - first} classes (data.train_size)"
        )
    inputs = data.train_inputs
    if isinstance(inputs, Tensor) and size > 1 and bool(torch.all(inputs == inputs[:1])):
        raise UserError(
            f"data set {name}: all {size} training inputs are the same; allowed: inputs that differ"
        )
