"""The program of the gallery: what it reads of a folder, and what it says where it cannot."""

import json

import pandas as pd
import pytest
from PIL import Image

from latephase.errors import UserError
from latephase.storage import parquet
from scripts import gallery

NAME, STUDY = "p_fig2", "study"
ENTRY = {
    "name": NAME,
    "label": "Figure 2",
    "title": "NC0",
    "question": "Does it fall?",
    "note": "mlp on digits",
    "studies": [STUDY],
    "claims": ["p-1"],
    "metric": None,
}
CLAIM = {
    "claim": "p-1",
    "where": "Figure 2",
    "sentence": "It falls.",
    "estimate": -1.0,
    "low": -2.0,
    "high": -0.5,
    "n_seeds": 5,
    "n_cells": 1,
    "threshold_low": float("-inf"),
    "threshold_high": 0.0,
    "verdict": "reproduced",
    "controls": "shuffled: turns",
    "note": None,
}


@pytest.fixture
def folder(tmp_path):
    """A scale's folder with one figure, of one study and one claim."""
    folder = tmp_path / "results/quick"
    for name in ("figures", "studies"):
        (folder / name).mkdir(parents=True)
    Image.new("RGB", (400, 200), "white").save(folder / f"figures/{NAME}.png")
    line = {"metric": "nc0", "mark": "line", "seed": 1, "step": [0, 9], "mean": [2.0, 0.5], "n": 1}
    pd.DataFrame(line).to_csv(folder / f"figures/{NAME}.csv", index=False)
    df = pd.DataFrame(
        {"run": ["a", "a", "b", "b"], "step": [0, 9, 0, 5], "diverged_at": [None, None, 7.0, 7.0]}
    )
    parquet.write(folder / f"studies/{STUDY}.parquet", df)
    pd.DataFrame([CLAIM]).to_csv(folder / "claims.csv", index=False)
    return folder


def made(folder, output="index.html", **changes):
    entry = ENTRY | changes
    paper = {"key": "p", "heading": "P", "figures": [entry], "tables": [], "others": []}
    row = {"what": "Figure 2", "here": {"quick": True}, "why": "", "tested": ""}
    paper["coverage"] = [row]
    catalog = {"papers": [paper], "units": {"p-1": "decades"}, "scales": ["quick"]}
    (folder / output).parent.mkdir(exist_ok=True)
    gallery.main(
        [
            *("--catalog", json.dumps(catalog), "--scale", "quick", "--folder", str(folder)),
            *("--claims", str(folder / "claims.csv"), "--output", str(folder / output)),
        ]
    )
    return (folder / output).read_text()


def test_a_page_says_what_the_files_say(folder):
    text = made(folder)
    assert "Its claim is reproduced; NC0 ends at 0.500." in text
    assert "2 runs of up to 9 steps, measured at 4 checkpoints; 1 of the runs diverged." in text
    assert "−1 [−2, −0.5]</span> decades" in text
    assert f'href="figures/{NAME}.pdf"' in text
    assert f"snakemake {folder}/figures/{NAME}.pdf" in text
    assert "nan" not in text.partition("<script>")[0].partition("<body>")[2]


def test_the_page_of_a_paper_leads_to_the_same_files(folder):
    text = made(folder, "p/index.html")
    assert f'href="../figures/{NAME}.pdf"' in text
    assert f'href="../studies/{STUDY}.parquet"' in text
    assert 'href="claims.html"' in text


def test_the_same_files_give_the_same_page(folder):
    assert made(folder) == made(folder)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (f"figures/{NAME}.png", f"figures/{NAME}: cannot be read .*; make the figure again"),
        (f"figures/{NAME}.csv", f"figures/{NAME}: cannot be read .*; make the figure again"),
        ("claims.csv", "claims.csv: cannot be read .*; allowed: a CSV"),
        (f"studies/{STUDY}.parquet", f"studies/{STUDY}.parquet: damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(folder, file, told):
    (folder / file).write_text("")
    with pytest.raises(UserError, match=told) as caught:
        made(folder)
    assert "\n" not in str(caught.value)
    assert not (folder / "index.html").exists()


def test_a_claim_without_a_verdict_is_one_line(folder):
    with pytest.raises(UserError, match=r"no row for p-2; make the verdicts again"):
        made(folder, claims=["p-1", "p-2"])
