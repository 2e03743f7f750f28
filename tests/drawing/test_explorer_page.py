"""The explorer: what a page holds of a study's data is what the data are."""

import base64
import gzip
import json
import math
import re

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("plotly", reason="plotly is not installed")

from latephase.drawing import explorer_page

HOSTILE = "</script><script>pwned()</script><b onclick=pwned()>"
WITHIN = 2.0**-14
"""How far a rounded number may be off, relative: half of the last of 13 bits."""


def study(**columns):
    runs = {"run": ["a", "a", "b", "b"], "step": [0, 93_801, 0, 93_801], "pack": ["p"] * 4}
    labels = {"optimizer.name": ["sgd", "sgd", "adamw", "adamw"], "seed": [1, 1, 2, 2]}
    return pd.DataFrame(runs | labels | {"nc0": [1.0, 0.5, 2.0, math.nan]} | columns)


def made(df, labels=("arm", "optimizer.name", "seed"), **said):
    said = {"title": "t", "question": "q", "note": "n", "thinned": ""} | said
    return explorer_page.page(df, labels, **said)


def held(text):
    """What a page says of its data, and the columns in it."""
    about = json.loads(re.search(r'id="about">(.*?)</script>', text, re.S)[1])
    lines = re.search(r'id="data">(.*?)</script>', text, re.S)[1].strip().split("\n")
    names = [metric["name"] for metric in about["metrics"]]
    return about, {name: unpacked(line) for name, line in zip(names, lines, strict=True)}


def unpacked(line):
    planes = np.frombuffer(gzip.decompress(base64.b64decode(line)), np.uint8).reshape(4, -1)
    return np.ascontiguousarray(planes.T).view("<f4")[:, 0]


def test_numbers_are_those_of_the_data():
    values = [1e-30, 3.14159265, -2.5e20, math.inf]
    about, columns = held(made(study(loss_train=values, nc1_pinv=[math.nan] * 4)))
    assert list(columns) == ["step", "nc0", "loss_train", "nc1_pinv"]
    assert columns["step"].tolist() == [0, 93_801, 0, 93_801]  # to the last digit
    np.testing.assert_allclose(columns["loss_train"], values, rtol=WITHIN)
    assert np.isnan(columns["nc1_pinv"]).all()
    assert about["runs"] == ["a", "b"]
    assert about["counts"] == [2, 2]


def test_rounding_is_to_the_nearest_and_leaves_what_is_no_number():
    numbers = np.random.default_rng(0).normal(size=1000).astype(np.float32) * np.float32(1e3)
    rounded = explorer_page.rounded(numbers)
    assert (np.abs(rounded / numbers - 1) <= WITHIN).all()
    assert len({*rounded.view(np.uint32) % (1 << explorer_page.DROPPED)}) == 1
    special = np.array([np.nan, np.inf, -np.inf, 0, -0.0], np.float32)
    np.testing.assert_array_equal(explorer_page.rounded(special), special)


def test_labels_say_of_each_run_what_it_is():
    df = study(**{"optimizer.lr": [0.1, 0.1, math.nan, math.nan]})
    about, columns = held(made(df, ("optimizer.name", "seed", "optimizer.lr")))
    labels = {label["name"]: label for label in about["labels"]}
    assert labels["optimizer.name"]["values"] == ["SGD", "AdamW"]
    assert labels["optimizer.name"]["of"] == [0, 1]
    assert labels["optimizer.lr"]["values"] == ["0.1", "none"]
    assert labels["optimizer.lr"]["of"] == [0, 1]
    assert len({*labels["seed"]["colours"]}) == 2
    assert not {"seed", "optimizer.lr"} & {*columns}


def test_values_that_few_signs_would_make_one_are_told_in_full():
    df = study(seed=[1234567, 1234567, 1234568, 1234568])
    (label,) = held(made(df, ("seed",)))[0]["labels"]
    assert label["values"] == ["1234567", "1234568"]


def test_lists_and_texts_are_no_metrics():
    df = study(spectrum=[[1.0, 2.0]] * 4, schedule=["{}"] * 4, diverged=[True] * 4)
    assert "spectrum" not in held(made(df))[1]
    assert list(held(made(df))[1]) == ["step", "nc0"]


def test_what_is_text_stays_text():
    df = study(arm=[HOSTILE] * 2 + ["x"] * 2)
    text = made(df, title=HOSTILE, question=HOSTILE, note=HOSTILE, thinned=HOSTILE)
    assert HOSTILE not in text
    assert text.count("<script") == 3  # two of data, one that runs
    assert text.count("</script") == 3
    assert held(text)[0]["labels"][0]["values"] == [HOSTILE, "x"]


def test_the_page_needs_nothing_but_itself():
    text = made(study())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy
    assert not re.search(r"<(link|img|iframe)\b[^>]*(src|href)=", text.partition("<script>")[0])


def test_what_is_left_out_is_said():
    assert "Thinned:" not in made(study())
    assert "<strong>Thinned:</strong> every other" in made(study(), thinned="every other")


def test_a_page_of_250_runs_of_80_checkpoints_is_below_15_megabytes():
    rng = np.random.default_rng(0)
    runs = np.repeat([f"{i:012x}" for i in range(250)], 80)
    columns = {f"metric_{i}": rng.normal(size=20_000) for i in range(135)}
    df = pd.DataFrame({"run": runs, "step": np.tile(np.arange(80), 250), **columns})
    assert len(made(df, ())) < 15_000_000
