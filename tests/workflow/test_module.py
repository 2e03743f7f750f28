"""Another workflow uses this one as a module, as docs/module.md says."""

import re
from pathlib import Path

import pandas
import pytest

from tests.workflow.conftest import Project

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
(SNAKEFILE,) = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs/module.md").read_text(), re.MULTILINE | re.DOTALL
)
(COMMAND,) = re.findall(r"^snakemake (--workflow.*)$", (ROOT / "docs/module.md").read_text(), re.M)
FIGURE = "results/latephase/quick/figures/sakamoto2026_fig3.png"


@pytest.fixture(scope="module")
def other(sources, tmp_path_factory):
    """A workflow with a clone beside its Snakefile."""
    folder = tmp_path_factory.mktemp("other")
    sources.copy(folder / "latephase")
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "scripts").mkdir()  # of its own, as most workflows have
    return Project(folder)


def test_its_files_are_made_in_the_other_s_folder(other):
    other.make(*COMMAND.split())
    rows = pandas.read_csv(other.folder / "results/nc0.csv")
    assert {*rows.seed} == {42, 43} and rows.step.max() == 60 and rows.nc0.min() > 0
    assert [path.name for path in (other.folder / "latephase/results").iterdir()] == ["README.md"]
    assert other.jobs(*COMMAND.split()) == {}  # nothing is to be made again


def test_what_comes_with_the_clone_is_found(other):
    """Published values, and data in a file of the repository."""
    data = "results/latephase/data/fashion_mnist_part.safetensors"
    other.make(*COMMAND.split(), "--", FIGURE, data)
    assert (other.folder / FIGURE).exists() and (other.folder / data).exists()


def test_a_mistake_in_its_settings_is_told(other):
    wrong = SNAKEFILE.replace('"results":', '"scale": "large", "results":')
    (other.folder / "Wrong").write_text(wrong)
    text, status = other.run(*COMMAND.split(), "--snakefile", "Wrong", "-n")
    assert status != 0
    assert "error: config: scale is 'large'; allowed: quick, paper" in text
