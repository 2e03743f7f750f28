"""Checkpoints of other code as ours: the numbers of a direct computation; what does not fit."""

import math

import pandas as pd
import pytest
import torch
from torch import nn

from latephase.datasets import stored
from latephase.errors import UserError
from latephase.measuring import conversion
from latephase.metrics.collapse.family import train_test_collapse_metrics
from latephase.metrics.flatness.family import flatness_metrics
from latephase.metrics.nc0.family import nc0_metrics
from latephase.parts import network
from latephase.runs import outside, packs, spec
from latephase.storage import checkpoints
from scripts.extract import collapse, curvature, flatness, information, nc0
from tests import elsewhere
from tests.measuring.frames import extracted, measured

DATA = {"name": "digits", "train_size": 120, "test_size": 150}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return elsewhere.write_models(tmp_path_factory.mktemp("mine"))


@pytest.fixture(scope="module")
def data(digits_file):
    return stored.load(digits_file, train_size=120, test_size=150)


def pack_of(file, name, folder, prefix=None, loss="cross_entropy", **given):
    files = outside.files(str(folder))
    entry = {"folder": str(folder), "pattern": None, "prefix": prefix}
    run = {
        "data": DATA,
        "model": elsewhere.entry(file, name, **given),
        "loss": {"name": loss, "reduction": "mean"},
        "optimizer": {"name": outside.NAME},
        "checkpoints": entry | {"content": outside.content(files)},
        "steps": files[-1][0],
        "seed": 0,
    }
    return packs.pack_of([run]), files


def write_run(file, name, folder, steps=(0, 10, 200), suffix=".pt", **arguments):
    """Checkpoints of a run, one network a step; these networks."""
    networks = {step: elsewhere.network(file, name, seed=step, **arguments) for step in steps}
    for step, net in networks.items():
        elsewhere.save(net.state_dict(), folder / f"step_{step}{suffix}")
    return networks


CASES = [
    ("Net", {"features": "relu", "head": "last"}, ".safetensors"),
    ("Net", {"arguments": {"bias": False}}, ".pth"),
    ("LogSoftmax", {}, ".ckpt"),
    ("Maps", {"features": "body"}, ".pt"),
    ("HeadFirst", {"head": "head"}, ".pt"),
    ("sequence", {}, ".safetensors"),
]


@pytest.mark.parametrize("name, given, suffix", CASES)
def test_the_numbers_are_those_of_the_functions(
    file, data, digits_file, tmp_path, name, given, suffix
):
    runs, folder = tmp_path / "runs", tmp_path / "checkpoints"
    networks = write_run(file, name, runs, suffix=suffix, **given.get("arguments", {}))
    pack, files = pack_of(file, name, runs, **given)
    history = pd.DataFrame(conversion.convert(pack, data, files, folder)).set_index("step")
    assert [step for step, _ in checkpoints.steps_in(folder)] == [0, 10, 200]
    assert list(history.index) == [0, 10, 200]
    tables = {
        program: extracted(program, folder, digits_file, tmp_path / "x.parquet").droplevel("run")
        for program in (collapse, nc0, flatness)
    }
    for step, own in networks.items():
        linear = [layer for layer in own.modules() if isinstance(layer, nn.Linear)]
        head = linear[0] if name == "HeadFirst" else linear[-1]
        seen = []
        handle = head.register_forward_pre_hook(lambda _, given, to=seen: to.append(given[0]))
        with torch.no_grad():
            outputs = [own(data.train_inputs), own(data.test_inputs)]
        handle.remove()
        labels = data.train_labels, data.test_labels
        for split, z, y in zip(("train", "test"), outputs, labels, strict=True):
            loss = nn.functional.cross_entropy(z.double(), y).item()
            assert history.loc[step, f"loss_{split}"] == pytest.approx(loss, rel=1e-5)
            right = (z.argmax(1) == y).double().mean().item()
            assert history.loc[step, f"accuracy_{split}"] == pytest.approx(right)
        weight, bias = head.weight.detach(), None if head.bias is None else head.bias.detach()
        logits = seen[0].double() @ weight.double().T + (0 if bias is None else bias.double())
        expected = {
            collapse: train_test_collapse_metrics(*zip(seen, labels, strict=True), weight, bias),
            nc0: nc0_metrics(weight),
            flatness: flatness_metrics(seen[0], logits, weight, "cross_entropy"),
        }
        for program, metrics in expected.items():
            row = tables[program].loc[step]
            assert set(row.index) == set(metrics)
            for column, value in metrics.items():
                read = row[column] if isinstance(value, float) else list(row[column])
                assert read == pytest.approx(value, rel=1e-4, abs=1e-5, nan_ok=True), column


