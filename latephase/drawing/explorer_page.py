"""The explorer: a study's data in a page, to be drawn against each other by whoever opens it."""

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from plotly.offline import get_plotlyjs

from latephase.drawing import colours, names
from latephase.drawing.explorer_look import BODY, SCRIPT, STYLE
from latephase.drawing.page import filled
from latephase.drawing.page import page as whole_page
from latephase.runs.columns import OPTIMIZER, PACK, RUN, STEP

DROPPED = 10
"""Bits that each number loses of its 23 after the point; three digits and a half are left."""
MORE = "img-src data: blob:; worker-src blob:"
"""What the plotting library needs of a browser beside its own script: pictures of the plot."""


def page(df: pd.DataFrame, labels: Sequence[str], title: str, question: str, **said: str) -> str:
    """The page of a study's data, whose runs stand one after the other.

    ``labels`` are the columns that tell runs apart. ``said`` are ``note``, what was run, and
    ``thinned``, what of it the page leaves out.
    """
    present = [label for label in labels if label in df]
    metrics = _metrics(df, present)
    runs = df.drop_duplicates(RUN)
    about = {
        "runs": runs[RUN].tolist(),
        "counts": df.groupby(RUN, sort=False).size().tolist(),
        "rows": len(df),
        "metrics": [{"name": name, "called": _called(name)} for name in metrics],
        "labels": [_label(runs[label]) for label in present],
    }
    body = filled(BODY, question=question, about=about, data=packed(df[metrics]), **said)
    # The library's source may hold what would end the element that it stands in.
    script = f"{get_plotlyjs()}\n{SCRIPT}".replace("</script", r"<\/script")
    return whole_page(title, body, STYLE, script, more=MORE, evaluates=True)


def _metrics(df: pd.DataFrame, labels: Sequence[str]) -> list[str]:
    """The columns that have a number in each row, the step first."""
    others = {RUN, STEP, PACK, *labels}
    numbers = [
        name
        for name in df
        if name not in others and is_numeric_dtype(df[name]) and not is_bool_dtype(df[name])
    ]
    return [STEP, *numbers]


def _called(metric: str) -> str:
    """A metric's column, which says how it is defined, and its name if it has one."""
    return f"{metric}: {names.plain_metric(metric)}" if metric in names.METRICS else metric


def _label(values: pd.Series) -> dict[str, Any]:
    """A column of labels: its values in order, their colours, and of each run which it has."""
    texts = pd.api.types.is_string_dtype(values) or values.dtype == object
    known = values.dropna()
    distinct = names.ordered(known) if texts else sorted(known.unique().tolist())
    if values.name == OPTIMIZER:
        palette = colours.of_optimizers(distinct)
    elif texts or len(distinct) < 3:
        palette = {v: colours.CATEGORIES[i % 10] for i, v in enumerate(distinct)}
    else:
        palette = colours.ordered_palette(distinct)
    missing = bool(values.isna().any())
    order = {value: i for i, value in enumerate(distinct)}
    return {
        "name": values.name,
        "called": names.AXES.get(values.name, values.name),
        "values": [_told(value) for value in distinct] + ["none"] * missing,
        "colours": [palette[value] for value in distinct] + ["#8a8a8a"] * missing,
        "of": [len(distinct) if pd.isna(value) else order[value] for value in values],
    }


def _told(value: Any) -> str:
    """A value in few signs, and in full where these are another number's."""
    short = names.value(value)
    return short if isinstance(value, str) or float(short) == value else repr(value)


def packed(df: pd.DataFrame) -> str:
    """Columns of numbers as text: float32, rounded but for the step, in planes of bytes, gzip.

    A plane holds the same byte of every number, since these are alike and become short.
    """
    planes = []
    for name in df:
        whole = df[name].to_numpy(dtype=np.float64, na_value=np.nan)
        with np.errstate(over="ignore"):  # what is too large for float32 is infinite there
            numbers = np.where(np.isnan(whole), np.nan, whole).astype("<f4")
        kept = numbers if name == STEP else rounded(numbers)
        planes.append(np.ascontiguousarray(kept.view(np.uint8).reshape(-1, 4).T).tobytes())
    return base64.b64encode(gzip.compress(b"".join(planes), 6, mtime=0)).decode("ascii")


def rounded(numbers: np.ndarray) -> np.ndarray:
    """float32 numbers, each to the nearest that ends in :data:`DROPPED` bits of 0."""
    bits = numbers.view(np.uint32)
    near = (bits + np.uint32(1 << (DROPPED - 1))) & ~np.uint32((1 << DROPPED) - 1)
    return np.where(np.isfinite(numbers), near, bits).astype(np.uint32).view(np.float32)
