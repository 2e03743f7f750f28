"""One-off runs: what a variation of a study is, and what is refused."""

import shutil

import pytest
import yaml

from latephase.catalog import explored, load
from latephase.errors import UserError
from scripts import explore
from tests.catalog.editing import ROOT, add_study
from tests.catalog.editing import SETTING as SETTING_OF_STUDY
from tests.one_study import keep_one_study

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SETTING = {
    "data": {"name": "digits"},
    "optimizer": {"name": "adamw", "lr": 0.001},
    "steps": 100,
    "margins": {"steps": [1]},
    "grid": {"optimizer.weight_decay": [0.3, 0.1], "seed": [1, 2]},
}


SETTING_OF_FILE = SETTING_OF_STUDY | {"grid": {"seed": [1]}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("3", 3), ("0.05", 0.05), ("1e-3", 0.001), ("sgd", "sgd"), ("true", True)],
        *[("null", None), ("[64,64]", [64, 64]), ("[1e-3, 2]", [0.001, 2])],
        ("{name: adamw, lr: 1e-2}", {"name": "adamw", "lr": 0.01}),
    ],
)
def test_values_are_what_they_look_like(text, value):
    assert explore.changes([f"key={text}"]) == {"key": [value]}


@pytest.mark.parametrize(
    "given",
    [
        *(["key"], ["=3"], ["key="], ["a=1", "a=2"], ["grid=3"], ["grid.seed=3"], ["like=x"]),
        *(["a=nan"], ["a=1e400"], ["a=2026-01-01"], ["a=!!binary YWJj"], ["a=1,,"], ["a=[1"]),
    ],
)
def test_other_forms_are_one_line(given):
    with pytest.raises(UserError, match=r"^--set"):
        explore.changes(given)


def test_values_take_the_place_of_the_study_s_own():
    changed = explore.changes(["optimizer.weight_decay=0.05", "optimizer.lr=0.01", "seed=7,8"])
    assert explore.varied(SETTING, changed) == {
        "data": {"name": "digits"},
        "optimizer": {"name": "adamw", "lr": 0.01},
        "steps": 100,
        "grid": {"optimizer.weight_decay": [0.05], "seed": [7, 8]},
    }
    assert SETTING["optimizer"]["lr"] == 0.001 and "margins" in SETTING


def test_several_values_make_an_axis():
    varied = explore.varied(SETTING, {"optimizer.lr": [0.1, 0.2]})
    assert varied["grid"]["optimizer.lr"] == [0.1, 0.2]


def test_grids_that_come_out_alike_are_one():
    grids = [{"grid": {"optimizer.weight_decay": [d], "seed": [1]}} for d in (0.1, 0.2)]
    union = {key: value for key, value in SETTING.items() if key != "grid"} | {"grids": grids}
    assert len(explore.varied(union, {"steps": [5]})["grids"]) == 2
    assert explore.varied(union, {"optimizer.weight_decay": [0.3]})["grid"] == {
        "optimizer.weight_decay": [0.3],
        "seed": [1],
    }


def test_nothing_is_below_a_number():
    with pytest.raises(UserError, match="steps has nothing below it"):
        explore.varied(SETTING, {"steps.of": [3]})


def test_the_same_variation_has_the_same_name():
    names = {
        explore.name_of("x", "quick", explore.varied(SETTING, {"steps": [n]})) for n in (5, 5, 6)
    }
    assert len(names) == 2


@pytest.fixture
def file(tmp_path):
    """A file of a variation of a shipped study."""
    setting = load.load(ROOT, CONFIG).setting("weight_decay_mlp", "quick")
    varied = explore.varied(setting, {"steps": [20], "seed": [7]})
    path = tmp_path / "mine.yaml"
    content = explore.study("weight_decay_mlp", "quick", varied, ["steps=20", "seed=7"])
    path.write_text(yaml.safe_dump(content))
    return path


def test_it_is_a_study_with_a_figure_as_long_as_it_is_named(file):
    catalog = load.load(ROOT, CONFIG | {"explored": str(file)})
    assert catalog.file_of("mine") == str(file)
    assert catalog.figures["mine"]["arguments"]["quick"]["by"] == ["optimizer.weight_decay"]
    assert catalog.packs_of("mine", "quick")
    assert "mine" not in load.load(ROOT, CONFIG).studies


