"""What jobs are made from and called with, asked without Snakemake."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from latephase.catalog import load
from latephase.catalog.entries import SCALES
from latephase.errors import UserError
from latephase.metrics import families
from latephase.metrics.families import FAMILIES
from latephase.runs import grid, spec
from latephase.runs.columns import ALWAYS
from rules import libraries
from rules.targets import Targets

ROOT = Path(__file__).parents[2]
STUDY, SCALE = "weight_decay_mlp", "quick"


def wildcards(**names):
    return SimpleNamespace(**names)


def targets(**changes):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    return Targets(load.load(ROOT, config | changes), ROOT)


@pytest.fixture(scope="module")
def shipped():
    return targets()


@pytest.fixture(scope="module")
def pack(shipped):
    return wildcards(pack=shipped.catalog.packs_of(STUDY, SCALE)[0])


def test_a_pack_is_trained_on_its_data(shipped, pack):
    assert shipped.pack_data(pack) == "results/data/digits.safetensors"
    assert spec.pack_id(shipped.pack_spec(pack)) == pack.pack


def test_the_code_of_a_training_is_that_of_its_own_parts(shipped, pack):
    """Of two packs of one optimizer it is the same, of another optimizer's it is not."""
    same = wildcards(pack=shipped.catalog.packs_of(STUDY, SCALE)[1])
    other = wildcards(pack=next(name for name in shipped.catalog.packs if "-mlp-sgd-" in name))
    codes = [shipped.pack_code("scripts.train", each) for each in (pack, same, other)]
    assert codes[0] == codes[1] != codes[2]


def test_a_training_s_time_grows_with_its_steps_and_with_each_attempt(shipped, pack):
    minutes = shipped.catalog.minutes(pack.pack)
    assert shipped.train_minutes(pack, 1) == 10 + 2 * minutes
    assert shipped.train_minutes(pack, 3) == 3 * (10 + 2 * minutes)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_measured_by_its_program(shipped, pack, family):
    asked = wildcards(pack=pack.pack, family=family)
    assert shipped.extraction(asked) == f"extract.{family}"
    assert shipped.extraction_inputs(asked) == {}
    assert shipped.extraction_options(asked, {}) == []


def test_a_family_s_further_input_is_what_it_declares(shipped, pack):
    asked = wildcards(pack=pack.pack, family="mutual_information")
    entry = shipped.pack_spec(pack)["common"]["data"]
    file = f"results/data/digits-{spec.digest(entry)}.encoding.safetensors"
    assert shipped.extraction_inputs(asked) == {"inputs_encoding": file}
    assert shipped.extraction_options(asked, {"inputs_encoding": "elsewhere"}) == [
        "--inputs-encoding=elsewhere"
    ]


def test_a_metric_of_the_user_s_is_measured_by_the_program_of_all_such(shipped, pack):
    asked = wildcards(pack=pack.pack, family="sparsity")
    assert shipped.extraction(asked) == "extract.own"
    assert shipped.extraction_options(asked, {}) == ["--metric=sparsity"]


def test_families_have_codes_of_their_own(shipped, pack):
    asked = [wildcards(pack=pack.pack, family=family) for family in FAMILIES]
    assert len({shipped.extraction_code(each) for each in asked}) == len(FAMILIES)


def test_a_family_s_inputs_are_declared_in_one_place(monkeypatch):
    """Another family with the same input is given it; an input that no rule makes is refused."""
    further = SimpleNamespace(EVERY_RUN=True, INPUTS=("inputs_encoding",), COLUMNS=("x",))
    monkeypatch.setitem(families.DECLARED, "further", further)
    monkeypatch.setattr(families, "FAMILIES", (*families.FAMILIES, "further"))
    found = targets()
    asked = wildcards(pack=found.catalog.packs_of(STUDY, SCALE)[0], family="further")
    file = found.extraction_inputs(asked)["inputs_encoding"]
    assert file.removesuffix(".encoding.safetensors")[-12:] in found.encoded_data
    further.INPUTS = ("more",)
    with pytest.raises(UserError, match=r"further/__init__\.py: INPUTS names 'more'; allowed: inp"):
        targets()


