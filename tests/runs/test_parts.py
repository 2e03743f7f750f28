import pytest
import torch
from jsonschema import Draft202012Validator

from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.runs import code_digest, declared, parts
from tests.libraries import models, needs

PARTS = [
    pytest.param(kind, name, marks=needs(library))
    if kind == "model" and (library := declared.library(name))
    else (kind, name)
    for kind in parts.KINDS
    for name in declared.names(kind)
]
SHAPE, CLASSES = [1, 4, 3], 5
# What a part without defaults is given here. A model that needs more gets a line.
GIVEN = {name: {"lr": 0.1} for name in declared.names("optimizer")} | {
    **{name: {"strength": 0.1} for name in declared.names("regularizer")},
    "grok_transformer": {"width": 6, "heads": 2, "mlp_width": 5},
    "mlp": {"widths": [7, 6]},
    "cnn": {"widths": [7, 6]},
    "conv_mlp": {"channels": [7, 6], "width": 5},
    "smooth_mlp": {"widths": [7, 6]},
    "transformer": {"width": 6, "heads": 2, "mlp_width": 5, "patch": 1},
    "vit": {"layers": 2, "heads": 2, "head_width": 3, "mlp_width": 5},
    "bert": {"width": 6, "layers": 1, "heads": 2, "mlp_width": 5},
    "gpt2": {"width": 6, "layers": 1, "heads": 2},
    "timm_vit": {"patch": 1, "width": 6, "layers": 1, "heads": 2},
    "ufm": {"samples": 9, "width": 3},
    "steps": {"milestones": [3]},
}


def good(schema, value):
    return Draft202012Validator(schema).is_valid(value)


def test_the_shipped_parts_are_found():
    assert {"mlp"} <= set(declared.names("model"))
    assert {"mse", "cross_entropy"} <= set(declared.names("loss"))
    assert {"sgd", "adamw"} <= set(declared.names("optimizer"))
    assert {"steps", "cosine"} <= set(declared.names("schedule"))


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_parameters_are_valid_schemas_and_the_modules_own(kind, name):
    parameters = declared.parameters(kind, name)
    assert parameters == parts.load(kind, name).PARAMETERS
    for rule in parameters.values():
        Draft202012Validator.check_schema(rule)
        if "default" in rule:
            check(rule["default"], rule, "here")
    Draft202012Validator.check_schema(declared.schema(kind, name))
    check({"name": name} | GIVEN.get(name, {}), declared.schema(kind, name), "here")


def test_a_parameter_without_a_default_must_be_given():
    with pytest.raises(UserError, match="here: lr is missing"):
        check({"name": "sgd"}, declared.schema("optimizer", "sgd"), "here")
    with pytest.raises(UserError, match="here: nesterov is not a known key"):
        check(
            {"name": "sgd", "lr": 1.0, "nesterov": True},
            declared.schema("optimizer", "sgd"),
            "here",
        )


@pytest.fixture
def part(tmp_path, monkeypatch):
    """A model of a user's own, by its source."""
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(declared, "PARTS", tmp_path)

    def forget():
        code_digest.forget()
        for function in (declared.parameters, declared.names):
            function.cache_clear()

    def written(source):
        forget()
        content = source if isinstance(source, bytes) else source.encode()
        (tmp_path / "models/odd.py").write_bytes(content)
        return declared.parameters("model", "odd")

    yield written
    forget()


@pytest.mark.parametrize(
    "source",
    [
        "a, b = 1, 2\nc = {}\nc['d'] = 3\nPARAMETERS = {}\n",
        "PARAMETERS: dict = {}\n",
        "PARAMETERS: dict\nPARAMETERS = {}\n",
        "OTHER = PARAMETERS = {}\n",
        '"""Größe."""\nPARAMETERS = {}\n',
    ],
)
def test_parameters_are_read_among_other_assignments(part, source):
    assert part(source) == {}
    assert declared.names("model") == ["odd"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = 1\n", "PARAMETERS is None; allowed: a JSON schema for each name"),
        ("PARAMETERS = ['lr']\n", "PARAMETERS is ['lr']; allowed: a JSON schema for each name"),
        ("PARAMETERS = {'lr': 1}\n", "PARAMETERS is {'lr': 1}; allowed: a JSON schema for each"),
        ("\nPARAMETERS = dict(lr={})\n", "PARAMETERS at line 2 is dict(lr={}); allowed: a literal"),
        ("PARAMETERS = {[]: 1}\n", "PARAMETERS at line 1 is {[]: 1}; allowed: a literal"),
        ("PARAMETERS = {}\nPARAMETERS |= {}\n", "line 2 sets PARAMETERS again; allowed: once"),
        ("a = 1\nPARAMETERS = {\n", "cannot be read at line 2 ("),
        (b"a = '\xe4'\n", "cannot be read at byte 5 (not UTF-8); allowed: Python"),
        ("a = '\0'\n", "cannot be read"),
    ],
)
def test_a_part_that_cannot_be_read_is_one_line(part, tmp_path, source, said):
    with pytest.raises(UserError) as caught:
        part(source)
    assert str(caught.value).startswith(f"{tmp_path}/models/odd.py: {said}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", models())
def test_models_honour_their_contract(name):
    """features, then a linear head: what every metric of the last layer rests on."""
    torch.manual_seed(0)
    sides = [side for side in (SHAPE[1], 1) if good(declared.side(name), side)]
    shape = SHAPE if good(declared.side(name), SHAPE[2]) else [1, sides[0], sides[0]]
    shape = shape if "images" in declared.inputs(name) else [6]
    model = parts.load("model", name).Model(shape, CLASSES, **GIVEN.get(name, {}))
    x = torch.arange(9.0).view(9, 1, 1, 1) if name == "ufm" else torch.randn(9, *shape)
    x = x if "images" in declared.inputs(name) else torch.arange(54).view(9, 6) % CLASSES
    features, logits = model.features(x), model(x)
    if logits.ndim == 3:  # at several places, the first of which is the features'
        logits = logits[:, 0]
    assert features.ndim == 2
    assert logits.shape == (9, CLASSES)
    weight = dict(model.named_parameters())["head.weight"]
    assert weight.shape == (CLASSES, features.shape[1])
    bias = model.head.bias if model.head.bias is not None else 0
    torch.testing.assert_close(features @ weight.T + bias, logits)


def test_mlp_scales_every_parameter_of_torchs_initialisation():
    mlp = parts.load("model", "mlp").Model
    torch.manual_seed(3)
    linear = [torch.nn.Linear(12, 7), torch.nn.Linear(7, 6), torch.nn.Linear(6, 5)]
    torch.manual_seed(3)
    model = mlp(SHAPE, CLASSES, widths=[7, 6], init_scale=8.0)
    expected = [parameter for layer in linear for parameter in layer.parameters()]
    for mine, theirs in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(mine, 8 * theirs, rtol=0, atol=0)