def test_packs_that_others_have_stay_theirs(file):
    """A variation that changes nothing has no pack of its own."""
    content = yaml.safe_load(file.read_text())
    setting = load.load(ROOT, CONFIG).setting("weight_decay_mlp", "quick")
    content["scales"]["quick"] = explore.varied(setting, {})
    content["added"] = "2000-01-01"
    file.write_text(yaml.safe_dump(content))
    catalog = load.load(ROOT, CONFIG | {"explored": str(file)})
    assert catalog.packs_of("mine", "quick") == catalog.packs_of("weight_decay_mlp", "quick")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A catalog of two studies, one of which forks from the other."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "catalog", root / "catalog")
    keep_one_study(root)
    axes = {"seed": [1, 2]}
    add_study(root, "parents", "2030-01-01", axes, checkpoints={"log": 3, "states": [5]})
    add_study(root, "forks", "2030-01-02", axes, fork={"study": "parents", "step": 5})
    return root


@pytest.mark.parametrize(
    ("setting", "by"),
    [
        (SETTING_OF_FILE, ["optimizer.weight_decay"]),
        (SETTING_OF_FILE | {"grid": {"optimizer.lr": [0.1, 0.2], "seed": [1]}}, ["optimizer.lr"]),
        ({"like": "weight_decay_mlp", "batch_size": 50}, ["optimizer.weight_decay"]),
    ],
)
def test_a_file_written_by_hand_is_drawn_at_its_scales(small, tmp_path, setting, by):
    told = {"title": "x", "question": "?", "added": "2026-12-01"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(told | {"scales": {"quick": setting}}))
    catalog = load.load(small, CONFIG | {"explored": str(tmp_path / "mine.yaml")})
    (arguments,) = catalog.figures["mine"]["arguments"].values()
    assert arguments["by"] == by


def test_a_file_without_a_grid_is_told(small, tmp_path):
    setting = {key: value for key, value in SETTING_OF_FILE.items() if key != "grid"}
    told = {"title": "x", "question": "?", "added": "2026-12-01", "scales": {"quick": setting}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(told))
    with pytest.raises(UserError, match=r"mine\.yaml: scales\.quick\.grid is missing"):
        load.load(small, CONFIG | {"explored": str(tmp_path / "mine.yaml")})
    with pytest.raises(UserError, match=r"^config: explored is .* allowed: a file that exists"):
        load.load(small, CONFIG | {"explored": "x" * 300})


def test_a_study_of_forks_can_be_varied(small, tmp_path):
    """What the catalog has found out, such as the runs that it forks from, is no key of a study."""
    written = load.load(small, CONFIG).written["forks"]["quick"]
    varied = explore.varied(written, explore.changes(["optimizer.lr=0.2"]))
    content = explore.study("forks", "quick", varied, ["optimizer.lr=0.2"])
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    catalog = load.load(small, CONFIG | {"explored": str(tmp_path / "mine.yaml")})
    assert len(catalog.packs_of("mine", "quick")) == 1


def test_settings_after_the_dashes_are_heeded(monkeypatch):
    options = ["-c4", "--config", "mirror=/data", "results=made", "--quiet", "rules"]
    config = explore.configuration(options)
    assert (config["mirror"], config["results"], config["scale"]) == ("/data", "made", "quick")
    whole = explore.with_settings(options, ["scale=paper", "explored=x.yaml"])
    given = explore.get_argument_parser().parse_args([*whole, "--", "x.png"])
    assert given.config == ["scale=paper", "explored=x.yaml", "mirror=/data", "results=made"]
    assert given.targets == ["x.png"]
    assert explore.with_settings(["-c4"], ["a=b"]) == ["-c4", "--config", "a=b"]


@pytest.mark.parametrize("options", [["--configfile", "no.yaml"], ["--config", "mirror"]])
def test_settings_that_cannot_be_read_are_one_line(options):
    with pytest.raises(
        UserError, match=r"^config: [^\n]+; allowed: settings that Snakemake reads$"
    ):
        explore.configuration(options)


def test_mistakes_are_one_line(file, tmp_path):
    def told(path):
        with pytest.raises(UserError) as caught:
            load.load(ROOT, CONFIG | {"explored": str(path)})
        return str(caught.value)

    assert "allowed: a file that exists" in told(tmp_path / "no.yaml")
    assert "allowed: a name that no study has" in told(file.rename(tmp_path / "best_runs.yaml"))
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("title: only")
    assert told(wrong).startswith(str(wrong))


def test_a_study_that_is_not_there_is_one_line_and_leaves_nothing(capsys):
    with pytest.raises(UserError, match=r"^--like is 'no'; allowed: best_runs, "):
        explore.main(["--like", "no"])
    assert explored.PAPER in load.load(ROOT, CONFIG).papers
