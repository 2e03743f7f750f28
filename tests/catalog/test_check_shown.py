"""Figures and tables: their studies, programs, arguments, published values."""

import pytest

from latephase.catalog import check_shown, columns, load
from latephase.errors import UserError
from tests.catalog.editing import (
    ATLAS,
    FIGURES,
    MORE_FIGURES,
    STUDY,
    TABLES,
    add_study,
    dump_yaml,
    edit,
    line,
    load_yaml,
)

BAD = [
    (
        ATLAS,
        ["atlas_overview", "arguments", "quick"],
        {"weight_decay": 0.7},
        "atlas_overview.arguments.quick.weight_decay is 0.7",
        "0.15, 0.1, 0.07",
    ),
    (
        ATLAS,
        ["atlas_overview", "arguments", "quick"],
        {"colour": "red"},
        "atlas_overview.arguments.quick.colour is not a known key",
        "seed, weight_decay",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        ["loss_train", "nc3_dualty"],
        "zhao2026_fig4.arguments.both.metrics[1] is 'nc3_dualty'",
        "a metric of the data, such as nc3_duality",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        ["optimizer.lr"],
        "zhao2026_fig4.arguments.both.metrics[0] is 'optimizer.lr'",
        "a metric of the data",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        ["hessian_trace"],
        "zhao2026_fig4.arguments.both.metrics[0] is 'hessian_trace'",
        "a metric of the data",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        "nc0",
        "zhao2026_fig4.arguments.both.metrics is 'nc0'",
        "array",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "by"],
        ["optimizer.momentom"],
        "zhao2026_fig4.arguments.both.by[0] is 'optimizer.momentom'",
        "a column of the data, such as optimizer.momentum",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "only"],
        {"optimizer.momentom": [0.9]},
        "zhao2026_fig4.arguments.both.only",
        "optimizer.momentum",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "only"],
        {"optimizer.momentum": [0.8]},
        "zhao2026_fig4.arguments.both.only.optimizer.momentum is 0.8",
        "0.9",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both"],
        {"by": ["optimizer.momentum"]},
        "zhao2026_fig4.arguments.quick.metrics is missing",
        "must be given",
    ),
    (FIGURES, ["sakamoto2026_fig3", "study"], "wd", "sakamoto2026_fig3.study is 'wd'", "weight_d"),
    (FIGURES, ["sakamoto2026_fig3", "files"], ["nc9"], "sakamoto2026_fig3.files[0]", "margins"),
    (
        MORE_FIGURES,
        ["zhao2026_fig2", "published"],
        "zhao2026_fig99",
        "zhao2026_fig2.files",
        "no catalog/zhao2026/published/zhao2026_fig99.csv",
    ),
    (FIGURES, ["Fig 3"], {}, "Fig 3 is not a name", "^[a-z0-9_]+"),
    (TABLES, ["zhao2026_table2", "study"], "six", "zhao2026_table2.study is 'six'", "weight_decay"),
    (TABLES, ["zhao2026_table7", "beside"], ["x"], "zhao2026_table7.beside is 'x'", "weight_decay"),
    (TABLES, ["zhao2026_table2", "beside"], ["weight_decay_mlp"], "zhao2026_table2.beside", "toge"),
    (TABLES, ["zhao2026_table2", "files"], ["margins"], "zhao2026_table2.files[0]", "published"),
    (TABLES, ["zhao2026_table2", "colour"], 1, "zhao2026_table2.colour is not a known", "script"),
    (
        TABLES,
        ["zhao2026_table2", "script"],
        "zhao2026_fig2",
        "zhao2026_table2 has no script scripts/tables/zhao2026_fig2.py",
        "zhao2026_table2, zhao2026_table3",
    ),
    (
        TABLES,
        ["zhao2026_table2", "arguments"],
        {"quick": {"colour": "red"}},
        "zhao2026_table2.arguments.quick.colour is not a known key",
        "allowed: ",
    ),
    (
        TABLES,
        ["zhao2026_table2", "published"],
        "zhao2026_table1",
        "zhao2026_table2.files",
        "no catalog/zhao2026/published/zhao2026_table1.csv",
    ),
]


