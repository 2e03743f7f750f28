"""The families: what each declares is what it measures and what its docstrings document."""

import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch

from latephase.datasets.stored import Data
from latephase.measuring.snapshot import Snapshot
from latephase.metrics import families
from latephase.parts import network
from latephase.storage import checkpoints
from scripts.tools import document_metrics

ROOT = Path(__file__).parents[2]
LAYERS = ("hidden.0", "hidden.1", "head")
BY_HAND = {"collapse": {"nc5"}}
"""Documented columns that no extraction has: NC5 needs samples from another distribution."""


@pytest.fixture(scope="module")
def snapshot():
    """A small network as it is at first, on noise."""
    torch.manual_seed(0)
    inputs, labels = torch.rand(160, 1, 4, 4), torch.arange(160) % 4
    data = Data(inputs[:40], labels[:40], inputs[40:], labels[40:], 4, {})
    spec = {
        "model": {"name": "mlp", "widths": [6, 5]},
        "loss": {"name": "cross_entropy"},
        "seed": 1,
    }
    model = network.build_model(spec, {"shape": [1, 4, 4], "classes": data.classes})
    parameters = {name: tensor.detach() for name, tensor in model.named_parameters()}
    return Snapshot(spec, model, parameters, data)


@pytest.fixture(scope="module")
def measured(snapshot, tmp_path_factory):
    """The columns that the extraction of each family measures, in order."""
    files = {"inputs_encoding": tmp_path_factory.mktemp("inputs") / "encoding.safetensors"}
    checkpoints.write(files["inputs_encoding"], {"test": torch.randn(120, 4)}, {})
    found = {}
    for family in families.DECLARED:
        program = import_module(f"scripts.extract.{family}")
        inputs = [files[name] for name in families.inputs(family)]
        found[family] = list(program.measuring(snapshot.data, *inputs)(snapshot))
    return found


def filled_in(columns):
    """Declared columns, with the layers of the network where ``<layer>`` stands."""
    names = []
    for column in columns:
        layers = LAYERS if "<layer>" in column else ("",)
        names += [column.replace("<layer>", layer) for layer in layers]
    return names


def told_by(columns, name):
    """Which of several columns with placeholders a name is of: the longest that fits."""
    fitting = [
        column
        for column in columns
        if re.fullmatch(re.sub("<[a-z]+>", r"[\\w.]+", re.escape(column)), name)
    ]
    return max(fitting, key=len, default=None)


@pytest.mark.parametrize("family", families.DECLARED)
def test_a_family_declares_what_it_measures(family, measured):
    columns, names = families.DECLARED[family].COLUMNS, measured[family]
    assert len(set(columns)) == len(columns)
    assert sorted(names) == sorted(filled_in(columns))
    # In their order, the columns of one layer after those of another.
    assert tuple(dict.fromkeys(told_by(columns, name) for name in names)) == columns
    assert all(families.has_column(family, name) for name in names)
    assert not families.has_column(family, f"{names[0]}_of_nothing")


@pytest.mark.parametrize("family", families.DECLARED)
def test_a_family_documents_what_it_measures(family, measured):
    documented = {
        column
        for module in document_metrics.modules(ROOT)
        for function in module.functions
        if family in function.families
        for entry in function.entries
        for column in entry.columns
    }
    told = {name: told_by(documented, name) for name in measured[family]}
    assert None not in told.values(), told
    assert documented - set(told.values()) == BY_HAND.get(family, set())
    # And by the names with placeholders, as they are declared and documented.
    for column in families.DECLARED[family].COLUMNS:
        assert told_by(documented, column.replace("<layer>", "head")) in told.values(), column


def test_every_column_is_of_one_family():
    columns = [column for declared in families.DECLARED.values() for column in declared.COLUMNS]
    assert len(set(columns)) == len(columns)


def test_every_family_has_an_extraction_and_every_extraction_a_family():
    programs = {
        path.stem
        for path in ROOT.glob("scripts/extract/*.py")
        if "def measuring(data" in path.read_text()
    }
    assert programs == set(families.DECLARED)
    assert set(families.FAMILIES) | set(families.MORE_FAMILIES) == programs
    assert set(families.FAMILIES) == {"collapse", "nc0", "flatness", "information"}


def python(program, folder):
    """What a program prints that runs in a folder."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_declarations_need_neither_torch_nor_numpy():
    program = """
import sys
sys.modules |= dict.fromkeys(("torch", "numpy", "scipy", "pandas"))
from latephase.metrics import families
print(sum(len(declared.COLUMNS) for declared in families.DECLARED.values()))
"""
    assert int(python(program, ROOT)) > 100


def test_a_folder_is_a_family_if_it_has_its_module(tmp_path):
    package = tmp_path / "latephase"
    shutil.copytree(ROOT / "latephase/metrics", package / "metrics")
    (package / "__init__.py").touch()
    for name in ("mine", "notes"):
        (package / "metrics" / name).mkdir()
        (package / "metrics" / name / "__init__.py").write_text(
            'EVERY_RUN = False\nINPUTS = ("more",)\nCOLUMNS = ("mine_<i>_at_0.5",)\n'
        )
    (package / "metrics/mine/family.py").write_text("1 / 0\n")  # which is not imported
    program = """
from latephase.metrics import families
asked = ("mine_3_at_0.5", "mine_layer.1_at_0.5", "mine_3_at_005", "mine__at_0.5")
print(*families.DECLARED, "mine" in families.MORE_FAMILIES, families.inputs("mine"))
print(*(families.has_column("mine", name) for name in asked))
"""
    names, columns = python(program, tmp_path).splitlines()
    expected = sorted([*families.DECLARED, "mine"])
    assert names == " ".join(expected) + " True ('more',)"
    assert columns == "True True False False"
