import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from latephase.errors import UserError
from latephase.metrics import families
from latephase.runs import code_digest, parts

ROOT = Path(__file__).parents[2]


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
    assert code_digest.sources("scripts.go", tmp_path) == [
        "elsewhere.py",  # wherever it lies in the repository
        "latephase/__init__.py",
        "latephase/a.py",
        "latephase/c.py",
        "latephase/d.py",  # imported within a function
        "latephase/f.py",  # relative
        "latephase/g.py",  # a star
        "latephase/inner/__init__.py",
        "latephase/inner/b.py",
        "latephase/inner/e.py",
        "scripts/__init__.py",
        "scripts/go.py",
    ]


@pytest.mark.parametrize(
    ("helper", "said"),
    [
        ("FACTOR = 1.0\n", ""),
        ("def f(model):\n    model.eval()\n", ""),
        (
            "import importlib\nx = importlib.import_module('y')\n",
            "mine.py: line 2 calls import_mod",
        ),
        ("def f():\n    return eval('1')\n", "mine.py: line 2 calls eval"),
    ],
)
def test_code_that_no_import_names_is_told_of_a_users_helper(tmp_path, helper, said):
    """Our own modules find parts by name; the digest is told which."""
    files = {
        "mine.py": helper,
        "latephase/__init__.py": "",
        "latephase/parts.py": "import importlib\nload = importlib.import_module('x')\n",
        "latephase/metric.py": "import mine\nimport latephase.parts\n",
        "latephase/own.py": "exec('x = 1')\n",
    }
    write(tmp_path, files)
    code_digest.forget()
    assert code_digest.unfollowed("latephase.metric", tmp_path).startswith(said)
    assert bool(code_digest.unfollowed("latephase.metric", tmp_path)) == bool(said)
    assert (
        code_digest.unfollowed("latephase.own", tmp_path) == "latephase/own.py: line 1 calls exec"
    )


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
    found = code_digest.sources("scripts.go", tmp_path)
    assert "latephase/__init__.py" in found
    assert "latephase/deep/__init__.py" in found
    assert "latephase/hidden.py" in found


@pytest.mark.parametrize("family", families.DECLARED)
def test_an_extraction_does_not_depend_on_what_trains(family):
    """Otherwise an edit of an optimizer would measure every pack of every other anew."""
    found = code_digest.sources(f"scripts.extract.{family}", ROOT)
    assert f"latephase/metrics/{family}/family.py" in found
    assert not [file for file in found if file.startswith("latephase/training/")]
    assert not [file for file in found if file.startswith("latephase/parts/optimizers/")]
    assert not [file for file in found if file.startswith("latephase/parts/models/")]


def test_training_does_not_depend_on_metrics_nor_on_any_part_by_import():
    found = code_digest.sources("scripts.train", ROOT)
    assert "latephase/training/trainer.py" in found
    assert not [file for file in found if "/metrics/" in file or "/optimizers/" in file]
    # Planning decides which runs are trained together, and nothing of how.
    assert not {"latephase/runs/packs.py", "latephase/runs/grid.py"} & set(found)


def test_a_part_brings_its_own_file_alone():
    found = code_digest.sources(parts.module("optimizer", "sgd"), ROOT)
    assert "latephase/parts/optimizers/sgd.py" in found
    assert "latephase/parts/optimizers/adamw.py" not in found


def test_code_is_held_to_what_was_planned(tmp_path):
    """An edit is told, a comment and other lines are none."""
    write(tmp_path, {"latephase/__init__.py": "", "latephase/one.py": "X = 1\n"})
    planned = code_digest.program(["latephase.one"], tmp_path)
    code_digest.hold(planned, ["latephase.one"], tmp_path)
    write(tmp_path, {"latephase/one.py": "# Why.\nX = (\n    1\n)\n"})
    code_digest.hold(planned, ["latephase.one"], tmp_path)
    write(tmp_path, {"latephase/one.py": "X = 2\n"})
    with pytest.raises(UserError, match="the code was edited after this job was planned"):
        code_digest.hold(planned, ["latephase.one"], tmp_path)
    code_digest.hold(None, ["latephase.one"], tmp_path)  # by hand: nothing was planned
    write(
        tmp_path, {"latephase/one.py": "from latephase import two\nX = 1\n", "latephase/two.py": ""}
    )
    with pytest.raises(UserError):
        code_digest.hold(planned, ["latephase.one"], tmp_path)


WHOLE = '''"""A module."""
import logging
log = logging.getLogger(__name__)

def area(width, height, unit=""):
    """Width times height."""
    log.info("an area of %d by %d", width, height)
    if width < 0:
        raise ValueError(f"width is {width}; allowed: at least 0")
    assert height >= 0, "height is negative"
    return f"{width * height} {unit}"
'''
PROSE = {
    "a comment": ("    if width", "    # Why.\n    if width"),
    "a docstring": ("Width times height.", "The area, in other words."),
    "no docstring": ('    """Width times height."""\n', ""),
    "a docstring of the module": ("A module.", "Areas."),
    "a log line": ("an area of %d by %d", "the area is %d times %d"),
    "no log line": ('    log.info("an area of %d by %d", width, height)\n', ""),
    "another log line": ("    if width", "    log.warning('careful: %s', unit)\n    if width"),
    "an error's text": ("width is {width}; allowed: at least 0", "{width} is too small"),
    "an assertion's text": ("height is negative", "no negative heights"),
    "layout": ("log = logging.getLogger(__name__)", "log = (\n    logging.getLogger(__name__)\n)"),
}
CODE = {
    "arithmetic": ("width * height", "width + height"),
    "a text that is returned": ("} {unit}", "} m {unit}"),
    "a default": ('unit=""', 'unit="m"'),
    "a condition of an error": ("width < 0", "width <= 0"),
    "another error": ("raise ValueError", "raise TypeError"),
    "a call within a log line": ('by %d", width, height)', 'by %d", width, pop(height))'),
    "a call within an error's text": ("width is {width};", "width is {pop(width)};"),
    "an assertion": ("height >= 0", "height > 0"),
    "a name that is set within a log line": (
        '("an area of %d by %d", width, height)',
        '("an area of %d by %d", width := 2, height)',
    ),
    "a loop within a log line": ("width, height)\n    if", "width, [*map(pop, unit)])\n    if"),
    "no default": ('unit=""', "unit"),
    "no error": (
        '        raise ValueError(f"width is {width}; allowed: at least 0")',
        "        pass",
    ),
}