@pytest.mark.parametrize(("file", "keys", "value", "named", "allowed"), BAD)
def test_a_bad_figure_or_table_is_one_line(root, config, file, keys, value, named, allowed):
    edit(root / file, keys, value)
    message = line(root, config)
    assert message.startswith(f"{file}: {named}")
    assert allowed in message


def test_a_figure_without_a_script_is_one_line(root, config):
    entry = load_yaml((root / FIGURES).read_text())["sakamoto2026_fig3"]
    edit(root / FIGURES, ["fig99"], {key: entry[key] for key in entry if key != "script"})
    assert line(root, config).startswith(f"{FIGURES}: fig99 has no script scripts/figures/fig99.py")


def test_the_metrics_that_a_program_shows_are_checked(root, config, monkeypatch):
    literal = check_shown.declared.literal

    def mistaken(file, variable):
        found = literal(file, variable)
        return (
            ("nc0", "nc3_dualty")
            if (file.stem, variable) == ("zhao2026_fig8", "METRICS")
            else found
        )

    monkeypatch.setattr(check_shown.declared, "literal", mistaken)
    assert line(root, config) == (
        "scripts/figures/zhao2026_fig8.py: METRICS[1] is 'nc3_dualty'; "
        "allowed: a metric of the data, such as nc3_duality, nc3_product"
    )


def test_the_columns_of_published_values_are_checked(root, config, monkeypatch):
    literal = check_shown.declared.literal

    def mistaken(file, variable):
        found = literal(file, variable)
        return ["momentom"] if (file.stem, variable) == ("zhao2026_fig5", "PUBLISHED") else found

    monkeypatch.setattr(check_shown.declared, "literal", mistaken)
    assert line(root, config).startswith(
        "catalog/zhao2026/published/zhao2026_fig5.csv: column momentom is missing, which "
        "scripts/figures/zhao2026_fig5.py asks for; it has momentum"
    )


def test_options_for_both_scales_are_checked_at_each(root, config):
    add_study(root, "decays", "2030-01-02", {"optimizer.weight_decay": [0.01], "seed": [1]})
    entry = load_yaml((root / FIGURES).read_text())["sakamoto2026_fig2"]
    more = {"study": "decays", "files": ["data"], "script": "margins"}
    more["arguments"] = {"both": {"weight_decay": 0.5}}
    edit(root / FIGURES, ["more"], entry | more)
    assert (
        line(root, config) == f"{FIGURES}: more.arguments.both.weight_decay is 0.5; allowed: 0.01"
    )
    edit(root / FIGURES, ["more", "arguments"], {"both": {"weight": 0.5}})
    assert f"{FIGURES}: more.arguments.both.weight is not a known key" in line(root, config)


def test_studies_beside_are_left_out_where_they_lack_the_scale(root, config):
    add_study(root, "only_quick", "2030-01-02", {"optimizer.name": ["sgd"], "seed": [1]})
    entry = {"title": "x", "study": "best_runs"}
    entry |= {
        "beside": ["only_quick"],
        "files": ["data", "beside"],
        "script": "metric_against_metric",
    }
    edit(root / FIGURES, ["both"], entry)
    loaded = load.load(root, config)
    assert loaded.studies_of(entry, "quick") == ["best_runs", "only_quick"]
    assert loaded.studies_of(entry, "paper") == ["best_runs"]
    assert "both" in loaded.chosen_figures("paper")
    # A table compares what stands beside it: it needs it at all its scales.
    edit(root / TABLES, ["both"], entry | {"script": "zhao2026_table7"})
    assert line(root, config) == (
        f"{TABLES}: both.beside is 'only_quick', which has no scale 'paper'; "
        "allowed: studies with the scales of best_runs"
    )


def test_a_figure_of_margins_needs_a_study_with_margins(root, config):
    content = load_yaml((root / STUDY).read_text())
    del content["scales"]["quick"]["margins"]
    (root / STUDY).write_text(dump_yaml(content))
    assert line(root, config).startswith(f"{STUDY}: scales.quick.margins is missing")


