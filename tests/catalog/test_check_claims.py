"""Claims: their studies, statistics and arguments."""

import dataclasses

import pytest

from latephase.analysis.controls import CONTROLS
from latephase.catalog import check_claims
from latephase.errors import UserError
from latephase.runs import code_digest
from tests.catalog.editing import CLAIMS, MORE_CLAIMS, ROOT, edit, line, load_yaml

BAD = [
    (
        MORE_CLAIMS,
        ["claims", 1, "arguments", "metric"],
        "nc00",
        "zhao2026-sgd-falls.arguments.metric is 'nc00'",
        "such as nc0",
    ),
    (CLAIMS, ["claims", 0, "study"], "wd", "sakamoto2026-delay.study is 'wd'", "weight_decay_mlp"),
    (CLAIMS, ["claims", 1, "id"], "sakamoto2026-delay", "id 'sakamoto2026-delay'", "once"),
    (CLAIMS, ["claims", 0, "statistic"], "luck", "sakamoto2026-delay.statistic is 'luck'", "clock"),
    (CLAIMS, ["claims", 0, "arguments"], {"stay": 3}, "sakamoto2026-delay.arguments", "threshold"),
    (
        CLAIMS,
        ["claims", 0, "threshold"],
        {"low": None, "high": None},
        "claims[0].threshold",
        "number",
    ),
    (
        CLAIMS,
        ["claims", 0, "threshold"],
        {"low": 1.0, "high": 0.5},
        "sakamoto2026-delay.threshold.low is 1.0",
        "at most high, 0.5",
    ),
]


@pytest.mark.parametrize(("file", "keys", "value", "named", "allowed"), BAD)
def test_what_is_wrong_with_a_claim_is_one_line(root, config, file, keys, value, named, allowed):
    edit(root / file, keys, value)
    message = line(root, config)
    assert message.startswith(f"{file}: {named}")
    assert allowed in message


STATISTICS = """
def plain(table, *, metrics: Sequence[Metric], fitted: float, stay: int, strict: bool,
          share: Column | None, told: str, weights: Mapping[str, float]):
    pass


def kinds(table, coupled: claim.Optimizer, more: list[Optimizer], options: Options):
    pass


def bare(table, metric):
    pass


def strange(table, *, values: np.ndarray):
    pass


def nothing():
    pass


def helper(values, strange):
    pass
"""
SCHEMA = load_yaml((ROOT / "catalog/schemas/claims.schema.yaml").read_text())
PLAIN = {"metrics": ["nc0"], "fitted": 0.99, "stay": 3, "strict": True, "share": "seed"}
PLAIN |= {"told": "x", "weights": {"a": 1, "b": 0.5}}
NOTHING_ELSE = [{"shuffle": "labels"}]
KINDS = {"coupled": "muon", "more": ["lion"], "options": {"head": "adam"}}


@pytest.fixture
def complaint(shipped, monkeypatch, tmp_path):
    """What is said of a claim by one of the statistics above; nothing of a good one."""
    folder = tmp_path / "latephase/papers/new2030"
    folder.mkdir(parents=True)
    (folder / "claims.py").write_text(STATISTICS)
    for module in (check_claims, code_digest):
        monkeypatch.setattr(module, "ROOT", tmp_path)

    def said(statistic, arguments, controls=NOTHING_ELSE):
        claim = {"paper": "new2030", "id": "new", "study": "modern_optimizers"}
        claim |= {"statistic": statistic, "arguments": arguments, "controls": controls}
        claim["threshold"] = {"low": 0.0, "high": None}
        try:
            check_claims.check_claims(dataclasses.replace(shipped, claims=[claim]), SCHEMA)
        except UserError as error:
            assert "\n" not in str(error)
            return str(error)

    return said


def test_arguments_are_of_the_types_that_a_statistic_annotates(complaint):
    assert complaint("plain", PLAIN) is None
    assert complaint("plain", PLAIN | {"share": None, "fitted": 1}) is None
    assert complaint("kinds", KINDS) is None
    assert complaint("kinds", KINDS | {"options": {}}) is None


@pytest.mark.parametrize(
    ("statistic", "changed", "said"),
    [
        ("plain", {"metrics": "nc0"}, "metrics is 'nc0'; allowed: array"),
        ("plain", {"metrics": ["nc0", "nc00"]}, "metrics[1] is 'nc00'; allowed: a metric"),
        ("plain", {"fitted": "0.99"}, "fitted is '0.99'; allowed: number (YAML reads 0.99 as text"),
        ("plain", {"stay": 3.0}, "stay is 3.0; allowed: integer"),
        ("plain", {"strict": 1}, "strict is 1; allowed: boolean"),
        ("plain", {"share": "sed"}, "share is 'sed'; allowed: a column of the data, such as seed"),
        ("plain", {"share": 3}, "share is 3; allowed: "),
        ("plain", {"told": 3}, "told is 3; allowed: string"),
        ("plain", {"weights": {"a": "1"}}, "weights.a is '1'; allowed: number"),
        ("kinds", {"coupled": "mun"}, "coupled is 'mun'; allowed: lion, muon, shampoo"),
        ("kinds", {"more": ["lion", "adm"]}, "more[1] is 'adm'; allowed: lion, muon, shampoo"),
        ("kinds", {"options": {"haed": "adam"}}, "options is {'haed': 'adam'}; allowed: name: "),
        ("kinds", {"options": {"head": "adm"}}, "options is {'head': 'adm'}; allowed: name: "),
    ],
)
def test_arguments_of_another_type_are_told(complaint, statistic, changed, said):
    arguments = {"plain": PLAIN, "kinds": KINDS}[statistic] | changed
    message = complaint(statistic, arguments)
    assert message.startswith(f"catalog/new2030/claims.yaml: new.arguments.{said}")


