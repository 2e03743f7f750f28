"""Studies whose runs fork from those of another: what they may name."""

import pytest

from latephase.catalog import load
from latephase.errors import UserError
from latephase.runs import grid, spec
from tests.catalog.editing import OWN, dump_yaml

SETTING = {
    "data": {"name": "digits", "train_size": 50},
    "model": {"name": "mlp", "widths": [8]},
    "loss": {"name": "cross_entropy"},
    "optimizer": {"name": "sgd", "lr": 0.1},
    "batch_size": 10,
    "steps": 40,
    "checkpoints": {"log": 4, "states": [20]},
    "grid": {"seed": [1, 2]},
}
PARENT = SETTING | {
    "grids": [
        {"arm": "plain"},
        {"arm": "other", "regularizer": {"name": "ncc", "strength": 0.1}},
    ]
}
FORK = {"study": "parent", "run": {"arm": "other"}, "step": 20}


def of(setting):
    return {"title": "t", "question": "q", "added": "2026-12-09", "scales": {"quick": setting}}


@pytest.fixture
def loaded(root, config):
    """Load the catalog with a parent and a study that forks from it, with changes."""

    def loading(changes=(), fork=()):
        child = SETTING | {"fork": FORK | dict(fork)} | dict(changes)
        (root / OWN / "parent.yaml").write_text(dump_yaml(of(PARENT)))
        (root / OWN / "child.yaml").write_text(dump_yaml(of(child)))
        return load.load(root, config)

    return loading


def test_each_run_forks_from_the_run_of_its_seed(loaded):
    catalog = loaded()
    parents = {
        run["seed"]: spec.run_id(run)
        for run in grid.specs(catalog.setting("parent", "quick"))
        if "regularizer" in run
    }
    runs = grid.specs(catalog.setting("child", "quick"))
    assert {run["seed"]: run["fork"]["run"] for run in runs} == parents
    (pack,) = catalog.packs_of("child", "quick")
    assert set(catalog.parents_of(pack)) <= set(catalog.packs_of("parent", "quick"))
    assert catalog.parents_of(pack)


def test_a_study_of_forks_has_its_arms_as_a_column(loaded):
    columns, rows = grid.table(loaded().setting("parent", "quick"))
    assert columns[:2] == ["run", "arm"]
    assert [row["arm"] for row in rows] == ["plain", "plain", "other", "other"]


