"""Weights of the user's own: named in the configuration, known by what they hold."""

import hashlib
import json
import shutil

import pytest

from latephase.catalog import load
from tests.catalog.editing import add_study, line

VOCABULARY = "[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\n"
MODEL = {"name": "bert", "width": 8, "layers": 1, "heads": 2, "mlp_width": 9, "positions": 130}
CONFIG = {
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 9,
    "max_position_embeddings": 130,
    "hidden_act": "gelu",
}


@pytest.fixture
def config(config, tmp_path):
    """With texts, and a folder of weights."""
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text("label,text\n1,good\n0,bad\n1,good\n0,bad\n")
    (tmp_path / "vocab.txt").write_text(VOCABULARY)
    names = {"train": "train.csv", "test": "test.csv", "vocabulary": "vocab.txt"}
    files = {key: str(tmp_path / name) for key, name in names.items()}
    write(tmp_path / "tiny")
    return config | {
        "texts": {"mine": files | {"labels": 2}},
        "weights": {"tiny": str(tmp_path / "tiny")},
    }


def write(folder, content=b"weights", **changes):
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))


def study(root, model=None, grid=None, **setting):
    data = {"name": "mine", "train_size": 2}
    model = MODEL | {"weights": "tiny"} | (model or {})
    add_study(root, "texts", "2030-01-02", {"seed": [1]} | (grid or {}), batch_size=1,
              data=data, model=model, **setting)  # fmt: skip


def known(catalog):
    """What the packs of the study begin with, and their ids."""
    packs = catalog.packs_of("texts", "quick")
    return {pack: catalog.packs[pack]["common"]["model"]["weights"] for pack in packs}


def test_a_spec_has_what_weights_hold_and_not_where_they_lie(root, config, tmp_path):
    study(root)
    catalog = load.load(root, config)
    held = f"sha256:{hashlib.sha256(b'weights').hexdigest()}"
    assert list(known(catalog).values()) == [held]
    assert catalog.weights == {held: "tiny"}
    shutil.move(tmp_path / "tiny", tmp_path / "elsewhere")
    config["weights"] = {"tiny": str(tmp_path / "elsewhere")}
    assert known(load.load(root, config)) == known(catalog)
    # The same under another name, too.
    config["weights"] = {"other": str(tmp_path / "elsewhere")}
    study(root, {"weights": "other"})
    assert known(load.load(root, config)) == known(catalog)
    write(tmp_path / "elsewhere", b"others")
    assert not {*known(load.load(root, config))} & {*known(catalog)}


def test_weights_can_be_an_axis_and_stand_in_one_of_several_grids(root, config):
    study(root, grid={"model.weights": [None, "tiny"]}, model={"weights": None})
    found = known(load.load(root, config)).values()
    assert {value and value[:7] for value in found} == {None, "sha256:"}
    study(root, {"weights": None}, grids=[{"model": {"weights": "tiny"}}, {"seed": 2}][:1])
    assert [value[:7] for value in known(load.load(root, config)).values()] == ["sha256:"]


def test_studies_of_weights_that_are_not_there_are_left_out(root, config):
    study(root)
    config["weights"] = {}
    catalog = load.load(root, config)
    assert "texts" not in catalog.chosen_studies("quick")
    assert catalog.left_out("quick").endswith("name them in config.yaml: weights.tiny")


