"""NC3 against NC0 at the end of training over the whole grid, by study (zhao2026, Fig. 26).

A point a run that fits its training set, a panel a network and data set, and in each the
least-squares line of NC3 on log10 NC0.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase import finals, labels, plots
from latephase.claims.zhao2026 import regression
from latephase.errors import reporting
from scripts.figures import parser, read, several, write

ACROSS = 3  # panels in a row


def data(tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """What is drawn, of the tables of studies by name; and how many runs count.

    kind "run": study, optimizer, nc0, nc3_duality; kind "regression": study, n, slope, intercept,
    r_squared.
    """
    frames, lines, runs, kept = [], [], 0, 0
    for study, table in tables.items():
        last, _ = finals.fitted(table, finals.FITTED)
        runs, kept = runs + table["run"].nunique(), kept + len(last)
        points = last.rename(columns={"optimizer.name": "optimizer"})
        frames.append(points[["optimizer", "nc0", "nc3_duality"]].assign(study=study, kind="run"))
        slope, intercept, r_squared = regression(last["nc0"], last["nc3_duality"])
        fit = {"slope": slope, "intercept": intercept, "r_squared": r_squared}
        lines.append({"kind": "regression", "study": study, "n": len(last)} | fit)
    df = pd.concat([*frames, pd.DataFrame(lines)], ignore_index=True)
    return df, f"{kept} of {runs} runs reach {finals.FITTED:.0%} training accuracy"


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A panel a study, on common axes."""
    studies = list(dict.fromkeys(df["study"]))
    present = [name for name in labels.OPTIMIZERS if name in set(df["optimizer"])]
    rows = -(-len(studies) // ACROSS)
    with plots.style():
        fig = Figure(figsize=(3.0 * min(len(studies), ACROSS) + 1.4, 2.6 * rows + 0.8))
        axes = fig.subplots(
            rows, min(len(studies), ACROSS), sharex=True, sharey=True, squeeze=False
        )
        for ax, study in zip(axes.flat, studies, strict=False):
            part = df[df["study"] == study]
            runs, fit = part[part["kind"] == "run"], part[part["kind"] == "regression"].iloc[0]
            for name in present:
                own = runs[runs["optimizer"] == name]
                dots = {"linestyle": "none", "marker": "o", "markersize": 3, "alpha": 0.7}
                ax.plot(own["nc0"], own["nc3_duality"], color=labels.COLOURS[name], **dots)
            if np.isfinite(fit["slope"]):
                ends = np.array([runs["nc0"].min(), runs["nc0"].max()])
                ax.plot(ends, fit["intercept"] + fit["slope"] * np.log10(ends), color="0.2", lw=1)
            told = f"slope {fit['slope']:.2f}, R² {fit['r_squared']:.2f}, n {fit['n']:.0f}"
            ax.set_title(f"{study}\n{told}", fontsize=8, loc="left")
            ax.set_xscale("log")
        for ax in axes[-1]:
            ax.set_xlabel(labels.METRICS["nc0"])
        for ax in axes[:, 0]:
            ax.set_ylabel("NC3")
        handles = [
            Line2D([], [], color=labels.COLOURS[name], linestyle="none", marker="o", markersize=5)
            for name in present
        ]
        names = [labels.OPTIMIZERS[name] for name in present]
        fig.legend(handles, names, loc="outside right center")
        plots.title(fig, "NC3 against NC0 at the end of training", note)
    return fig


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--beside", type=several, default=[], help="tables of other studies")
    args = arguments.parse_args(argv)
    needed = ["run", "step", "diverged_at", "accuracy_train", "optimizer.name"]
    paths = [args.table, *map(Path, args.beside)]
    tables = {path.stem: read(path, [*needed, "nc0", "nc3_duality"]) for path in paths}
    df, counted = data(tables)
    write(draw(df, f"{args.title_note}; {counted}"), df, args)


if __name__ == "__main__":
    with reporting():
        main()
