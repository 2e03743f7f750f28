"""The last lines of a run."""

import os

import pytest

from rules import summary


@pytest.fixture
def folder(tmp_path):
    """A scale's folder in which everything was made, in order."""
    files = {
        "studies/a.parquet": "",
        "studies/a.margins.parquet": "",
        "studies/b.parquet": "",
        "figures/fig_a.png": "",
        "tables/table_a.html": "",
        "claims.csv": "claim,study,verdict\n" + "x,a,reproduced\n" * 2 + "y,a,inconclusive\n",
        "report.html": "",
        "index.html": "",
    }
    for i, (name, text) in enumerate(files.items()):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.utime(path, (1000 + i, 1000 + i))
    return tmp_path


def test_a_line_for_each(folder):
    assert summary.lines(folder) == [
        f"figures   {folder}/figures/   fig_a (pdf, png, csv)",
        f"tables    {folder}/tables/   table_a (html, csv)",
        f"verdicts  {folder}/claims.html   2 reproduced, 0 says little, 0 not reproduced, "
        "1 inconclusive",
        f"report    {folder}/report.html",
        f"all of it {folder}/index.html   (open it in a browser)",
    ]


def test_figures_stand_in_natural_order(folder):
    for name in ("p_fig14", "p_fig2", "p_clock"):
        (folder / f"figures/{name}.png").write_text("")
    assert summary.lines(folder)[0].split()[2:6] == ["p_fig2,", "p_fig14,", "fig_a,", "p_clock"]


def test_what_is_not_there_has_no_line(folder):
    (folder / "report.html").unlink()
    (folder / "index.html").unlink()
    (folder / "claims.csv").unlink()
    assert [line.split()[0] for line in summary.lines(folder)] == ["figures", "tables"]
    assert summary.lines(folder / "nothing") == []


@pytest.mark.parametrize(
    ("newer", "behind"),
    [
        ("figures/fig_a.png", ["report", "all"]),
        ("tables/table_a.html", ["report", "all"]),
        ("studies/a.parquet", ["verdicts"]),
        ("studies/b.parquet", []),  # of which nothing is claimed
        ("claims.csv", ["report", "all"]),
        ("report.html", []),
        ("index.html", []),
        ("studies/a.margins.parquet", []),
    ],
)
def test_what_is_older_than_its_sources_is_said_to_be(folder, newer, behind):
    os.utime(folder / newer, (2000, 2000))
    told = [
        line.split()[0] for line in summary.lines(folder) if line.endswith("(from before this run)")
    ]
    assert told == behind