def test_the_dearer_families_take_them_too(file, data, tmp_path):
    runs, folder = tmp_path / "runs", tmp_path / "checkpoints"
    write_run(file, "Net", runs, steps=(3,))
    pack, files = pack_of(file, "Net", runs)
    list(conversion.convert(pack, data, files, folder))
    row = pd.concat(
        measured(folder, pack, data, program.measuring(data)).iloc[0]
        for program in (curvature, information, flatness)
    )
    assert row["relative_flatness_layer_head"] == pytest.approx(row["relative_flatness"], rel=1e-5)
    assert math.isfinite(row["relative_flatness_layer_net.first"])
    assert math.isfinite(row["nhsic_x"])


def test_a_header_says_where_a_checkpoint_is_from(file, data, tmp_path):
    write_run(file, "Net", tmp_path / "runs", steps=(7,))
    pack, files = pack_of(file, "Net", tmp_path / "runs")
    list(conversion.convert(pack, data, files, tmp_path / "checkpoints"))
    (step, path), = checkpoints.steps_in(tmp_path / "checkpoints")  # fmt: skip
    header = checkpoints.read(path)[1]
    assert (step, header["step"], header["pack"]) == (7, 7, pack)
    assert header["source"] == {"file": "step_7.pt", "sha256": outside.checksum(files[0][1])}


PREFIXES = {
    "DataParallel": lambda state: {f"module.{name}": t for name, t in state.items()},
    "Lightning": lambda state: {
        "state_dict": {f"model.{name}": t for name, t in state.items()},
        "epoch": 3,
        "loops": {},
    },
    "Lightning beside a loss": lambda state: {
        "state_dict": {f"net.{n}": t for n, t in state.items()} | {"loss.w": state["last.bias"]}
    },
    "compiled and parallel": lambda state: {f"module._orig_mod.{n}": t for n, t in state.items()},
    "nested": lambda state: {"model": state, "optimizer": {}},
    "half": lambda state: {name: t.half() for name, t in state.items()},
    "double": lambda state: {name: t.double() for name, t in state.items()},
}  # fmt: skip


@pytest.mark.parametrize("form", PREFIXES)
def test_what_others_put_around_a_state_is_taken_off(file, data, tmp_path, form):
    own = elsewhere.network(file, "Net", seed=4)
    elsewhere.save(PREFIXES[form](own.state_dict()), tmp_path / "runs/epoch=0-step=9.ckpt")
    pack, files = pack_of(file, "Net", tmp_path / "runs")
    list(conversion.convert(pack, data, files, tmp_path / "checkpoints"))
    ((step, path),) = checkpoints.steps_in(tmp_path / "checkpoints")
    (tensors,) = checkpoints.runs(path)
    assert step == 9
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}
    model = network.build_model(spec.runs_of(pack)[0], data.header)
    found = network.logits(model, tensors, data.test_inputs)
    close = 1e-2 if form == "half" else 1e-6
    torch.testing.assert_close(found, own(data.test_inputs), rtol=close, atol=close)


def test_a_network_whose_own_names_begin_alike_keeps_them(tmp_path):
    """``model.`` is no prefix of a network that has a part of that name."""
    text = elsewhere.SOURCE.replace("self.body", "self.model").replace('"body', '"model')
    (tmp_path / "my_model.py").write_text(text)
    model = elsewhere.model(tmp_path / "my_model.py", "Maps")
    state = elsewhere.network(tmp_path / "my_model.py", "Maps").state_dict()
    found = conversion.fitted(tmp_path / "x.pt", state, model)
    assert torch.equal(found["net.model.0.weight"], state["model.0.weight"])
    # Statistics are taken too, and what no file holds is the network's own.
    assert torch.equal(found["net.model.1.running_var"], state["model.1.running_var"])
    assert found["net.scale"] == 1.5


def test_a_file_of_two_networks_needs_a_prefix(file, tmp_path):
    model, own = elsewhere.model(file, "Net"), elsewhere.network(file, "Net", seed=3).state_dict()
    other = elsewhere.network(file, "Net", seed=4).state_dict()
    both = {f"model.{n}": t for n, t in own.items()} | {f"ema.{n}": t for n, t in other.items()}
    with pytest.raises(UserError, match=r"x\.pt: holds several networks, ema\., model\.; allowed"):
        conversion.fitted(tmp_path / "x.pt", both, model)
    found = conversion.fitted(tmp_path / "x.pt", both, model, prefix="ema.")
    assert torch.equal(found["net.first.weight"], other["first.weight"])


def without(state, name):
    return {key: tensor for key, tensor in state.items() if key != name}