def test_a_study_is_gathered_from_all_its_packs(shipped):
    study = wildcards(study=STUDY, scale=SCALE)
    packs = shipped.study_packs(study)
    files = shipped.pack_files(["history", "nc0"], study)
    assert files == [f"results/packs/{p}/{n}.parquet" for n in ("history", "nc0") for p in packs]
    more = ["mutual_information", "contraction"]  # which the study names
    assert shipped.study_families(study) == [*FAMILIES, *more]


def test_what_a_study_is_called_decides_no_run(shipped):
    runs = json.loads(shipped.study_runs(wildcards(study=STUDY, scale=SCALE)))
    assert {"grid", "optimizer", "steps"} <= set(runs)
    assert not {"title", "margins", "metrics", "pack"} & set(runs)


def test_every_study_s_rows_are_planned_as_the_job_makes_them(shipped):
    """The job is given the study as JSON, whose keys are sorted."""
    for name, study in shipped.catalog.studies.items():
        for scale, setting in study["scales"].items():
            asked = wildcards(study=name, scale=scale)
            given = json.loads(shipped.study_runs(asked))
            grid.planned_table(shipped.study_planned(asked), given, ALWAYS)
            if "margins" in setting:
                wanted = json.loads(spec.canonical(shipped.margins(asked)))["runs"]
                grid.planned_table(shipped.margins_planned(asked), given, only=wanted)


def test_margins_are_of_the_packs_that_hold_their_runs(shipped):
    study = wildcards(study=STUDY, scale=SCALE)
    every = {f"results/packs/{pack}" for pack in shipped.study_packs(study)}
    assert set(shipped.margin_packs(study)) < every
    assert shipped.margin_data(study) == "results/data/digits.safetensors"


def test_a_figure_is_given_files_by_name(shipped):
    figure = wildcards(figure="zhao2026_fig26", scale="paper")
    files = shipped.shown_files(figure)
    assert files["data"] == "results/paper/studies/optimizers_resnet9_fashion_mnist.parquet"
    assert len(files["beside"]) == 5
    given = {"data": "a", "beside": ["b", "c"]}
    assert shipped.shown_words(figure, given) == ["--data", "a", "--beside", "b", "c"]
    assert shipped.script(figure) == "metric_against_metric"


def test_studies_beside_that_lack_the_scale_are_left_out(shipped):
    files = shipped.shown_files(wildcards(figure="zhao2026_fig26", scale="quick"))
    assert files["beside"] == ["results/quick/studies/optimizers_vgg9_fashion_mnist.parquet"]


def test_published_values_are_the_paper_s(shipped):
    files = shipped.shown_files(wildcards(table="zhao2026_table2", scale="quick"))
    assert files["published"] == "catalog/zhao2026/published/zhao2026_table2.csv"
    files = shipped.shown_files(wildcards(figure="zhao2026_fig2", scale="quick"))
    assert files["published"] == "catalog/zhao2026/published/zhao2026_table6.csv"


def test_arguments_of_a_scale_go_over_those_of_both(shipped):
    figure = wildcards(figure="atlas_overview", scale="quick")
    assert json.loads(shipped.shown_options(figure)) == {"weight_decay": 0.14}
    figure = wildcards(figure="zhao2026_fig9", scale="quick")
    assert json.loads(shipped.shown_options(figure)) == {
        "by": ["optimizer.weight_decay"],
        "across": "optimizer.name",
        "metrics": ["nc0", "loss_train"],
    }


def test_a_figure_stands_under_its_paper_s_heading(shipped):
    figure = wildcards(figure="zhao2026_fig9", scale="quick")
    assert shipped.heading(figure) == "Zhao et al. 2026, optimizers"
    (label,) = shipped.shown_as(figure).values()
    assert label.startswith("zhao2026_fig9: ")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("zhao2026_fig9", "zhao2026, Fig. 9: "),
        ("sakamoto2026_thm32", "Theorem 3.2"),
        ("atlas_lead_lag", "What moves"),
    ],
)
def test_a_figure_s_title_says_whose_counterpart_it_is(shipped, name, begins):
    title = shipped.shown_title(wildcards(figure=name, scale="quick"))
    assert title.startswith(begins)
    assert title.endswith(shipped.catalog.figures[name]["title"])


