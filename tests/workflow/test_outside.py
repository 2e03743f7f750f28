"""Checkpoints made elsewhere: the example of docs/checkpoints.md, its command and its study."""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest
import torch
import yaml

from tests.workflow.conftest import ROOT, Project

pytestmark = pytest.mark.workflow

DOCUMENT = (ROOT / "docs/checkpoints.md").read_text()
STUDY, FIGURE = "catalog/own/studies/my_run.yaml", "my_overview"
OVERVIEW = [f"results/quick/figures/{FIGURE}.{kind}" for kind in ("pdf", "png", "csv")]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.M | re.S)


def commands() -> tuple[str, str]:
    """Training and measuring; and the figure."""
    measure, figure = blocks("bash")
    return measure.replace("python ", f"{sys.executable} "), figure


@pytest.fixture(scope="module")
def trained(sources, tmp_path_factory) -> Project:
    """A project in which the example was followed to its first picture; not to be changed."""
    project = sources.copy(tmp_path_factory.mktemp("outside") / "latephase")
    mine = project.folder / "mine"
    mine.mkdir()
    model, script = blocks("python")
    (mine / "my_model.py").write_text(model)
    (mine / "train.py").write_text(script)
    done = subprocess.run(
        ["bash", "-euc", commands()[0]], cwd=project.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (project.folder / "printed").write_text(done.stdout)
    study, figure, _ = blocks("yaml")
    (project.folder / STUDY).write_text(study)
    (project.folder / "catalog/own/figures.yaml").write_text(figure)
    project.edit_config(npz={"my_digits": "mine/digits.npz"})
    assert "npz='{my_digits: mine/digits.npz}'" in commands()[1]
    assert OVERVIEW[0] in commands()[1]
    return project


@pytest.fixture(scope="module")
def measured(trained, tmp_path_factory) -> Project:
    """And to its second; not to be changed."""
    project = trained.copy(tmp_path_factory.mktemp("measured") / "latephase")
    project.make("--", *OVERVIEW)
    return project


@pytest.fixture
def mine(measured, tmp_path) -> Project:
    """To do with as a test likes."""
    return measured.copy(tmp_path / "mine")


def test_the_script_is_plain_and_short():
    script = blocks("python")[1]
    assert len([line for line in script.splitlines() if line.strip()]) <= 26
    assert "latephase" not in script


def test_one_command_measures_and_draws(trained):
    printed = (trained.folder / "printed").read_text().splitlines()
    told = blocks("text")[0].splitlines()
    # The digits of steps may go with the processor.
    plain = [[re.sub(r"[\d,]+", "n", line) for line in lines] for lines in (printed, told)]
    assert plain[0] == plain[1]
    table = pd.read_parquet(trained.folder / "mine/metrics.parquet")
    assert len(table) == 26
    assert table["step"].tolist() == sorted(table["step"])
    assert table["accuracy_train"].iloc[-1] == 1
    assert table["rnc1"].iloc[-1] < 0.7 * table["rnc1"].iloc[0]
    # By hand, from the file that the script saved.
    state = torch.load(trained.folder / "mine/runs/42/step_1000.pt", weights_only=True)
    row = table[table["step"] == 1000].iloc[0]
    sums = state["head.weight"].double().sum(0).norm().item()
    assert row["nc0"] == pytest.approx(sums, rel=1e-6)
    for kind in ("png", "pdf", "csv"):
        assert (trained.folder / f"mine/overview.{kind}").stat().st_size > 1000
    onsets = pd.read_csv(trained.folder / "mine/overview.csv").query("mark == 'onset'")
    steps = onsets.set_index("metric")["step"]
    assert steps["memorisation"] < steps["generalisation"]
    assert not [*trained.folder.glob("mine/.measure-*")]


def test_the_study_trains_nothing(trained):
    expected = {"prepare_data": 1, "convert_checkpoints": 1, "extract": 4}
    assert trained.jobs("--", *OVERVIEW) == expected | {"aggregate": 1, "figure": 1}


def test_the_study_has_the_same_numbers_and_picture(measured):
    study = pd.read_parquet(measured.folder / "results/quick/studies/my_run.parquet")
    alone = pd.read_parquet(measured.folder / "mine/metrics.parquet")
    beside = ["run", "pack", "optimizer.name"]
    pd.testing.assert_frame_equal(
        study.drop(columns=beside), alone.drop(columns=beside, errors="ignore")
    )
    drawn, pictured = (
        pd.read_csv(measured.folder / name).drop(columns="run")
        for name in (OVERVIEW[2], "mine/overview.csv")
    )
    pd.testing.assert_frame_equal(drawn, pictured)


def test_what_changes_nothing_runs_nothing(mine):
    assert mine.jobs("--", *OVERVIEW) == {}
    for path in (mine.folder / "mine").rglob("*"):
        os.utime(path, (0, 0))
    mine.append("mine/my_model.py", "# A remark.")
    (mine.folder / "mine/runs/42/optimizer.pt").touch()
    mine.append("catalog/own/studies/README.md", "A remark.")
    assert mine.jobs("--", *OVERVIEW) == {}


def test_other_checkpoints_and_another_network_are_measured_again(mine):
    again = {"convert_checkpoints": 1, "extract": 4, "aggregate": 1, "figure": 1}
    last = mine.folder / "mine/runs/42/step_2371.pt"
    content = last.read_bytes()
    state = torch.load(last, weights_only=True)
    torch.save(state | {"head.bias": state["head.bias"] + 1}, last)
    assert mine.jobs("--", *OVERVIEW) == again
    last.write_bytes(content)
    assert mine.jobs("--", *OVERVIEW) == {}
    mine.replace("mine/my_model.py", "nn.ReLU()", "nn.Tanh()")
    assert mine.jobs("--", *OVERVIEW) == again


def test_the_trained_study_beside_it_is_as_it_was(trained):
    """Its packs and theirs are made by different rules."""
    jobs = trained.jobs("--", "results/quick/studies/weight_decay_mlp.parquet")
    assert jobs == {"prepare_data": 1, "train": 2, "extract": 8, "aggregate": 1}


BAD = {
    "a parameter": (
        {"class": "Bigger"},
        r"mine/runs/42/step_1\.pt: has no scale, which mine/my_model\.py:Bigger has",
    ),
    "shape": (
        {"arguments": {"width": 99}},
        r"step_1\.pt: body\.0\.weight has shape \[100, 64\]; allowed: \[99, 64\]",
    ),
    "features": ({"features": "body.2"}, r"the output of body\.2, \[100\], is not what goes into"),
}


@pytest.mark.parametrize("changes, told", BAD.values(), ids=BAD)
def test_what_only_the_job_can_see_is_one_line_too(mine, changes, told):
    mine.append("mine/my_model.py", "\n\nclass Bigger(Net):\n    def __init__(self):")
    mine.append("mine/my_model.py", "        super().__init__()")
    mine.append("mine/my_model.py", "        self.scale = nn.Parameter(self.head.bias * 2)")
    study = yaml.safe_load((mine.folder / STUDY).read_text())
    model = study["scales"]["quick"]["model"]
    model.pop("arguments")
    model |= changes
    mine.write_yaml(STUDY, study)
    text, status = mine.run("--", *OVERVIEW)
    assert status != 0
    lines = {line for line in text.splitlines() if line.startswith("error: ")}
    assert len(lines) == 1, text
    assert re.search(told, lines.pop())
    assert "Traceback" not in text
