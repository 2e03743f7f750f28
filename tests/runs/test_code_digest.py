from pathlib import Path

import pytest

from latephase import imports, parts
from latephase.errors import UserError

ROOT = Path(__file__).parent.parent


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_sources_of_a_small_tree(tmp_path):
    write(
        tmp_path,
        {
            "scripts/__init__.py": "",
            "scripts/go.py": (
                "import json\nimport numpy.linalg\nimport latephase.a\n"
                "from latephase.inner import b, NUMBER\nfrom elsewhere import c\n"
            ),
            "latephase/__init__.py": "",
            "latephase/a.py": "def late():\n    from latephase import d\n",
            "latephase/inner/__init__.py": "NUMBER = 1\n",
            "latephase/inner/b.py": "from .e import x\nfrom .. import f\n",
            "latephase/inner/e.py": "import latephase.a\n",
            "latephase/c.py": "",
            "latephase/d.py": "import scripts.go\n",
            "latephase/f.py": "from latephase.g import *\n",
            "latephase/g.py": "",
            "latephase/unused.py": "import latephase.a\n",
            "elsewhere.py": "import latephase.c\n",
        },
    )
    assert imports.sources("scripts.go", tmp_path) == [
        "latephase/__init__.py",
        "latephase/a.py",
        "latephase/d.py",  # imported within a function
        "latephase/f.py",  # relative
        "latephase/g.py",  # a star
        "latephase/inner/__init__.py",
        "latephase/inner/b.py",
        "latephase/inner/e.py",
        "scripts/__init__.py",
        "scripts/go.py",
    ]


def test_importing_a_module_runs_the_packages_above_it(tmp_path):
    write(
        tmp_path,
        {
            "scripts/go.py": "import latephase.deep.leaf\n",
            "latephase/__init__.py": "",
            "latephase/deep/__init__.py": "from latephase import hidden\n",
            "latephase/deep/leaf.py": "",
            "latephase/hidden.py": "",
        },
    )
    found = imports.sources("scripts.go", tmp_path)
    assert "latephase/__init__.py" in found
    assert "latephase/deep/__init__.py" in found
    assert "latephase/hidden.py" in found


def test_an_extraction_does_not_depend_on_what_trains():
    """Else an edit of an optimizer would measure every pack of every other anew."""
    for family in ("nc0", "collapse", "flatness", "information"):
        found = imports.sources(f"scripts.extract_{family}", ROOT)
        assert f"latephase/metrics/{family}.py" in found
        assert "latephase/training.py" not in found
        assert not [
            file
            for file in found
            for folder in parts.KINDS.values()
            if file.startswith(f"latephase/{folder}/")
        ]


def test_training_does_not_depend_on_metrics_nor_on_any_part_by_import():
    found = imports.sources("scripts.train", ROOT)
    assert "latephase/training.py" in found
    assert not [file for file in found if "/metrics/" in file or "/optimizers/" in file]


def test_a_part_brings_its_own_file_alone():
    found = imports.sources(parts.module("optimizer", "sgd"), ROOT)
    assert "latephase/optimizers/sgd.py" in found
    assert "latephase/optimizers/adamw.py" not in found


def test_code_is_held_to_what_was_planned(tmp_path):
    """An edit is told, a comment and other lines are none."""
    write(tmp_path, {"latephase/__init__.py": "", "latephase/one.py": "X = 1\n"})
    planned = imports.program(["latephase.one"], tmp_path)
    imports.hold(planned, ["latephase.one"], tmp_path)
    write(tmp_path, {"latephase/one.py": "# Why.\nX = (\n    1\n)\n"})
    imports.hold(planned, ["latephase.one"], tmp_path)
    write(tmp_path, {"latephase/one.py": "X = 2\n"})
    with pytest.raises(UserError, match="the code was edited since this job was planned"):
        imports.hold(planned, ["latephase.one"], tmp_path)
    imports.hold(None, ["latephase.one"], tmp_path)  # by hand: nothing was planned
    write(
        tmp_path, {"latephase/one.py": "from latephase import two\nX = 1\n", "latephase/two.py": ""}
    )
    with pytest.raises(UserError):
        imports.hold(planned, ["latephase.one"], tmp_path)