def test_figures_and_tables_of_a_scale_are_files(shipped):
    figures, tables = shipped.figures(SCALE), shipped.tables(SCALE)
    assert {Path(file).suffix for file in figures} == {".pdf", ".png", ".csv"}
    assert len(figures) == 3 * len(shipped.catalog.chosen_figures(SCALE))
    assert len(tables) == 2 * len(shipped.catalog.chosen_tables(SCALE))
    assert len(shipped.titles(SCALE)) == len(figures) // 3 + len(tables) // 2


def test_an_npz_is_the_catalog_s_or_the_user_s(shipped, tmp_path):
    part = wildcards(dataset="fashion_mnist_part")
    assert shipped.data_npz(part) == "catalog/data/fashion_mnist_part.npz"
    assert shipped.data_npz(wildcards(dataset="digits")) == ""


def test_where_a_file_lies_is_not_what_a_data_set_is(shipped, tmp_path):
    part = wildcards(dataset="fashion_mnist_part")
    moved = tmp_path / "moved.npz"
    moved.write_bytes(Path(shipped.data_npz(part)).read_bytes())
    mine = targets(npz={"mine": str(moved)})
    own = wildcards(dataset="mine")
    assert mine.data_content(own) == shipped.data_content(part) != ""
    content = dict(np.load(moved)) | {"y_test": np.load(moved)["y_test"][::-1]}
    np.savez(moved, **content)
    assert targets(npz={"mine": str(moved)}).data_content(own) != mine.data_content(own)
    urls = json.loads(shipped.data_entry(wildcards(dataset="mnist")))["files"]["train_inputs"]
    assert set(urls) == {"name", "sha256"}


def test_a_folder_of_images_is_the_user_s_to_name(shipped):
    with pytest.raises(UserError, match=r"folders\.imagenet is missing"):
        shipped.data_folder(wildcards(dataset="imagenet"))
    with pytest.raises(UserError, match=r"texts\.sst2 is missing"):
        shipped.data_texts(wildcards(dataset="sst2"))
    assert shipped.data_folder(wildcards(dataset="digits")) == ""
    assert shipped.data_texts(wildcards(dataset="digits")) == ""
    assert shipped.data_content(wildcards(dataset="digits")) == ""


def test_a_comment_on_pins_is_no_other_software(tmp_path):
    (tmp_path / "envs").mkdir()
    for name in ("train.yaml", "analysis.yaml"):
        (tmp_path / "envs" / name).write_text("dependencies:\n- python=3.12\n")
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\npandas==3\n")

    def software():
        config = yaml.safe_load((ROOT / "config.yaml").read_text())
        catalog = SimpleNamespace(config=config, encoded_data=dict)
        return Targets(catalog, tmp_path).software("train")

    before = software()
    (tmp_path / "requirements.txt").write_text("# pins\ntorch==2.13.0\npandas==4\n")
    (tmp_path / "envs/analysis.yaml").write_text("dependencies:\n- python=3.13\n")
    assert software() == before
    # Of other models.
    (tmp_path / "envs/train-timm.yaml").write_text("dependencies:\n- timm=1.0\n")
    (tmp_path / "envs/train-timm-cuda.yaml").write_text("dependencies:\n- timm=1.0\n")
    assert software() == before
    (tmp_path / "envs/train-cuda.yaml").write_text("dependencies:\n- python=3.13\n")
    on_gpus = software()
    (tmp_path / "envs/train.yaml").write_text("dependencies:\n- python=3.13\n")
    assert len({before, on_gpus, software()}) == 3


def of_model(shipped, name):
    found = (pack for pack in shipped.catalog.packs if f"-{name}-" in pack)
    return wildcards(pack=next(found))


def test_a_model_with_a_library_has_environments_of_its_own(shipped, pack):
    assert (shipped.pack_library(pack), shipped.pack_stage(pack)) == ("", "train")
    vit, bert = of_model(shipped, "timm_vit"), of_model(shipped, "bert")
    assert (shipped.pack_library(vit), shipped.pack_stage(vit)) == ("timm", "train-timm")
    assert shipped.pack_stage(bert) == "train-transformers"
    told = [shipped.pack_software(each) for each in (pack, vit, bert)]
    assert told[0] == shipped.software("train") and len({*told}) == 3


