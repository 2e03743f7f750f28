import json
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import settings

ROOT = Path(__file__).parents[1]

# Hypothesis fails an example that takes 200 ms, which a busy machine may make of any.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def denormal_numbers():
    """A training in a test's own process flushes them to zero, and leaves it so."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory):
    """The digits as the pipeline stores them."""
    from scripts import prepare_data

    output = tmp_path_factory.mktemp("data") / "digits.safetensors"
    entry = yaml.safe_load((ROOT / "catalog/datasets.yaml").read_text())["digits"]
    prepare_data.main(["--name", "digits", "--entry", json.dumps(entry), "--output", str(output)])
    return output
