"""Networks of the libraries timm and transformers, from weights and data to a study's data."""

import json
import shutil
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import save_file

from tests.libraries import needs

pytestmark = pytest.mark.workflow

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film", "a"]
SIZES = {"width": 8, "layers": 2, "heads": 2, "positions": 12}
BERT = {"name": "bert", **SIZES, "mlp_width": 16, "weights": "tiny"}
GPT2 = {"name": "gpt2", **SIZES, "weights": "tiny"}
VIT = {"name": "timm_vit", "patch": 8, "width": 8, "layers": 2, "heads": 2}
CONFIGS = {
    "bert": {
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "max_position_embeddings": 12,
        "hidden_act": "gelu",
    },
    "gpt2": {
        "n_embd": 8,
        "n_layer": 2,
        "n_head": 2,
        "n_positions": 12,
        "activation_function": "gelu_new",
    },
}
STUDY = {
    "data": {"name": "reviews"},
    "loss": {"name": "cross_entropy"},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
    "batch_size": 10,
    "steps": 12,
    "checkpoints": {"log": 3, "states": [6]},
    "grid": {"seed": [1]},
    "regularizer": {"name": "flatness_bound"},
}
AWAY = {"regularizer": {"name": "flatness_bound", "strength": -0.3}, "max_head_norm": 3.0}
TABLES = [f"results/quick/studies/{name}.parquet" for name in ("away", "unplugged")]


def write_texts(project):
    """Two files of texts in which one word tells the class, and both kinds of vocabulary."""
    rows = [("bad", "a bad film"), ("good", "good film")] * 10
    for split in ("train", "test"):
        pd.DataFrame(rows, columns=["label", "text"]).to_csv(project.folder / f"{split}.csv")
    (project.folder / "vocab.txt").write_text("\n".join(PIECES))


def name_texts(project, **changes):
    texts = {"train": "train.csv", "test": "test.csv", "vocabulary": "vocab.txt"}
    texts |= {"labels": ["bad", "good"], "length": 6, "whole_vocabulary": True} | changes
    project.edit_config(texts={"reviews": texts}, weights={"tiny": "tiny"})


def write_studies(project, model, **changes):
    """A study of two arms, and one that forks from it where the regulariser is taken away."""
    common = STUDY | {"model": model} | changes
    away = common | {
        "grids": [
            {"arm": "baseline", "regularizer": {"name": "flatness_bound", "strength": 0.0}},
            {"arm": "away", **AWAY},
        ]
    }
    unplugged = common | {
        "fork": {"study": "away", "run": {"arm": "away"}, "step": 6},
        "regularizer": {"name": "flatness_bound", "strength": 0.0},
        "max_head_norm": 3.0,
    }
    for name, setting in (("away", away), ("unplugged", unplugged)):
        study = {"title": name, "question": "?", "added": "2030-01-02"}
        study["scales"] = {"quick": setting}
        project.write_yaml(f"catalog/own/studies/{name}.yaml", study)


def save_tiny(folder, model, seed=0):
    """A folder of weights as the library saves one: of the network below its language model."""
    import torch
    import transformers

    torch.manual_seed(seed)
    kind = {"bert": "Bert", "gpt2": "GPT2"}[model]
    config = getattr(transformers, f"{kind}Config")(vocab_size=len(PIECES), **CONFIGS[model])
    getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)


def check_tables(project):
    away, unplugged = (pd.read_parquet(project.folder / table) for table in TABLES)
    last = away[away["step"] == 12]
    assert sorted(last["arm"]) == ["away", "baseline"]
    for column in ("loss_train", "rnc1", "nc0", "relative_flatness_bound"):
        assert last[column].notna().all(), column
    by_arm = last.groupby("arm")["weight_norm_last_layer"].mean()
    assert by_arm["away"] > by_arm["baseline"]
    assert {*unplugged["step"]} >= {0, 6, 12}


@needs("transformers")
def test_bert_from_weights_to_a_table(fresh_project):
    project = fresh_project
    write_texts(project)
    name_texts(project)
    write_studies(project, BERT)
    save_tiny(project.folder / "tiny", "bert")
    project.make("--", *TABLES)
    check_tables(project)
    # Elsewhere they are the same weights; others are another run.
    shutil.move(project.folder / "tiny", project.folder / "elsewhere")
    project.edit_config(weights={"tiny": "elsewhere"})
    assert project.jobs(*TABLES) == {}
    save_tiny(project.folder / "elsewhere", "bert", seed=1)
    jobs = project.jobs(*TABLES)
    assert (jobs["prepare_weights"], jobs["train"]) == (1, 3)
    assert "prepare_data" not in jobs


@needs("transformers")
def test_gpt2_from_weights_to_a_table(fresh_project):
    project = fresh_project
    write_texts(project)
    name_texts(project)
    write_studies(project, GPT2)
    save_tiny(project.folder / "tiny", "gpt2")
    project.make("--", *TABLES)
    check_tables(project)


@needs("timm")
def test_a_vision_transformer_on_a_folder_of_noise(fresh_project):
    project, random = fresh_project, np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 6)):
        for label in ("one", "other"):
            folder = project.folder / "noise" / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                noise = random.integers(0, 256, (20, 24, 3), np.uint8)
                Image.fromarray(noise).save(folder / f"{i}.png")
    project.edit_config(folders={"noise": {"path": "noise", "side": 16}})
    write_studies(project, VIT, data={"name": "noise", "mean": 0.5, "std": 0.25})
    project.make("--", *TABLES)
    check_tables(project)


@pytest.fixture
def planned(fresh_project):
    """A study of BERT, with weights that look like some."""
    write_texts(fresh_project)
    name_texts(fresh_project)
    write_studies(fresh_project, BERT)
    folder = fresh_project.folder / "tiny"
    folder.mkdir()
    save_file({"nothing": np.zeros(3, np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIGS["bert"]))
    return fresh_project


def said(project, *options):
    """The line that planning ends with; Snakemake may say of which job."""
    text, status = project.run(*options, "--", TABLES[0])
    assert status != 0
    (line,) = [line for line in text.splitlines() if "error: " in line]
    return line[line.index("error: ") :]


@pytest.mark.skipif(find_spec("transformers") is not None, reason="needs transformers not to be")
@pytest.mark.parametrize("options", [[], ["-n"]], ids=["run", "dry run"])
def test_without_the_library_one_line_says_which_it_is_and_how_to_have_it(planned, options):
    assert said(planned, *options) == (
        "error: the library transformers is not installed, but a model of the runs to be made "
        "needs it; allowed: pip install --no-deps -r requirements-transformers.txt, or --sdm "
        "conda, which uses envs/train-transformers.yaml"
    )
    assert not (planned.folder / "results/data").exists()


def test_without_the_weights_one_line_says_how_to_name_them(planned):
    planned.edit_config(weights={})
    told = "error: config: weights.tiny is missing: you must bring these weights"
    assert said(planned).startswith(told)


@needs("transformers")
def test_weights_of_something_else_are_told_in_a_line(planned):
    text, status = planned.run("--", TABLES[0])
    assert status != 0
    assert "has no tensor embeddings.word_embeddings.weight; allowed: weights of such" in text
