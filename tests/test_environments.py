"""The environments: what a stage imports is in its file, and every route has the same versions."""

import ast
import re
import sys
from pathlib import Path

import pytest
import yaml

from latephase import families, imports, parts
from latephase.datasets.prepare import REQUIRED

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "envs").glob("*.yaml"))
PACKAGES = {
    "matplotlib": "matplotlib-base",
    "seaborn": "seaborn-base",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
}
"""What conda calls a module's package, where the names differ."""
ON_PYPI = {conda: module for module, conda in PACKAGES.items()} | {"scikit-learn": "scikit-learn"}
FIGURES = [path.stem for path in (ROOT / "scripts/figures").glob("[a-z]*.py")]
EXTRACTIONS = [*families.FAMILIES, *families.MORE_FAMILIES, "own", "margins"]
PARTS = [
    f"latephase.{path.parent.name}.{path.stem}"
    for folder in parts.KINDS.values()
    for path in (ROOT / "latephase" / folder).glob("[a-z]*.py")
]
READERS = [f"latephase.datasets.{kind}" for kind in REQUIRED]
CLAIMS = [f"latephase.claims.{p.stem}" for p in (ROOT / "latephase/claims").glob("[a-z]*.py")]
PROGRAMS = {
    "train": ["scripts.train", *(f"scripts.extract_{name}" for name in EXTRACTIONS), *PARTS],
    "analysis": [
        *("scripts.prepare_data", "scripts.aggregate", "scripts.evaluate_claims"),
        *READERS,
        *CLAIMS,
        *(f"scripts.figures.{name}" for name in FIGURES),
    ],
}


def versions(file: Path) -> dict[str, str]:
    """A conda environment file's packages and their exact versions."""
    entries = yaml.safe_load(file.read_text())["dependencies"]
    return {entry.split("=")[0]: entry.split("=")[1] for entry in entries}


def pinned(file: Path) -> dict[str, tuple[str, str]]:
    """A pin file's packages: version and build."""
    lines = file.with_suffix(".linux-64.pin.txt").read_text().splitlines()
    names = [re.search(r"/([^/]+)-([^-/]+)-([^-/]+)\.(?:conda|tar\.bz2)#", line) for line in lines]
    return {match[1]: (match[2], match[3]) for match in names if match}


def modules_of(program: str) -> set[str]:
    """What a program imports that is neither Python's nor ours."""
    found = set()
    for file in imports.sources(program, ROOT):
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - set(imports.PACKAGES)


@pytest.mark.parametrize("name", ["train", "train-cuda", "analysis"])
def test_what_a_stage_imports_is_in_its_environment(name):
    packages = versions(ROOT / f"envs/{name}.yaml")
    for program in PROGRAMS[name.removesuffix("-cuda")]:
        needed = {PACKAGES.get(module, module) for module in modules_of(program)}
        assert needed <= set(packages), program
    assert "pyarrow" in packages  # pandas imports it to read and write parquet


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_version_is_exact_and_is_the_one_of_the_pip_route(file):
    listed = (ROOT / "requirements.txt").read_text()
    for package, version in versions(file).items():
        assert re.fullmatch(r"\d+(\.\d+)+", version), package
        if package not in ("python", "cuda-version"):
            name = ON_PYPI.get(package, package)
            on_pypi = re.findall(rf"^{name}==([\d.]+)(; python_version >= .*)?$", listed, re.M)
            assert [found[0] for found in on_pypi] == [version], package


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_pin_file_is_explicit_and_holds_the_environment_s_versions(file):
    lines = file.with_suffix(".linux-64.pin.txt").read_text().splitlines()
    assert lines[:2] == ["# platform: linux-64", "@EXPLICIT"]
    form = (
        r"https://conda\.anaconda\.org/conda-forge/(linux-64|noarch)/"
        r"[^/]+\.(conda|tar\.bz2)#[0-9a-f]{32}"
    )
    assert all(re.fullmatch(form, line) for line in lines[2:])
    found = pinned(file)
    assert len(found) == len(lines) - 2
    for package, version in versions(file).items():
        assert found[package][0] == version


def test_the_two_builds_of_pytorch_are_the_only_difference():
    plain, cuda = (ROOT / f"envs/{name}.yaml" for name in ("train", "train-cuda"))
    assert versions(cuda) == versions(plain) | {"cuda-version": "12.9"}
    assert pinned(plain)["pytorch"][1].startswith("cpu_")
    assert pinned(cuda)["pytorch"][1].startswith("cuda129_")