def test_weights_are_the_user_s_to_name(shipped, pack):
    assert shipped.pack_weights(pack) == []
    assert shipped.pack_weights(of_model(shipped, "timm_vit")) == []
    with pytest.raises(UserError, match=r"weights\.tinybert is missing: .*docs/pretrained\.md"):
        shipped.pack_weights(of_model(shipped, "bert"))
    with pytest.raises(UserError, match="weights names none that hold sha256:0000"):
        shipped.weights_source(wildcards(weights="0" * 64))


def test_a_library_is_asked_for_where_jobs_run_here():
    here = SimpleNamespace(
        local_exec=True, deployment_settings=SimpleNamespace(deployment_method=set())
    )
    assert libraries.importable(here, "") == ""
    assert libraries.importable(here, "json") == "json"
    with pytest.raises(UserError, match=r"the library no_such is not installed, .* --sdm conda"):
        libraries.importable(here, "no_such")
    on_a_cluster = SimpleNamespace(local_exec=False)
    assert libraries.importable(on_a_cluster, "no_such") == "no_such"
    here.deployment_settings.deployment_method = {"conda"}
    assert libraries.importable(here, "no_such") == "no_such"


def test_a_gallery_has_every_figure_once_in_natural_order(shipped):
    papers = json.loads(shipped.gallery(wildcards(scale=SCALE)))["papers"]
    assert [paper["key"] for paper in papers] == ["han2025", "sakamoto2026", "zhao2026", "atlas"]
    names = [figure["name"] for paper in papers for figure in paper["figures"]]
    assert sorted(names) == sorted(shipped.catalog.chosen_figures(SCALE))
    sakamoto = [figure["name"] for figure in papers[1]["figures"]]
    assert sakamoto[:2] + sakamoto[-5:-3] == [
        *("sakamoto2026_fig2", "sakamoto2026_fig3", "sakamoto2026_fig14", "sakamoto2026_clock"),
    ]
    files = shipped.gallery_files(wildcards(scale=SCALE))
    assert {*files["figures"]} == {*shipped.figures(SCALE)}
    assert {*files["tables"]} == {*shipped.tables(SCALE)}


def test_a_gallery_shows_every_claim_that_can_be_judged(shipped):
    told = json.loads(shipped.gallery(wildcards(scale=SCALE)))
    shown = {
        id_
        for paper in told["papers"]
        for entry in [*paper["figures"], *paper["tables"], {"claims": paper["others"]}]
        for id_ in entry["claims"]
    }
    assert shown == {claim["id"] for claim in shipped.catalog.chosen_claims(SCALE)}
    assert set(told["units"]) == shown


def test_the_gallery_of_a_paper_needs_that_paper_s_studies(shipped):
    whole, own = wildcards(scale=SCALE), wildcards(scale=SCALE, paper="zhao2026")
    assert [p["key"] for p in json.loads(shipped.gallery(own))["papers"]] == ["zhao2026"]
    needed = {*shipped.gallery_files(own)["data"], *shipped.claimed_data(own)}
    assert needed < {*shipped.gallery_files(whole)["data"], *shipped.claimed_data(whole)}
    for file in needed:
        assert shipped.catalog.studies[Path(file).stem]["paper"] == "zhao2026"


def test_a_gallery_s_command_is_not_too_long_for_a_shell(shipped):
    """Linux takes 128 KiB an argument, and the shell takes the whole command as one."""
    for scale in SCALES:
        whole = wildcards(scale=scale)
        assert len(shipped.gallery(whole)) < 100_000


def test_an_explorer_knows_what_tells_runs_apart(shipped):
    study = wildcards(study="flatness_unplugged", scale=SCALE)
    labels = shipped.study_labels(study)
    assert {"arm", "seed", "optimizer.lr", "regularizer.name"} <= {*labels}
    assert len(labels) == len({*labels})
    assert "scale quick" in json.loads(shipped.explored_as(study))["note"]