@pytest.fixture
def published(monkeypatch, tmp_path):
    """What is said of a file of published values that a figure by weight decay is given."""

    def said(content):
        (tmp_path / "values.csv").write_bytes(content)
        program = check_shown.program_of("figures", "by_weight_decay", {})
        monkeypatch.setattr(check_shown, "ROOT", tmp_path)
        with pytest.raises(UserError) as caught:
            check_shown._check_published("here: fig", "values.csv", program)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"optimizer,nc0\n", "column weight_decay is missing, which scripts/figures/by_weight_"),
        (
            b"optimizer,weight_decay,nc33\n",
            "column nc33 is not known; allowed: those that scripts/figures/by_weight_decay.py "
            "knows, optimizer, weight_decay, nc0, nc1, nc2, nc3, relative_error",
        ),
        (b"optimizer,weight_decay\nadam,0.1\n\xe4,1\n", "cannot be read ('utf-8' codec can't"),
        (b"", "column optimizer is missing"),
    ],
)
def test_published_values_have_known_columns(published, content, said):
    assert published(content).startswith(f"values.csv: {said}")


def test_values_for_a_program_that_reads_none_are_told(root, config):
    edit(root / MORE_FIGURES, ["zhao2026_fig8", "published"], "zhao2026_fig5")
    edit(root / MORE_FIGURES, ["zhao2026_fig8", "files"], ["data", "published"])
    assert line(root, config) == (
        f"{MORE_FIGURES}: zhao2026_fig8.files has published, which "
        "scripts/figures/zhao2026_fig8.py does not read"
    )


@pytest.mark.parametrize(
    ("script", "files", "said"),
    [
        ("margins", ["data"], "files lacks margins, which scripts/figures/margins.py needs"),
        ("zhao2026_fig5", ["data"], "files lacks published, which scripts/figures/zhao2026_fig5"),
        ("over_time", ["data", "margins"], "files has margins, which scripts/figures/over_time.py"),
        (
            "over_time",
            ["data", "beside"],
            "files has beside, which scripts/figures/over_time.py do",
        ),
        ("metric_against_metric", ["beside"], "files lacks data, which scripts/figures/metric_ag"),
    ],
)
def test_a_program_is_given_the_files_that_it_takes(script, files, said):
    program = check_shown.ROOT / f"scripts/figures/{script}.py"
    with pytest.raises(UserError) as caught:
        check_shown._check_files("x.files", files, program)
    assert str(caught.value).startswith(f"x.{said}")


COMPARED = {"files": ["data", "beside"], "beside": ["best_runs"]}
NEEDED = [
    (
        {"study": "weight_decay_mlp", "script": "zhao2026_fig8"},
        "study is 'weight_decay_mlp', whose data have no column 'optimizer.coupled_weight_decay' "
        "at scale quick; allowed: a study with all columns that "
        "scripts/figures/zhao2026_fig8.py reads",
    ),
    (
        COMPARED | {"study": "coupling_mixture", "script": "zhao2026_fig8"},
        "beside is 'best_runs', whose data have no column 'optimizer.coupled_weight_decay'",
    ),
    (
        {"study": "best_runs", "script": "by_weight_decay"}
        | {"arguments": {"both": {"optimizers": ["adam", "adamww"]}}},
        "arguments.both.optimizers[1] is 'adamww'; allowed: sgd, sgdw, ",
    ),
]


def check_entry(catalog, entry, kind="figures", name="more"):
    entry = {"paper": "own", "files": ["data"]} | entry
    check_shown._check_entry(catalog, columns.reader(catalog), kind, name, entry)


@pytest.mark.parametrize(("entry", "said"), NEEDED)
def test_what_a_program_needs_is_in_the_data(shipped, entry, said):
    with pytest.raises(UserError) as caught:
        check_entry(shipped, entry)
    assert str(caught.value).startswith(f"catalog/own/figures.yaml: more.{said}")


def test_a_table_needs_columns_of_its_study_and_others_of_the_one_beside(shipped):
    entry = shipped.tables["zhao2026_table7"]
    six = "optimizer_trajectories"
    with pytest.raises(UserError, match=rf"study is '{six}', .* column 'steps'"):
        check_entry(shipped, entry | {"study": six, "beside": [six]}, "tables", "zhao2026_table7")


def test_an_option_may_be_null(shipped):
    null = {"arguments": {"both": {"weight_decay": None, "seed": None}}}
    check_entry(shipped, shipped.figures["atlas_overview"] | null, name="atlas_overview")
