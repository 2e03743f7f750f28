"""``python -m scripts.measure``: what it writes, and what it refuses, in one line each."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from latephase.errors import UserError
from latephase.metrics.nc0.family import nc0_metrics
from latephase.storage import parquet
from scripts import measure
from tests import elsewhere

STEPS = (0, 5, 50)


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A model, data of 12 classes in vectors, and checkpoints of several networks."""
    folder = tmp_path_factory.mktemp("mine")
    file = elsewhere.write_models(folder)
    generator = np.random.default_rng(0)
    for name, classes in (("few", 3), ("many", 12)):
        labels = np.arange(240) % classes
        x = generator.normal(size=(240, 64)) + np.eye(64)[labels] * 5
        arrays = {"x_train": x[:120], "y_train": labels[:120]}
        np.savez(folder / f"{name}.npz", **arrays, x_test=x[120:], y_test=labels[120:])
    for step in STEPS:
        state = elsewhere.network(file, "Net", seed=step, classes=12).state_dict()
        elsewhere.save(state, folder / f"runs/42/step_{step}.safetensors")
        ten = elsewhere.network(file, "Net", seed=step).state_dict()
        elsewhere.save(ten, folder / f"runs/ten/step_{step}.pt")
    return folder


def call(mine, place, *more, **options):
    """The program, on the network of 12 classes unless told otherwise."""
    given = {
        "model": f"{mine}/my_model.py:Net",
        "arguments": '{"classes": 12}',
        "checkpoints": f"{mine}/runs/42",
        "data": f"{mine}/many.npz",
        "output": place,
    } | options
    measure.main([word for k, value in given.items() for word in (f"--{k}", str(value))] + [*more])


def test_a_row_a_step_and_a_column_a_metric(mine, tmp_path, capsys):
    output, picture = tmp_path / "made/metrics.parquet", tmp_path / "made/run.png"
    call(mine, output, picture=picture, metrics="contraction", features="relu")
    table = parquet.read(output)
    assert table["step"].tolist() == [*STEPS]
    assert set(table["seed"]) == {0}
    for step, found in zip(STEPS, table["nc0"], strict=True):
        own = elsewhere.network(mine / "my_model.py", "Net", seed=step, classes=12)
        assert found == pytest.approx(nc0_metrics(own.last.weight.detach())["nc0"], rel=1e-6)
    wanted = ["rnc1", "relative_flatness", "nhsic_x", "error_bound_test", "accuracy_test"]
    assert np.isfinite(table[wanted]).all(axis=None)
    assert Image.open(picture).size[0] > 500
    drawn = pd.read_csv(picture.with_suffix(".csv"))
    assert drawn["step"].min() == 5  # a short run is drawn from its first step on
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{mine}/runs/42: 3 checkpoints, steps 0 to 50"
    assert f"{output}: 3 rows, {table.shape[1]} columns" in told
    assert "memorisation (accuracy_train): not within these steps" in told
    assert sorted(path.name for path in output.parent.iterdir()) == [
        *("metrics.parquet", "run.csv", "run.pdf", "run.png")
    ]


def test_a_data_set_of_the_pipeline_is_taken_too(mine, tmp_path, digits_file):
    options = {"arguments": "{}", "checkpoints": mine / "runs/ten", "data": digits_file}
    call(mine, tmp_path / "x.parquet", **options, pattern="step_{step}.pt")
    assert len(parquet.read(tmp_path / "x.parquet")) == 3


def test_without_a_later_checkpoint_there_are_numbers_and_no_picture(mine, tmp_path, capsys):
    state = elsewhere.network(mine / "my_model.py", "Net", seed=0, classes=12).state_dict()
    elsewhere.save(state, tmp_path / "first/step_0.safetensors")
    output, told = tmp_path / "x.parquet", "first: has no finite checkpoint from step 1 on"
    call(mine, output, checkpoints=tmp_path / "first")
    assert len(parquet.read(output)) == 1
    assert told in capsys.readouterr().out
    with pytest.raises(UserError, match=f"{told}, so no onsets and no --picture"):
        call(mine, output, checkpoints=tmp_path / "first", picture=tmp_path / "x.png")


