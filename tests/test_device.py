"""A device that is not there is refused."""

import pytest
import torch

from latephase.errors import UserError
from scripts import device


def test_a_gpu_that_is_not_there_is_refused():
    assert device.of_torch("cpu") == "cpu"
    there = torch.cuda.device_count()
    with pytest.raises(UserError, match=rf"--device is cuda:{there}, .* finds {there} GPUs here"):
        device.of_torch(f"cuda:{there}")