@pytest.mark.parametrize(
    "changes, said",
    [
        (
            {"hidden_size": 9},
            "config.json: hidden_size is 9; allowed: 8, model.width of catalog/own",
        ),
        ({"num_hidden_layers": 2}, "num_hidden_layers is 2; allowed: 1, model.layers of"),
        ({"hidden_act": "relu"}, "hidden_act is 'relu'; allowed: 'gelu', that of the model bert"),
        ({"layer_norm_eps": 1e-5}, "layer_norm_eps is 1e-05; allowed: 1e-12, as bert computes"),
        ({"is_decoder": True}, "is_decoder is True; allowed: False, as bert computes"),
        ({"is_decoder": 0}, "is_decoder is 0; allowed: False, as bert computes"),
        (
            {"position_embedding_type": "relative_key"},
            "position_embedding_type is 'relative_key'; allowed: 'absolute', as bert computes",
        ),
    ],
)
def test_weights_of_another_network_are_told_before_anything_runs(
    root, config, tmp_path, changes, said
):
    study(root)
    write(tmp_path / "tiny", **changes)
    found = line(root, config)
    assert found.startswith(f"config: weights.tiny: {tmp_path}/tiny/config.json: ")
    assert said in found


def test_what_the_library_says_by_itself_is_taken(root, config, tmp_path):
    study(root)
    usual = {"layer_norm_eps": 1e-12, "position_embedding_type": "absolute", "is_decoder": False}
    write(tmp_path / "tiny", **usual, hidden_dropout_prob=0.1)
    assert len(known(load.load(root, config))) == 1


VIT = {"architecture": "vit_tiny_patch16_224", "num_features": 192}


@pytest.mark.parametrize(
    "told, model, said",
    [
        (VIT, {}, None),
        (VIT | {"global_pool": "token", "model_args": {}}, {}, None),
        (VIT | {"global_pool": "avg"}, {}, "global_pool is 'avg'; allowed: 'token', as timm_vit"),
        (VIT | {"model_args": {"act_layer": "relu"}}, {}, "; allowed: {}, as timm_vit computes"),
        (VIT | {"architecture": "vit_tiny_quickgelu"}, {}, "is 'vit_tiny_quickgelu'; allowed: 'v"),
        ({"num_features": 192}, {}, "architecture is None; allowed: 'vit_tiny_patch16_224', "),
        (VIT, {"heads": 4}, "model.heads is 4, and config: weights.tiny: "),
        (VIT, {"layers": 6}, "'vit_tiny_patch16_224'; allowed: 12, as it has"),
    ],
)
def test_weights_of_another_vision_transformer_are_told(root, config, tmp_path, told, model, said):
    model = {"name": "timm_vit", "weights": "tiny"} | model
    add_study(root, "texts", "2030-01-02", {"seed": [1]}, data={"name": "cifar10"}, model=model)
    write(tmp_path / "tiny")
    (tmp_path / "tiny/config.json").write_text(json.dumps(told))
    if said is None:
        assert len(known(load.load(root, config))) == 1
    else:
        assert said in line(root, config)


def test_weights_of_another_vocabulary_are_told(root, config, tmp_path):
    files = config["texts"].pop("mine")
    config["texts"] = {"sst5": {key: files[key] for key in ("train", "test", "vocabulary")}}
    study(root)
    add_study(root, "texts", "2030-01-02", {"seed": [1]}, batch_size=1,
              data={"name": "sst5"}, model=MODEL | {"weights": "tiny"})  # fmt: skip
    write(tmp_path / "tiny", vocab_size=5)
    assert "vocab_size is 5; allowed: 30522, the vocabulary of sst5" in line(root, config)


def test_what_is_wrong_with_a_folder_is_a_line(root, config, tmp_path):
    folder = tmp_path / "tiny"
    (folder / "config.json").write_text("{")
    study(root)
    assert f"weights.tiny: {folder}/config.json is not JSON" in line(root, config)
    (folder / "model.safetensors").unlink()
    assert f"weights.tiny is {folder}, which has no file model.safetensors" in line(root, config)
    config["weights"] = {"Tiny": "x"}
    assert "config: weights.Tiny is not a name that matches" in line(root, config)


def test_a_sequence_must_fit_the_positions(root, config):
    study(root, {"positions": 100, "weights": None})
    assert "model.positions is 100; allowed: at least 128, the length of" in line(root, config)


def test_weights_are_a_name(root, config):
    study(root, {"weights": 3})
    assert "scales.quick.model.weights is 3; allowed: string or null" in line(root, config)
