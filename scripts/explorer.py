"""Make the explorer of a study: a page with its data. Whoever opens it chooses what it draws.

    python -m scripts.explorer --about '{"title": …, "question": …, "note": …}' \
        --labels optimizer.weight_decay seed --data results/quick/studies/weight_decay_mlp.parquet \
        --output results/quick/explore/weight_decay_mlp.html
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from latephase.analysis.thinning import thinned
from latephase.drawing import explorer_page
from latephase.errors import reporting
from latephase.storage.atomic import replacing
from scripts.reading import read

ROWS = 20_000
"""The largest number of rows in a page, as of 250 runs with 80 checkpoints: about 12 MB."""
COLUMNS = ("run", "step")


def told(shown: pd.DataFrame, df: pd.DataFrame, path: Path) -> str:
    """A text on what a page leaves out."""
    runs = [frame["run"].nunique() for frame in (shown, df)]
    return (
        f"this page shows {len(shown):,} of {len(df):,} checkpoints, of {runs[0]:,} of "
        f"{runs[1]:,} runs. Each run shown has its first and its last. {path} has all."
    )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--about", required=True, type=json.loads, help="JSON: title and texts")
    parser.add_argument("--labels", nargs="*", default=[], help="columns that tell runs apart")
    parser.add_argument("--data", required=True, type=Path, help="data of the study")
    parser.add_argument("--output", required=True, type=Path)
    args = parser.parse_args(argv)
    df = read(args.data, COLUMNS)
    shown = thinned(df, ROWS)
    left_out = told(shown, df, args.data) if len(shown) < len(df) else ""
    text = explorer_page.page(shown, args.labels, **args.about, thinned=left_out)
    with replacing(args.output) as part:
        part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
