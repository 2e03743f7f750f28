"""The environments: what a stage imports is in its file, and every route has the same versions."""

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from latephase.datasets import kinds
from latephase.errors import UserError
from latephase.runs import code_digest, declared, parts
from scripts.tools import check_pins
from tests.tools import pins

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "envs").glob("*.yaml"))
LIBRARIES = {declared.library(name) for name in declared.names("model")} - {""}
"""Optional ones, each with environments of its own."""
UNPINNED = {"train-timm", "train-timm-cuda"}
"""Environments for which the solver had no records."""
PINNED = [file.stem for file in FILES if file.stem not in UNPINNED]
PACKAGES = {
    "PIL": "pillow",
    "matplotlib": "matplotlib-base",
    "seaborn": "seaborn-base",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
}
"""What conda calls a module's package, where the names differ."""
ON_PYPI = {conda: module for module, conda in PACKAGES.items()}
ON_PYPI |= {name: name for name in ("pillow", "scikit-learn")}
OURS = ("latephase", "rules", "scripts")


def found(pattern: str) -> list[str]:
    """The dotted names of the project's modules whose files match a pattern."""
    files = sorted(ROOT.glob(pattern))
    assert files, pattern
    return [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]


def parts_with(library: str) -> list[str]:
    """The modules of all parts that need no optional library but this one."""
    return [
        module
        for kind, folder in parts.KINDS.items()
        for module in found(f"latephase/parts/{folder}/[a-z]*.py")
        if kind != "model" or declared.library(module.rpartition(".")[2]) in ("", library)
    ]


PROGRAMS = {
    "train": [
        *("scripts.train", "scripts.convert_checkpoints", "scripts.own_gpu", "scripts.device"),
        *found("scripts/extract/[a-z]*.py"),
    ],
    "analysis": [
        *("scripts.prepare_data", "scripts.aggregate", "scripts.evaluate_claims"),
        *("scripts.bundle", "scripts.gallery", "scripts.explorer", "scripts.copy_checked"),
        "scripts.verify",
        *(f"latephase.datasets.kinds.{kind}" for kind in kinds.files()),
        *found("latephase/papers/*/claims.py"),
        *found("scripts/figures/[a-z]*.py"),
        *found("scripts/tables/[a-z]*.py"),
    ],
}
"""What runs in the environment of a stage, with what it loads by name."""
IN_EVERY = ["scripts.start", "scripts.tools.check_pins"]
PROGRAMS |= {f"train-{library}": PROGRAMS["train"] + parts_with(library) for library in LIBRARIES}
PROGRAMS["train"] += parts_with("")
PROGRAMS = {stage: [*programs, *IN_EVERY] for stage, programs in PROGRAMS.items()}
ELSEWHERE = {
    "rules.summary": "Snakemake's own process",
    "scripts.explore": "a user's own environment, in which it calls Snakemake",
    "scripts.measure": "a user's own environment, in which it measures and draws",
    "scripts.serve": "Snakemake's own environment, beside it",
    "scripts.tools.seal_report": "Snakemake's own environment, as the report",
    "scripts.tools.document_metrics": "a contributor's environment",
    "scripts.tools.ship": "a contributor's environment, in which it calls Snakemake",
    "scripts.tools.release": "a contributor's environment",
    "scripts.tools.completion": "a user's own environment, in her shell",
}


def versions(file: Path) -> dict[str, str]:
    """A conda environment file's packages and their exact versions."""
    entries = yaml.safe_load(file.read_text())["dependencies"]
    return {entry.split("=")[0]: entry.split("=")[1] for entry in entries}