@pytest.mark.parametrize(
    ("changes", "fork", "said"),
    [
        ({}, {"study": "nothing"}, "fork.study is 'nothing'; allowed: "),
        (
            {},
            {"study": "child"},
            "fork.study is child, whose runs are forks; allowed: a study without forks",
        ),
        ({}, {"step": 21}, "fork.step is 21; allowed: 20, checkpoints.states of that study"),
        ({}, {"step": 21, "state": "reset"}, "fork.step is 21; allowed: 0, 1, "),
        ({}, {"run": {}}, "fork.run is {}, which selects several runs of seed 1; allowed: "),
        ({}, {"run": {"arm": "third"}}, "fork.run.arm is 'third'; allowed: plain, other"),
        ({}, {"run": {"optimizer.lr": 1}}, "fork.run.optimizer.lr is 1; allowed: an axis of"),
        ({"steps": 20}, {}, "steps is 20; allowed: above 20, where it forks"),
        ({"grid": {"seed": [1, 3]}}, {}, "grid.seed has 3, for which parent has no run"),
        ({"model": {"name": "mlp", "widths": [9]}}, {}, 'model is {"init_scale"'),
        ({"optimizer": {"name": "adam", "lr": 0.1}}, {}, "optimizer.name is adam; allowed: sgd"),
        (
            {"interventions": [{"step": 10, "temperature": 2.0}]},
            {},
            "interventions[0].step is 10; allowed: at least 20, where it forks",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(loaded, changes, fork, said):
    with pytest.raises(UserError) as caught:
        loaded(changes, fork)
    line = str(caught.value)
    assert line.startswith(f"{OWN}/child.yaml: scales.quick.")
    assert said in line
    assert "\n" not in line


def test_a_state_beyond_the_last_step_is_one_line(root, config):
    late = SETTING | {"checkpoints": {"log": 4, "states": [41]}}
    (root / OWN / "parent.yaml").write_text(dump_yaml(of(late)))
    with pytest.raises(UserError, match=r"checkpoints.states is \[41\]; allowed: at most 40"):
        load.load(root, config)


@pytest.mark.parametrize(
    ("intervention", "said"),
    [
        ({"step": 40, "temperature": 1.0}, "interventions[0].step is 40; allowed: below 40"),
        (
            {"step": 5, "until": 5, "temperature": 1.0},
            "until is 5; allowed: above 5 and at most 40",
        ),
        ({"step": 5}, "interventions[0] is {'step': 5}; allowed: keys, at least 2"),
        ({"step": 5, "until": 9}, "interventions[0].until is 9; allowed: none, because nothing la"),
        (
            {"step": 5, "until": 9, "scale_weights_to": 2.0},
            "interventions[0].until is 9; allowed: n",
        ),
        ({"step": 5, "schedule": "cosine"}, "is 'cosine'; allowed: an object with name or null"),
        ({"step": 5, "optimizer": {"beta1": 0.5}}, "optimizer.beta1 is not a number of sgd"),
        ({"step": 5, "optimizer": {"lr": -1}}, "optimizer.lr is -1; allowed: above 0"),
        ({"step": 5, "regularizer": {"name": "ncc"}}, "regularizer.strength is missing"),
        ({"step": 5, "regularizer": {"name": "l1", "strength": 1}}, "regularizer.name is 'l1'"),
        (
            {"step": 5, "schedule": {"name": "steps", "milestones": [35]}},
            "schedule.milestones is [35]; allowed: steps below the last, 35",
        ),
    ],
)
def test_a_bad_intervention_is_one_line(root, config, intervention, said):
    (root / OWN / "parent.yaml").write_text(
        dump_yaml(of(SETTING | {"interventions": [intervention]}))
    )
    with pytest.raises(UserError) as caught:
        load.load(root, config)
    line = str(caught.value)
    assert line.startswith(f"{OWN}/parent.yaml: scales.quick.")
    assert said in line


UNPLUGGED = [
    ("flatness_unplugged", "quick"),
    ("flatness_unplugged", "paper"),
    ("flatness_unplugged_vit", "paper"),
    ("flatness_unplugged_bert", "paper"),
    ("flatness_unplugged_gpt2", "paper"),
]
CHANGED = ("optimizer", "schedule")


@pytest.mark.parametrize(("study", "scale"), UNPLUGGED)
def test_where_a_regulariser_is_taken_away_two_controls_tell_what_did_it(shipped, study, scale):
    """Forks of one run for each seed: everything is changed, or one of two things alone."""
    setting = shipped.setting(study, scale)
    arms = {}
    for arm in ("unplugged", "the changes alone", "the removal alone"):
        runs = [run for run in grid.specs(setting, {"arm": arm}) if "fork" in run]
        arms[arm] = {run["seed"]: run for run in runs}
    assert len({*map(len, arms.values())}) == 1
    for seed, whole in arms["unplugged"].items():
        changes, removal = (arms[arm][seed] for arm in ("the changes alone", "the removal alone"))
        assert whole["fork"] == changes["fork"] == removal["fork"]
        held = shipped.packs[shipped.owners[whole["fork"]["run"]]]
        (parent,) = (run for run in spec.runs_of(held) if spec.run_id(run) == whole["fork"]["run"])
        assert whole["regularizer"]["strength"] == 0 != parent["regularizer"]["strength"]
        assert any(whole.get(key) != parent.get(key) for key in CHANGED)
        kept = {"regularizer": parent["regularizer"]}
        assert changes == whole | kept
        as_before = {key: parent[key] for key in CHANGED if key in parent}
        assert removal == {k: v for k, v in whole.items() if k not in CHANGED} | as_before