WRONG = {
    "missing": (lambda s: without(s, "first.bias"), r"has no first\.bias, which .*\.py:Net has"),
    "missing in all": (
        lambda s: {f"module.{n}": t for n, t in without(s, "last.weight").items()},
        r"has no module\.last\.weight, which",
    ),
    "surplus": (lambda s: s | {"first.s": s["last.bias"]}, r"has first\.s, which .*:Net lacks"),
    "another's": (lambda s: {"layer.w": s["last.bias"]}, r"has no .*\(there: layer\.w\)"),
    "shape": (
        lambda s: s | {"first.weight": s["first.weight"].T},
        r"first\.weight has shape \[64, 12\]; allowed: \[12, 64\], as .*my_model\.py:Net has",
    ),
    "type": (
        lambda s: s | {"first.weight": s["first.weight"].long()},
        r"first\.weight is of torch\.int64; allowed: torch\.float32",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change, told", WRONG.values(), ids=WRONG)
def test_a_parameter_that_does_not_fit_is_named(file, tmp_path, change, told):
    state = elsewhere.network(file, "Net").state_dict()
    with pytest.raises(UserError, match=told) as caught:
        conversion.fitted(tmp_path / "step_1.pt", change(state), elsewhere.model(file, "Net"))
    line = str(caught.value)
    assert line.startswith(f"{tmp_path}/step_1.pt: ") and "\n" not in line


NOT_AS_TOLD = {
    "features": (
        ("Net", {"features": "first"}),
        "the output of first, .* is not what goes into the",
    ),
    "features of another size": (
        ("Maps", {"features": "body.0"}),
        r"output of body\.0, \[4, 4, 4\]",
    ),
    "head": (
        ("Net", {"head": "first", "arguments": {"width": 10}}),
        "is not that of its head first",
    ),
    "logits": (("Doubled", {}), "its output is not that of its head last"),
    "log-softmax of a squared loss": (
        ("LogSoftmax", {"loss": "mse"}),
        "is not that of its head last",
    ),
}


@pytest.mark.parametrize("asked, told", NOT_AS_TOLD.values(), ids=NOT_AS_TOLD)
def test_a_network_that_is_not_as_told_is_not_measured(file, data, tmp_path, asked, told):
    name, given = asked
    write_run(file, name, tmp_path / "runs", steps=(1,), **given.get("arguments", {}))
    pack, files = pack_of(file, name, tmp_path / "runs", **given)
    with pytest.raises(UserError, match=told):
        list(conversion.convert(pack, data, files, tmp_path / "checkpoints"))


def test_a_step_that_is_not_finite_has_no_numbers(file, data, tmp_path):
    networks = write_run(file, "Net", tmp_path / "runs", steps=(1, 2, 3))
    state = networks[2].state_dict()
    state["first.bias"][0] = math.nan
    elsewhere.save(state, tmp_path / "runs/step_2.pt")
    pack, files = pack_of(file, "Net", tmp_path / "runs")
    rows = list(conversion.convert(pack, data, files, tmp_path / "checkpoints"))
    assert [row["diverged_at"] for row in rows] == [None, 2, 2]
    assert ["loss_train" in row for row in rows] == [True, False, True]
    table = measured(tmp_path / "checkpoints", pack, data, nc0.measuring(data))
    assert list(table["nc0"].isna()) == [False, True, False]


def test_a_matrix_used_twice_and_a_mask_of_minus_infinity(file, data, tmp_path):
    own = write_run(file, "Tied", tmp_path / "runs", steps=(2,))[2]
    pack, files = pack_of(file, "Tied", tmp_path / "runs")
    (row,) = conversion.convert(pack, data, files, tmp_path / "checkpoints")
    with torch.no_grad():
        loss = nn.functional.cross_entropy(own(data.train_inputs), data.train_labels).item()
    assert row["loss_train"] == pytest.approx(loss, rel=1e-5)
    assert row["diverged_at"] is None
    for program in (nc0, collapse, curvature):
        rows = measured(tmp_path / "checkpoints", pack, data, program.measuring(data))
        assert rows.notna().any(axis=None)


def test_logits_that_overflow_are_a_divergence_not_a_mistake(file, data, tmp_path):
    state = elsewhere.network(file, "Net").state_dict()
    state = {name: torch.full_like(tensor, 1e38) for name, tensor in state.items()}
    elsewhere.save(state, tmp_path / "runs/step_5.pt")
    pack, files = pack_of(file, "Net", tmp_path / "runs")
    (row,) = conversion.convert(pack, data, files, tmp_path / "checkpoints")
    assert not math.isfinite(row["loss_train"])
    assert row["diverged_at"] == 5


def test_a_head_may_tell_more_classes_apart_than_the_data_have(file, data, tmp_path):
    write_run(file, "Net", tmp_path / "runs", steps=(1,), classes=12)
    pack, files = pack_of(file, "Net", tmp_path / "runs", arguments={"classes": 12})
    list(conversion.convert(pack, data, files, tmp_path / "checkpoints"))
    for program in (collapse, nc0, flatness, information, curvature):
        rows = measured(tmp_path / "checkpoints", pack, data, program.measuring(data))
        assert rows.notna().any(axis=None)