def modules_of(program: str) -> set[str]:
    """What a program imports that is neither Python's nor ours."""
    names = set()
    for file in code_digest.sources(program, ROOT):
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - set(OURS)


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_what_a_stage_imports_is_in_its_environment(name):
    packages = versions(ROOT / f"envs/{name}.yaml")
    for program in PROGRAMS[name.removesuffix("-cuda")]:
        needed = {PACKAGES.get(module, module) for module in modules_of(program)}
        assert needed <= set(packages), program
    assert "pyarrow" in packages  # pandas imports it to read and write parquet


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_version_is_exact_and_is_the_one_of_the_pip_route(file):
    listed = "".join(path.read_text() for path in sorted(ROOT.glob("requirements*.txt")))
    for package, version in versions(file).items():
        assert re.fullmatch(r"\d+(\.\d+)+", version), package
        if package not in ("python", "cuda-version"):
            name = ON_PYPI.get(package, package)
            # The index knows no case: pip writes Jinja2.
            line = re.compile(rf"^{name}==([\d.]+)(; python_version >= .*)?$", re.M | re.I)
            on_pypi = line.findall(listed)
            assert [found[0] for found in on_pypi] == [version], package


def test_every_program_is_of_a_stage():
    files = [file for name in OURS for file in (ROOT / name).rglob("*.py")]
    programs = [file for file in files if "if __name__ ==" in file.read_text()]
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in programs}
    assert names <= {*PROGRAMS["train"], *PROGRAMS["analysis"], *ELSEWHERE}
    assert set(ELSEWHERE) <= names


def test_the_rules_call_a_program_in_its_stage_s_environment():
    called = re.compile(
        r"^\s+conda:\n\s+(.+)\n(?:.*\n)*?"
        r"\s+(?:\{resources\.own_gpu\})?python -m scripts\.start (\S+)",
        re.M,
    )
    for file in (ROOT / "rules").glob("*.smk"):
        text = file.read_text()
        calls = called.findall(text)
        outside = sum(f"python -m {name}" in text for name in ELSEWHERE)
        assert len(calls) + outside == text.count("python -m scripts")
        for environment, name in calls:
            # What rules.targets.extractions gives; of a figure or a table the name is filled in.
            # How it begins is enough.
            name = name.replace("{params.program}", "extract.").partition("{")[0]
            stages = {
                stage
                for stage, programs in PROGRAMS.items()
                if any(program.startswith(f"scripts.{name}") for program in programs)
            }
            torch = {stage for stage in PROGRAMS if stage.startswith("train")}
            assert stages == (torch if "torch_env" in environment else {"analysis"}), name


def brought_by(distribution: str) -> set[str]:
    """The modules of a distribution and of what it needs, as installed here."""
    modules = {}
    for module, names in metadata.packages_distributions().items():
        for name in names:
            modules.setdefault(canonical(name), set()).add(module)
    known, queue = set(), [distribution]
    while queue:
        name = canonical(re.match(r"[\w.-]+", queue.pop())[0])
        if name not in known and name in modules:
            known.add(name)
            queue += [need for need in metadata.requires(name) or () if "extra ==" not in need]
    return {module for name in known for module in modules[name]}


def canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


IMPORTED = """
import sys
before = set(sys.modules)
from pathlib import Path
import yaml
{statements}
load.load(Path.cwd(), yaml.safe_load(Path("config.yaml").read_text()))
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
names -= set(sys.stdlib_module_names)
print(*(name for name in names if hasattr(sys.modules.get(name), "__file__")))
"""


