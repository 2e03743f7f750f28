"""The record of how long a pack took."""

import json

import torch

from scripts import timing


def test_a_record_says_how_long_it_took_and_on_what(tmp_path):
    timing.write(tmp_path / "timing.json", 1.5, 200, "cpu", 2)
    told = json.loads((tmp_path / "timing.json").read_text())
    expected = {"wall_seconds": 1.5, "run_steps": 200, "device": "cpu", "threads": 2}
    assert {key: told[key] for key in expected} == expected
    assert told["torch"] == torch.__version__
    assert told["machine"]
