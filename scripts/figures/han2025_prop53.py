"""Draw relative flatness against the logit scale, at exact collapse and for a study's checkpoints.

The curve is Proposition 5.3 of han2025 in its sharp form: κ_Tr first rises with the square of the
scale, and later falls. A dot is a checkpoint. Its scale is the one at which exact collapse would
have the same training loss.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis import divergence
from latephase.drawing import layout, left_out, marks, names, series, style
from latephase.drawing.axes import log_value_axis
from latephase.errors import reporting
from latephase.papers.han2025 import theory
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {
    "classes": {"type": "integer", "minimum": 2, "default": 10},
    "by": {"type": "string", "format": "column", "default": "arm"},
}
"""``classes``: the number of classes of the data. ``by``: the column that decides the colour."""
SCALES = (0.05, 20.0)
"""The smallest and the largest logit scale that are drawn."""
COLUMNS = ("run", "step", "seed", "diverged_at")
METRICS = ("loss_train", "relative_flatness")


def data(table: pd.DataFrame, classes: int, by: str) -> pd.DataFrame:
    """What is drawn: kind ("collapse" or "run"), the key, run, scale (s = λM²), kappa.

    The curve is for exact collapse about 0, whose κ_Tr does not depend on the size of the features.
    A checkpoint has its own κ_Tr, and the scale at which exact collapse has the same training loss.
    A checkpoint whose loss is 0 or above ln K has no scale.
    """
    scales = np.geomspace(SCALES[0], SCALES[1], 200)
    curve = theory.flatness_at_collapse(scales, classes).relative_flatness
    frames = [
        pd.DataFrame({"kind": "collapse", by: "", "run": "", "scale": scales, "kappa": curve})
    ]
    rows = divergence.before_divergence(table).copy()
    rows["scale"] = theory.logit_scale_of(rows["loss_train"], classes)
    rows = rows[rows["scale"].between(*SCALES)]
    rows = rows.assign(kind="run", kappa=rows["relative_flatness"])
    frames.append(rows[["kind", by, "run", "scale", "kappa"]])
    return pd.concat(frames, ignore_index=True)


def draw(df: pd.DataFrame, by: str, note: str = "") -> Figure:
    """One panel: a curve, and a dot for each checkpoint."""
    runs, curve = (df[df["kind"] == kind] for kind in ("run", "collapse"))
    looks = series.of_categories(sorted(runs[by].unique(), key=str))
    with style.style():
        fig, panels = layout.grid(1, 1, height=3.2)
        ax = panels[0, 0]
        (exact,) = ax.plot(curve["scale"], curve["kappa"], color="0.2", label="exact collapse")
        for value, look in looks.items():
            own = runs[runs[by] == value]
            marks.dots(ax, own["scale"], own["kappa"], look)
        marks.say_if_empty(ax, runs["kappa"], True, "no checkpoint has a loss below ln K")
        log_value_axis(ax, "x")
        log_value_axis(ax)
        ax.set_xlabel("logit scale λM² (of a run: that of its training loss)")
        ax.set_ylabel("relative flatness κ$_{Tr}$")
        points = [
            series.handle(look, names.value(value), linestyle="none")
            for value, look in looks.items()
        ]
        layout.legend(fig, [exact, *points])
        style.title(
            fig, "Collapse alone is not flatness: κ rises, then falls, with the logits", note
        )
    return fig


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    classes, by = args.options["classes"], args.options["by"]
    table = read(args.data, [*COLUMNS, by], [*METRICS])
    df = data(table, classes, by)
    runs = left_out.but(table, set(df["run"]), "without a checkpoint of a loss between 0 and ln K")
    write(draw(df, by, args.title_note), df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
