import pytest
import torch

from latephase.datasets import stored
from latephase.runs import parts
from tests.training import packs


@pytest.fixture(scope="module")
def data(digits_file):
    """What the packs are trained on."""
    torch.set_num_threads(1)
    return stored.load(digits_file, **parts.arguments(packs.run()["data"]))
