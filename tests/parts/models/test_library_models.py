"""Networks of timm and transformers: what the libraries compute themselves, and what we need."""

import hashlib
import shutil
from importlib.util import find_spec

import pytest
import torch
from torch.func import functional_call, vmap
from torch.nn import functional

from latephase.errors import UserError
from latephase.metrics.collapse.family import collapse_metrics
from latephase.metrics.flatness.family import flatness_metrics
from latephase.parts.network import features as features_of
from latephase.runs import declared, parts
from latephase.training.objective import objective
from tests.libraries import needs

WIDTH, LAYERS, HEADS, UNITS, PLACES = 16, 2, 2, 24, 12
WORDS, CLASSES, PADDING = 40, 5, {"bert": 0, "gpt2": 39}
NAMES = [
    pytest.param("bert", marks=needs("transformers")),
    pytest.param("gpt2", marks=needs("transformers")),
    pytest.param("timm_vit", marks=needs("timm")),
]
TEXTS = NAMES[:2]


def inputs(name, count=7):
    """Texts of several lengths, or images of noise."""
    generator = torch.Generator().manual_seed(5)
    if name == "timm_vit":
        return torch.randn(count, 3, 16, 16, generator=generator)
    x = torch.randint(1, WORDS - 1, (count, PLACES), generator=generator)
    for row, length in zip(x, (PLACES, 3, 9, 1, 7, PLACES, 5), strict=False):
        row[length:] = PADDING[name]
    return x


def build(name, seed=0, weights=None, words=WORDS):
    torch.manual_seed(seed)
    model = parts.load("model", name).Model
    if name == "timm_vit":
        return model([3, 16, 16], CLASSES, 8, WIDTH, LAYERS, HEADS, weights)
    sizes = [WIDTH, LAYERS, HEADS, *([UNITS] if name == "bert" else []), PLACES]
    return model([PLACES], CLASSES, words, PADDING[name], *sizes, weights)


