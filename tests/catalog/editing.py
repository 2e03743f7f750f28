"""The catalog's files, edited, and what loading them complains of."""

from pathlib import Path

import pytest
import yaml

from latephase.catalog import load
from latephase.errors import UserError

ROOT = Path(__file__).parents[2]
STUDY = "catalog/sakamoto2026/studies/weight_decay_mlp.yaml"
FIGURES, CLAIMS, PAPER = (
    f"catalog/sakamoto2026/{name}.yaml" for name in ("figures", "claims", "paper")
)
ATLAS = "catalog/atlas/figures.yaml"
MORE_FIGURES, MORE_CLAIMS, TABLES = (
    f"catalog/zhao2026/{name}.yaml" for name in ("figures", "claims", "tables")
)
DATASETS = "catalog/datasets.yaml"
OWN = "catalog/own/studies"
QUICK = ("scales", "quick")
SETTING = {
    "data": {"name": "digits", "train_size": 100},
    "model": {"name": "mlp", "widths": [10]},
    "loss": {"name": "mse"},
    "optimizer": {"name": "sgd", "lr": 0.1},
    "batch_size": 50,
    "steps": 10,
    "checkpoints": {"log": 3},
}
"""A setting without its grid."""


def load_yaml(text):
    return yaml.load(text, yaml.CSafeLoader)


def dump_yaml(content):
    return yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False)


def edit(path, keys, value):
    """Set a value in a YAML file at a path of keys and indices."""
    content = load_yaml(path.read_text())
    node = content
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    path.write_text(dump_yaml(content))


def line(root, config):
    """What loading the catalog complains of: one line."""
    with pytest.raises(UserError) as caught:
        load.load(root, config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def add_study(root, name, added, grid, **setting):
    study = {
        "title": name,
        "question": "?",
        "added": added,
        "scales": {"quick": SETTING | setting | {"grid": grid}},
    }
    (root / OWN / f"{name}.yaml").write_text(dump_yaml(study))