def essence(text):
    return code_digest.essence(ast.parse(text))


@pytest.mark.parametrize("edit", PROSE.values(), ids=PROSE)
def test_prose_decides_nothing(edit):
    assert edit[0] in WHOLE
    assert essence(WHOLE.replace(*edit)) == essence(WHOLE)


@pytest.mark.parametrize("edit", CODE.values(), ids=CODE)
def test_code_decides(edit):
    assert edit[0] in WHOLE
    assert essence(WHOLE.replace(*edit)) != essence(WHOLE)


EMPTY = [
    ("x = None", 'x = ""'),
    ("f(x)", 'f("", x)'),
    ('for end in ("", "_error"): pass', 'for end in ("_error",): pass'),
    ('{"": a, "x": b}', '{"x": a, "": b}'),
    ("def f(a, b=1): pass", 'def f(a="", b=1): pass'),
    ("def f(): return", "def f(): return None"),
    ("def f(): return None", 'def f(): return ""'),
    ("f()", "f(None)"),
    ("[]", "[[]]"),
    ("{**a}", "{None: a}"),
    ("f(help=0.5)", "f(help=0.7)"),
    ("def f(*, a): pass", "def f(*, a=None): pass"),
]


@pytest.mark.parametrize(("one", "other"), EMPTY)
def test_what_is_empty_is_not_what_is_absent(one, other):
    assert essence(one) != essence(other)


def test_help_is_prose_in_a_program_s_argument():
    line = 'parser.add_argument("--x", type=int, help="a number")'
    assert essence(line) == essence(line.replace("a number", "how many"))
    assert essence(line) == essence(line.replace(', help="a number"', ""))
    assert essence(line) != essence(line.replace("int", "float"))


def test_silent_modules_are_in_no_digest(tmp_path):
    files = {
        "latephase/__init__.py": "",
        "latephase/errors.py": "X = 1\n",
        "latephase/one.py": "from latephase.errors import X\n",
    }
    write(tmp_path, files)
    before = code_digest.program(["latephase.one"], tmp_path)
    write(tmp_path, {"latephase/errors.py": "X = 2\n"})
    code_digest.forget()
    assert code_digest.program(["latephase.one"], tmp_path) == before


PROGRAM = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from latephase.runs import code_digest
print(code_digest.program(["scripts.train", "scripts.extract.collapse"], Path(sys.argv[1])))
"""


@pytest.mark.parametrize(
    "settings", [{"LC_ALL": "C"}, {"PYTHONUTF8": "0", "LC_ALL": "POSIX"}, {"PYTHONHASHSEED": "7"}]
)
def test_a_digest_is_the_same_in_every_locale(settings):
    told = [sys.executable, "-c", PROGRAM, str(ROOT)]
    done = subprocess.run(told, env=os.environ | settings, capture_output=True, text=True)
    ours = code_digest.program(["scripts.train", "scripts.extract.collapse"], ROOT)
    assert done.stdout.strip() == ours, done.stderr


def other_pythons():
    """Pythons from 3.11 on that this machine has beside ours, by their versions."""
    places = [*os.environ["PATH"].split(os.pathsep), *Path.home().glob(".pyenv/versions/*/bin")]
    found = {}
    for version in ("3.11", "3.12", "3.13", "3.14"):
        for place in places:
            python = Path(place) / f"python{version}"
            if python.is_file() and not subprocess.run([python, "-c", ""]).returncode:
                found[version] = python
    return found


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_a_digest_is_the_same_under_every_python(version):
    if (python := other_pythons().get(version)) is None:
        pytest.skip(f"no Python {version} here")
    done = subprocess.run([python, "-c", PROGRAM, str(ROOT)], capture_output=True, text=True)
    ours = code_digest.program(["scripts.train", "scripts.extract.collapse"], ROOT)
    assert done.stdout.strip() == ours, done.stderr


def test_a_digest_leaves_out_what_only_newer_pythons_have():
    """3.12 gives functions and classes type_params; 3.13 leaves empty lists out of its dumps."""
    plain = ast.parse("def f(x): return f'{x:{8}}' + 'ß'\nclass A: pass\n")
    newer = ast.parse("def f(x): return f'{x:{8}}' + 'ß'\nclass A: pass\n")
    for node in ast.walk(newer):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.type_params = []
            node._fields = (*type(node)._fields, "type_params")
        if isinstance(node, ast.JoinedStr):
            node.values.insert(0, ast.Constant(""))
    assert code_digest.essence(newer) == code_digest.essence(plain)
    assert code_digest.essence(plain).isascii()