def test_the_snakefile_imports_what_snakemake_brings():
    """Where Snakemake is installed by itself, on a login node say, it must plan all the same."""
    texts = [file.read_text() for file in (ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk"))]
    ours = re.compile(rf"^from (?:{'|'.join(OURS)})\b.* import .+$", re.M)
    statements = [statement for text in texts for statement in ours.findall(text)]
    assert any("import load" in statement for statement in statements)
    program = IMPORTED.format(statements="\n".join(statements))
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = set(told.stdout.split())
    assert names >= set(OURS)
    assert names - set(OURS) <= brought_by("snakemake")


def test_the_environments_without_pins_say_so():
    pinless = {file for file in FILES if not file.with_suffix(".linux-64.pin.txt").exists()}
    assert {file.stem for file in pinless} == UNPINNED
    for file in pinless:
        words = file.read_text().replace("#", " ").split()
        assert "no pin file, because" in " ".join(words), file.name


@pytest.mark.parametrize("name", PINNED)
def test_the_pin_file_is_explicit_and_holds_the_environment_s_versions(name):
    found = {pin.name: pin.version for pin in pins.read(name)}
    assert len(found) == len(pins.read(name))
    assert found.items() >= versions(ROOT / f"envs/{name}.yaml").items()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_environment_is_checked_when_it_is_made(file):
    script = file.with_suffix(".post-deploy.sh").read_text()
    assert script.endswith('python -m scripts.tools.check_pins "$CONDA_PREFIX"\n')


def test_the_two_builds_of_pytorch_are_the_only_difference():
    plain, cuda = (ROOT / f"envs/{name}.yaml" for name in ("train", "train-cuda"))
    assert versions(cuda) == versions(plain) | {"cuda-version": "12.9"}
    builds = [
        next(pin.build for pin in pins.read(file.stem) if pin.name == "pytorch")
        for file in (plain, cuda)
    ]
    assert builds[0].startswith("cpu_")
    assert builds[1].startswith("cuda129_")


@pytest.mark.parametrize("name", PINNED)
def test_conda_s_relatives_read_the_files_so(name):
    """As rattler does: the pins as an explicit specification, each entry as met by one of them."""
    rattler = pytest.importorskip("rattler", reason="py-rattler reads them")
    from rattler.explicit_environment import ExplicitEnvironmentSpec

    file = ROOT / f"envs/{name}.yaml"
    read = ExplicitEnvironmentSpec.from_path(file.with_suffix(".linux-64.pin.txt"))
    assert str(read.platform) == "linux-64"
    assert len(read.packages) == len(pins.read(name))
    records = by_name(rattler, name)
    for entry in yaml.safe_load(file.read_text())["dependencies"]:
        assert rattler.MatchSpec(entry).matches(records[entry.split("=")[0]]), entry


@pytest.mark.parametrize("name", PINNED)
def test_what_a_pinned_package_needs_is_pinned_with_it(name):
    rattler = pytest.importorskip("rattler", reason="py-rattler says whether a version will do")
    records = by_name(rattler, name)
    needs = pins.needs()
    for pin in pins.read(name):
        for entry in needs[pin.file]["depends"]:
            wanted = entry.split()[0]
            if not wanted.startswith("__"):  # the machine's: its libc, its GPU
                assert rattler.MatchSpec(entry).matches(records[wanted]), f"{pin.name}: {entry}"
        for entry in needs[pin.file]["constrains"]:
            if record := records.get(entry.split()[0]):
                assert rattler.MatchSpec(entry).matches(record), f"{pin.name}: {entry}"


def by_name(rattler, name: str) -> dict:
    """What is pinned, as rattler's records."""
    return {
        pin.name: rattler.PackageRecord(
            pin.name, pin.version, rattler.BuildString(pin.build), 0, pin.subdir
        )
        for pin in pins.read(name)
    }


def test_an_environment_with_other_packages_than_the_pinned_ones_is_said(tmp_path):
    prefix = tmp_path / "made"
    (prefix / "conda-meta").mkdir(parents=True)
    for name in ("python-3.12.13-h8ab3286_1_cpython", "tzdata-2026c-h151e31d_0"):
        (prefix / f"conda-meta/{name}.json").write_text("{}")
    check_pins.check(prefix)  # of another platform: no pins beside it

    beside = tmp_path / "made.pin.txt"
    text = (ROOT / "envs/train.linux-64.pin.txt").read_text()
    lines = [line for line in text.splitlines() if re.search("^[#@]|/python-3|/tzdata-", line)]
    beside.write_text("\n".join(lines))
    check_pins.check(prefix)

    beside.write_text("\n".join(lines).replace("2026c", "2026b"))
    with pytest.raises(UserError, match=r"2 .* tzdata-2026b-h151e31d_0, tzdata-2026c-h151e31d_0"):
        check_pins.check(prefix)
    beside.write_text("\n".join(lines[:-1]))
    with pytest.raises(UserError, match=r"1 .* tzdata-2026c-h151e31d_0"):
        check_pins.check(prefix)
