"""Data that come with the repository: what is drawn from them, without training, and verified."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.workflow

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHIPPED = ("--config", "data=shipped", "--")
FIGURES = ("atlas_overview", "sakamoto2026_fig2", "sakamoto2026_fig3")


def ship(project, *studies):
    command = [
        sys.executable,
        "-m",
        "scripts.tools.ship",
        "--scale",
        "quick",
        "--studies",
        *studies,
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [*command, "--commit", COMMIT],
        cwd=project.folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def shipping(finished, tmp_path_factory):
    """The data of a finished run, shipped, in a repository in which nothing was made."""
    project = finished.copy(tmp_path_factory.mktemp("shipping") / "project")
    done = ship(project, "weight_decay_mlp")
    assert done.returncode == 0, done.stdout + done.stderr
    (project.folder / "results").rename(project.folder / "made")
    return project


def test_figures_and_verdicts_are_made_without_training(shipping, finished, tmp_path):
    project = shipping.copy(tmp_path / "project")
    figure = "results/quick/figures/sakamoto2026_fig3.pdf"
    assert project.jobs(*SHIPPED, figure) == {"shipped": 1, "figure": 1}
    assert COMMIT[:7] in project.make("-np", *SHIPPED, figure)

    counts = project.jobs("--config", "data=shipped")
    assert not {"train", "extract", "prepare_data", "aggregate"} & {*counts}
    assert counts["shipped"] == 2  # the data, and the margins
    text = project.make("--config", "data=shipped")
    assert (
        "only what is drawn from shipped data is made, without training: weight_decay_mlp" in text
    )
    for name in FIGURES:
        file = f"results/quick/figures/{name}.csv"
        assert (project.folder / file).read_bytes() == (finished.folder / file).read_bytes()
    verdicts = [
        json.loads((folder / "results/quick/claims.json").read_text())["claims"]
        for folder in (project.folder, finished.folder)
    ]
    assert verdicts[0] == verdicts[1]
    assert not (project.folder / "results/packs").exists()


def test_only_what_is_read_is_shipped(shipping, finished):
    file = "quick/studies/weight_decay_mlp.parquet"
    whole = pd.read_parquet(finished.folder / "results" / file)
    few = pd.read_parquet(shipping.folder / "shipped/quick/weight_decay_mlp.parquet")
    assert {"run", "step", "seed", "rnc1", "accuracy_test"} <= {*few} < {*whole}
    pd.testing.assert_frame_equal(few, whole[[*few]])
    entry = json.loads((shipping.folder / "shipped/manifest.json").read_text())
    assert entry["studies"]["quick"]["weight_decay_mlp"]["trained"]["commit"] == COMMIT
    assert (entry["studies"]["quick"]["weight_decay_mlp"]["runs"], len(whole)) == (4, 28)


def test_verify_makes_all_of_it_again(shipping, tmp_path):
    project = shipping.copy(tmp_path / "project")
    counts = project.jobs("verify")
    assert counts["shipped_again"] == 2
    assert counts["figure_again"] == len(FIGURES)
    assert (counts["claims_again"], counts["verify"]) == (1, 1)
    assert sum(counts.values()) == 2 + len(FIGURES) + 2
    assert project.make("-np", "verify").count(f"(trained at {COMMIT[:7]})") == len(FIGURES)
    text = project.make("verify")
    assert "All 4 files are as they were shipped." in text

    manifest = project.folder / "shipped/manifest.json"
    before = manifest.read_text()
    file = project.folder / "shipped/quick/claims.csv"
    file.write_text(file.read_text().replace("sakamoto2026-clock,", "sakamoto2026-klock,"))
    text, status = project.run("verify")
    assert status != 0
    assert "error: shipped/quick/claims.csv: its sha256 is " in text

    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest.write_text(
        before.replace(json.loads(before)["results"]["quick"]["claims.csv"], sha256)
    )
    text, status = project.run("verify")
    assert status != 0
    assert "claim is sakamoto2026-clock, and was sakamoto2026-klock" in text


def test_damage_another_study_and_what_is_not_shipped_are_one_line(shipping, tmp_path):
    project = shipping.copy(tmp_path / "project")
    figure = "results/quick/figures/sakamoto2026_fig3.csv"
    for target, line in (
        (
            "results/paper/figures/sakamoto2026_fig3.csv",
            "no data of the study weight_decay_mlp are shipped at scale paper; "
            "allowed: data=trained, or a study that is shipped (none at this scale)",
        ),
        (
            "results/quick/bundles/sakamoto2026_fig3.zip",
            "a bundle must say how its runs were trained",
        ),
    ):
        text, status = project.run(*SHIPPED, target)
        assert status != 0
        assert "Traceback" not in text
        assert f"error: config: data is shipped, but {line}" in text

    text, status = project.run("--config", "data=shipped", "scale=paper")
    assert status != 0
    line = "nothing is shipped at scale paper; allowed: data=trained or scale=quick"
    assert f"error: config: data is shipped, but {line}" in text
    chosen = "figures=[sakamoto2026_fig3]"
    text, status = project.run("--config", "data=shipped", "scale=paper", chosen)
    assert status != 0
    assert "error: config: data is shipped, but no data of the study weight_decay_mlp" in text

    file = project.folder / "shipped/quick/weight_decay_mlp.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    text, status = project.run(*SHIPPED, figure)
    assert status != 0
    assert "error: shipped/quick/weight_decay_mlp.parquet: its sha256 is " in text
    assert not (project.folder / figure).exists()
    file.write_bytes(whole)

    project.edit_study(steps=61)
    text, status = project.run(*SHIPPED, figure)
    assert status != 0
    assert "its runs are not those that the study weight_decay_mlp has in the catalog now" in text


def test_trained_and_shipped_take_turns(finished, shipping, tmp_path):
    """A clone with results of its own has them back after it looked at those that are shipped."""
    project = shipping.copy(tmp_path / "project")
    (project.folder / "made").rename(project.folder / "results")
    target = "results/quick/figures/sakamoto2026_fig3.csv"
    assert project.jobs(target) == {}
    assert project.jobs(*SHIPPED, target) == {"shipped": 1, "figure": 1}
    project.make(*SHIPPED, target)
    assert project.jobs(target) == {"aggregate": 1, "figure": 1}
    project.make(target)
    assert project.jobs(target) == {}
