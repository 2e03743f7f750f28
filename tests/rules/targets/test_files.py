"""The names of the files that jobs make."""

from pathlib import Path

from rules.targets.files import Files


def test_files_lie_under_the_folder_of_results():
    files = Files("elsewhere", Path("elsewhere"))
    assert files.data("digits") == "elsewhere/data/digits.safetensors"
    assert files.pack("a", "history.parquet") == "elsewhere/packs/a/history.parquet"
    assert files.pack("a") == "elsewhere/packs/a"
    assert files.study("s", "quick") == "elsewhere/quick/studies/s.parquet"
    assert files.margins("s", "quick") == "elsewhere/quick/studies/s.margins.parquet"
    assert files.explorer("s", "quick") == "elsewhere/quick/explore/s.html"
    assert files.figure("f", "paper") == [
        f"elsewhere/paper/figures/f.{k}" for k in ("pdf", "png", "csv")
    ]
    assert files.table("t", "paper") == [f"elsewhere/paper/tables/t.{k}" for k in ("csv", "html")]