def library(name, seed=0):
    """The library's own model, as its users make it, and its logits of a batch."""
    torch.manual_seed(seed)
    if name == "timm_vit":
        import timm

        given = {"patch_size": 8, "embed_dim": WIDTH, "depth": LAYERS, "num_heads": HEADS}
        model = timm.create_model("vit_tiny_patch16_224", img_size=16, num_classes=CLASSES, **given)
        return model, model
    import transformers

    if name == "bert":
        sizes = {
            "hidden_size": WIDTH,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": UNITS,
            "max_position_embeddings": PLACES,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        }
        kinds = transformers.BertConfig, transformers.BertForSequenceClassification
    else:
        sizes = {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_positions": PLACES}
        sizes |= {"embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0}
        kinds = transformers.GPT2Config, transformers.GPT2ForSequenceClassification
    config = kinds[0](vocab_size=WORDS, num_labels=CLASSES, pad_token_id=PADDING[name], **sizes)
    model = kinds[1](config)

    def logits(x):
        return model(input_ids=x, attention_mask=(x != PADDING[name]).long()).logits

    return model, logits


def moved(model, seed=1):
    """All parameters away from where a library begins: biases from 0, norms from 1."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))


def keep(folder, saved):
    """Put a file under its sha256 where models look for it; what a spec calls it."""
    digest = hashlib.sha256(saved.read_bytes()).hexdigest()
    place = folder / f"resources/weights/{digest}.safetensors"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(saved, place)
    return f"sha256:{digest}"


def saved_weights(name, model, folder):
    """The library's model, head and all, as the library saves it."""
    if name == "timm_vit":
        from safetensors.torch import save_file

        save_file(model.state_dict(), folder / "model.safetensors")
    else:
        model.save_pretrained(folder)
    return folder / "model.safetensors"


@pytest.mark.parametrize("name", NAMES)
def test_at_random_it_begins_as_the_library_does(name):
    ours, (theirs, _) = build(name), library(name)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert not list(ours.buffers())


@pytest.mark.parametrize("name", NAMES)
def test_from_saved_weights_logits_and_gradients_are_the_library_s(name, tmp_path, monkeypatch):
    theirs, logits = library(name)
    moved(theirs)
    monkeypatch.chdir(tmp_path)
    weights = keep(tmp_path, saved_weights(name, theirs, tmp_path))
    ours = build(name, seed=9, weights=weights)
    head = {"bert": "classifier", "gpt2": "score", "timm_vit": "head"}[name]
    ours.head.load_state_dict(getattr(theirs, head).state_dict())
    x, y = inputs(name), torch.arange(7) % CLASSES
    found = []
    for of, model in ((ours, ours), (logits, theirs)):
        out = of(x)
        grads = torch.autograd.grad(functional.cross_entropy(out, y), list(model.parameters()))
        found.append((out, grads))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-6, atol=1e-6)
    for mine, other in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", TEXTS)
def test_weights_of_the_network_alone_are_the_same_network(name, tmp_path, monkeypatch):
    theirs, _ = library(name)
    inner = theirs.bert if name == "bert" else theirs.transformer
    monkeypatch.chdir(tmp_path)
    ours = build(name, seed=9, weights=keep(tmp_path, saved_weights(name, inner, tmp_path)))
    for mine, other in zip(ours.network.parameters(), inner.parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("name", TEXTS)
def test_weights_of_another_size_are_a_line(name, tmp_path, monkeypatch):
    theirs, _ = library(name)
    monkeypatch.chdir(tmp_path)
    weights = keep(tmp_path, saved_weights(name, theirs, tmp_path))
    with pytest.raises(UserError, match=r"is of shape \[40, 16\]; allowed: \[41, 16\]"):
        build(name, weights=weights, words=41)


@pytest.mark.parametrize("name", TEXTS)
def test_padding_is_not_seen(name):
    """A text that is filled up to twelve tokens, and the same filled up to nine."""
    model, x = build(name), inputs(name)
    moved(model)
    short = (x[:, 9:] == PADDING[name]).all(1)
    assert short.sum() == 5
    torch.testing.assert_close(model(x[short, :9]), model(x[short]), rtol=1e-5, atol=1e-5)
    other = x.clone()
    other[:, 0] = other[:, 0] % (WORDS - 3) + 1
    assert ((model(other) - model(x)).abs().amax(1) > 1e-3).all()


@pytest.mark.parametrize("name", NAMES)
def test_without_gradients_the_features_are_the_same(name, monkeypatch):
    model, x = build(name), inputs(name)
    moved(model)
    module = parts.load("model", name)
    if hasattr(module, "AT_ONCE"):
        monkeypatch.setattr(module, "AT_ONCE", 3)
    whole = features_of(model, dict(model.named_parameters()), x)
    torch.testing.assert_close(whole, model.features(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_runs_can_be_taken_together(name):
    models = [build(name, seed) for seed in (1, 2)]
    together = {
        key: torch.stack([dict(model.named_parameters())[key] for model in models])
        for key, _ in models[0].named_parameters()
    }
    x = inputs(name)
    found = vmap(lambda p, x: functional_call(models[0], p, (x,)))(together, torch.stack([x, x]))
    for out, model in zip(found, models, strict=True):
        torch.testing.assert_close(out, model(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_regulariser_works_on_it(name):
    """As han2025 writes it, with the gradients of a plain loss beside it."""
    model, x = build(name).double(), inputs(name)
    x = x.double() if x.is_floating_point() else x
    y = functional.one_hot(torch.arange(7) % CLASSES, CLASSES).double()
    settings = {
        "loss": {"name": "cross_entropy", "reduction": "mean"},
        "regularizer": {"name": "flatness_bound", "strength": -0.3, "temperature": 2.0,
                        "unit_features": True},
    }  # fmt: skip
    named = dict(model.named_parameters())
    value = objective(model, settings)(named, x, y, -0.3)
    logits = model(x)
    p = (logits / 2).softmax(1)
    bound = model.head.weight.norm() ** 2 * (1 - (p**2).sum(1)).mean()
    expected = functional.cross_entropy(logits, y) - 0.3 * bound
    found, wanted = (torch.autograd.grad(v, list(named.values())) for v in (value, expected))
    torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_metrics_of_the_last_layer_are_of_its_features_and_head(name):
    model, x, labels = build(name), inputs(name, 10), torch.arange(10) % CLASSES
    moved(model)
    features = features_of(model, dict(model.named_parameters()), x)
    weight, bias = model.head.weight.detach(), model.head.bias
    assert (bias is None) == (name == "gpt2")  # as the library and the paper's code have it
    logits = features @ weight.T + (0 if bias is None else bias.detach())
    torch.testing.assert_close(logits, model(x).detach(), rtol=1e-5, atol=1e-5)
    flat = flatness_metrics(features, logits, weight, "cross_entropy")
    assert 0 < flat["relative_flatness"] <= flat["relative_flatness_bound"]
    found = collapse_metrics(features, labels, weight, None if bias is None else bias.detach())
    assert found["cdnv"] > 0


@pytest.mark.skipif(find_spec("timm") is not None, reason="needs timm not to be")
def test_a_model_whose_library_is_absent_is_not_imported():
    with pytest.raises(ModuleNotFoundError, match="timm"):
        parts.load("model", "timm_vit")


@needs("timm")
@pytest.mark.parametrize("architecture", declared.config_named("timm_vit")["architecture"])
def test_a_known_architecture_of_timm_computes_what_ours_does(architecture):
    import timm

    said = declared.config_named("timm_vit")["architecture"][architecture]
    with torch.device("meta"):
        ours = parts.load("model", "timm_vit").Model([3, 224, 224], 1000, **said).network
        theirs = timm.create_model(architecture, img_size=224)
        ours.head = torch.nn.Linear(ours.num_features, 1000)
    for block in theirs.blocks:
        block.attn.fused_attn = False
    # Every module with its settings: sizes, activations, epsilons, what is the identity.
    assert str(ours) == str(theirs)
    heads = [[block.attn.num_heads for block in one.blocks] for one in (ours, theirs)]
    assert heads[0] == heads[1]
    assert (ours.global_pool, ours.pool_include_prefix) == (
        theirs.global_pool,
        theirs.pool_include_prefix,
    )


@needs("transformers")
@pytest.mark.parametrize("name", TEXTS)
def test_what_a_config_need_not_say_is_the_library_s_own(name):
    import transformers

    config = {"bert": transformers.BertConfig, "gpt2": transformers.GPT2Config}[name]()
    for key, (value,) in declared.config_usual(name).items():
        assert getattr(config, key, value) == value
    for key, value in declared.config_fixed(name).items():
        assert getattr(config, key) == value
    used = build(name).network.config
    for key, (value,) in declared.config_usual(name).items():
        assert getattr(used, key, value) == value