WRONG = {
    "classes": (
        {"arguments": "{{}}", "checkpoints": "{mine}/runs/ten"},
        r"my_model\.py:Net: its head last has 10 outputs; the data have 12 classes, labels 0 to 11",
    ),
    "another network": (
        {"model": "{mine}/my_model.py:Maps", "arguments": "{{}}", "inputs": "1 8 8"},
        r"my_model\.py:Maps: its head classifier\.2 has 10 outputs",
    ),
    "shape": (
        {"arguments": '{{"classes": 13}}'},
        r"step_0\.safetensors: last\.weight has shape \[12, 12\]; allowed: \[13, 12\]",
    ),
    "no class": ({"model": "{mine}/my_model.py"}, "--model is .*; allowed: FILE:CLASS"),
    "no file": ({"model": "no.py:Net"}, r"^--model: no\.py: no such file; allowed: a file of Pyth"),
    "no such class": ({"model": "{mine}/my_model.py:No"}, "^--model is 'No', which .* does not"),
    "no number": ({"arguments": '{{"classes": NaN}}'}, "^command line: model.arguments.classes is"),
    "negative": ({"inputs": "-8 -8"}, r"^command line: model\.inputs\[[01]\] is -8; allowed: at l"),
    "twice": ({"metrics": "curvature curvature"}, "^command line: metrics is .*without repeats"),
    "threads": ({"threads": "0"}, "^--threads is 0; allowed: 1 to "),
    "device": ({"device": "gpu"}, "^--device is 'gpu'; allowed: cpu, cuda, or a number, as cuda:1"),
    "below a file": ({"output": "{mine}/many.npz/x.parquet"}, "^--output is .* cannot be written"),
    "long": ({"output": "x" * 300 + ".parquet"}, "^--output is .* cannot be written .File name"),
    "a folder": ({"picture": "{mine}/folder.png"}, "^--picture is .* cannot be written .Is a dir"),
    "JSON": ({"arguments": "classes=3"}, "^--arguments: not JSON"),
    "deep JSON": ({"arguments": "[" * 20_000}, "^--arguments: not JSON"),
    "folder": ({"checkpoints": "{mine}/run"}, "^--checkpoints: .*/run: no such folder"),
    "pattern": ({"pattern": "step"}, "^--pattern: 'step'; allowed: a path below the folder"),
    "fits": ({"pattern": "{{step}}.pt"}, r"^--checkpoints: .*/42: no file fits \{step\}\.pt"),
    "head": ({"head": "first."}, r"Net: head is 'first\.'; allowed: first, relu, last"),
    "metric": ({"metrics": "curvatur"}, "^--metrics is 'curvatur'; allowed: contraction, "),
    "data": ({"data": "{mine}/my_model.py"}, "^--data is .*; allowed: an .npz"),
    "no data": ({"data": "{mine}/no.npz"}, r"no\.npz: no such file"),
    "output": ({"output": "x.csv"}, r"^--output is x\.csv; allowed: a file that ends in \.parquet"),
    "picture": ({"picture": "x.pdf"}, r"^--picture is x\.pdf; allowed: a file that ends in \.png"),
    "seeds": ({"checkpoints": "{mine}/{{seed}}"}, "^--checkpoints is .*; allowed: a folder of one"),
}  # fmt: skip


@pytest.mark.parametrize("options, told", WRONG.values(), ids=WRONG)
def test_a_mistake_is_one_line_and_leaves_nothing(mine, tmp_path, options, told):
    options = {key: value.format(mine=mine) for key, value in options.items()}
    (mine / "folder.png").mkdir(exist_ok=True)
    several = {key: options.pop(key).split() for key in ("inputs", "metrics") if key in options}
    more = [word for key, words in several.items() for word in (f"--{key}", *words)]
    with pytest.raises(UserError, match=told) as caught:
        call(mine, tmp_path / "x.parquet", *more, **options)
    assert "\n" not in str(caught.value)
    assert not [*tmp_path.iterdir()]