def test_a_statistic_may_be_imported_from_a_module_of_the_paper(complaint, tmp_path):
    folder = tmp_path / "latephase/papers/new2030"
    (folder / "claims.py").rename(folder / "subject.py")
    (folder / "claims.py").write_text(
        "import numpy\nfrom latephase.papers.claim import Result\n"
        "from latephase.papers.new2030.subject import nothing, plain\n"
    )
    assert complaint("plain", PLAIN) is None
    said = complaint("plain", PLAIN | {"stay": 3.0})
    assert said == "catalog/new2030/claims.yaml: new.arguments.stay is 3.0; allowed: integer"
    assert complaint("kinds", KINDS).endswith("new.statistic is 'kinds'; allowed: plain")


def test_an_optimizer_is_one_of_the_study_s(root, config):
    edit(root / MORE_CLAIMS, ["claims", 1, "study"], "weight_decay_mlp")
    assert "optimizer is 'sgd'; allowed: adamw" in line(root, config)


@pytest.mark.parametrize(
    ("statistic", "arguments", "said"),
    [
        ("bare", {"metric": "nc0"}, "argument metric of bare is not annotated; allowed: float, "),
        ("strange", {"values": [1]}, "argument values of strange is annotated np.ndarray; allowed"),
    ],
)
def test_an_annotation_that_says_nothing_is_told(complaint, statistic, arguments, said):
    message = complaint(statistic, arguments)
    assert message.startswith(f"latephase/papers/new2030/claims.py: {said}")


@pytest.mark.parametrize("statistic", ["nothing", "helper"])
def test_what_takes_no_table_is_no_statistic(complaint, statistic):
    assert complaint(statistic, {}) == (
        f"catalog/new2030/claims.yaml: new.statistic is '{statistic}'; "
        "allowed: plain, kinds, bare, strange"
    )


MUON = {"optimizer.name": "muon"}
GOOD = [
    {"shuffle": "labels"},
    {"shuffle": ["nc0"]},
    {"reverse": ["optimizer.weight_decay"]},
    {"exchange": {"optimizer.name": ["lion", "muon"]}},
    {"flat": ["nc0"]},
    {"in_common": ["nc0", "rnc1"]},
    {"scale": {"metric": "nc0", "by": 2, "where": MUON}},
    {"scale": {"metric": "nc0", "by": -0.5}},
    {"delay": {"metric": "nc0", "by": -0.5}},
    {"lower": {"metric": "nc0", "by": 0.5, "with": "rnc1"}},
    {"put": {"accuracy_test": "accuracy_train"}},
]


def test_each_control_may_be_named(complaint):
    assert {kind for control in GOOD for kind in control} == set(CONTROLS)
    assert complaint("plain", PLAIN, GOOD) is None


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ({"shufle": "labels"}, "[0].shufle is not a known key; allowed: "),
        ({"shuffle": "runs"}, "[0].shuffle"),
        ({"flat": ["nc00"]}, "[0].flat[0] is 'nc00'; allowed: a metric of the data"),
        ({"flat": []}, "[0].flat"),
        ({"reverse": ["optimizer.lrr"]}, "[0].reverse[0] is 'optimizer.lrr'; allowed: a column"),
        ({"exchange": {"optimizer.name": ["lion"]}}, "[0].exchange.optimizer.name"),
        (
            {"exchange": {"optimizer.name": ["lion", "adm"]}},
            "[0].optimizer.name is 'adm'; allowed: lion, muon, shampoo",
        ),
        ({"scale": {"metric": "nc0"}}, "[0].scale.by"),
        (
            {"scale": {"metric": "nc0", "by": 2, "where": {"optimizer.head": "adm"}}},
            "[0].optimizer.head is 'adm'; allowed: ",
        ),
        ({"put": {"accuracy_test": "accuracy_trian"}}, "[0].put.accuracy_test is 'accuracy_tri"),
        ({"flat": ["nc0"], "shuffle": "labels"}, "[0]"),
    ],
)
def test_a_wrong_control_is_told(complaint, control, said):
    message = complaint("plain", PLAIN, [control])
    assert message.startswith(f"catalog/new2030/claims.yaml: new.controls{said}")
