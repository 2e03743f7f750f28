"""Plans of the catalog as it is shipped: zhao2026's figures, its grid, and images of the user's."""

import shutil

import pytest

from latephase.metrics.families import FAMILIES
from tests.workflow.conftest import Project, copy_sources

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The repository with all its studies; nothing is run in it."""
    folder = tmp_path_factory.mktemp("shipped") / "project"
    copy_sources(folder)
    return Project(folder)


def study(packs, sets=1, studies=1):
    """The jobs behind a figure of studies."""
    extractions = {"extract": packs * len(FAMILIES)}
    jobs = {"prepare_data": sets, "train": packs, "aggregate": studies, "figure": 1}
    return jobs | extractions


QUICK = [*range(1, 10), *range(14, 32), *range(36, 40), *range(48, 52), 56, 57, 58]
"""The figures that scale quick has: 32 to 55 only of the two studies with that scale."""


def test_scale_quick_has_a_figure_of_every_kind(shipped):
    jobs = shipped.jobs(*(f"results/quick/figures/zhao2026_fig{n}.png" for n in QUICK))
    extractions = {"extract": 54 * len(FAMILIES)}
    assert (
        jobs
        == {
            "prepare_data": 4,
            "train": 54,
            "aggregate": 13,
            "figure": len(QUICK),
        }
        | extractions
    )


def test_the_grid_is_3888_trainings(shipped):
    jobs = shipped.jobs("results/paper/figures/zhao2026_fig26.pdf")
    assert jobs == study(3888, sets=3, studies=6)


def test_a_figure_of_a_template_is_of_its_study_alone(shipped):
    jobs = shipped.jobs("results/paper/figures/zhao2026_fig37.pdf")
    assert jobs == study(648)
    commands = shipped.commands("results/quick/figures/zhao2026_fig37.png").replace("\\\n", " ")
    assert '{"metric":"nc1_pinv"}' in commands
    assert "--data results/quick/studies/optimizers_resnet9_fashion_mnist.parquet" in commands
    assert shipped.jobs("results/quick/figures/zhao2026_fig37.png") == study(6)


def test_imagenet_is_the_user_s_to_bring(shipped, tmp_path):
    text, status = shipped.run("-n", "results/paper/figures/zhao2026_fig30.pdf")
    assert status != 0
    assert "error: config: folders.imagenet is missing" in text
    for split in ("train", "val"):
        for number in range(1000):
            folder = tmp_path / split / f"n{number:08}"
            folder.mkdir(parents=True)
            (folder / "0.JPEG").touch()  # a plan goes by names
    given = ("--config", f"folders={{imagenet: {tmp_path}}}", "--")
    assert shipped.jobs(*given, "results/paper/figures/zhao2026_fig31.pdf") == study(24)
    for split in ("train", "val"):
        shutil.rmtree(tmp_path / split / "n00000999")
    text, status = shipped.run("-n", *given, "results/paper/figures/zhao2026_fig31.pdf")
    assert status != 0
    assert f"folders.imagenet is {tmp_path}, which has 999 classes; allowed: 1000" in text
