"""The explorer: a page with a study's data, whose readers choose what to draw against what."""

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
"""Bits that each number loses, of the 23 bits of its fraction. About three and a half digits
remain."""
MORE = "img-src data: blob:; worker-src blob:"
"""What the plotting library needs from the browser in addition to its script, for images of the
plot."""


def page(df: pd.DataFrame, labels: Sequence[str], title: str, question: str, **said: str) -> str:
    """The page of a study's data.

    Args:
        df: the data, with the rows of each run one after the other.
        labels: the columns that distinguish runs.
        title: the title of the page.
        question: the study's question.
        said: ``note``, which says what was run, and ``thinned``, which says what the page leaves
            out.
    """
    present = [label for label in labels if label in df]
    metrics = _metrics(df, present)
    runs = df.drop_duplicates(RUN)
    about = {
        "runs": runs[RUN].tolist(),
        "counts": df.groupby(RUN, sort=False).size().tolist(),
        "rows": len(df),
        "metrics": [{"name": name, "called": _label_of_metric(name)} for name in metrics],
        "labels": [_label(runs[label]) for label in present],
    }
    body = filled(BODY, question=question, about=about, data=packed(df[metrics]), **said)
    # The library's source may contain the tag that would end its script element.
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


def _label_of_metric(metric: str) -> str:
    """The label of a metric: its column, and its name if it has one.

    The name of the column states the definition of the metric.
    """
    return f"{metric}: {names.plain_metric(metric)}" if metric in names.METRICS else metric


def _label(values: pd.Series) -> dict[str, Any]:
    """A column of labels: its values in order, their colours, and the index of each run's value."""
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
        "values": [_short(value) for value in distinct] + ["none"] * missing,
        "colours": [palette[value] for value in distinct] + ["#8a8a8a"] * missing,
        "of": [len(distinct) if pd.isna(value) else order[value] for value in values],
    }


def _short(value: Any) -> str:
    """A value in few characters, or in full if the short form is another number."""
    short = names.value(value)
    return short if isinstance(value, str) or float(short) == value else repr(value)


def packed(df: pd.DataFrame) -> str:
    """Columns of numbers as text: a line of base64 for each, float32 compressed by gzip.

    All columns but the step are rounded. The bytes of a column lie in four planes, each of which
    holds the same byte of every number. These bytes are alike, so they compress well.
    """
    lines = []
    for name in df:
        whole = df[name].to_numpy(dtype=np.float64, na_value=np.nan)
        with np.errstate(over="ignore"):  # a number too large for float32 becomes infinite
            numbers = np.where(np.isnan(whole), np.nan, whole).astype("<f4")
        kept = numbers if name == STEP else rounded(numbers)
        planes = np.ascontiguousarray(kept.view(np.uint8).reshape(-1, 4).T).tobytes()
        lines.append(base64.b64encode(gzip.compress(planes, 6, mtime=0)).decode("ascii"))
    return "\n".join(lines)


def rounded(numbers: np.ndarray) -> np.ndarray:
    """float32 numbers, each rounded to the nearest whose last :data:`DROPPED` bits are 0."""
    bits = numbers.view(np.uint32)
    near = (bits + np.uint32(1 << (DROPPED - 1))) & ~np.uint32((1 << DROPPED) - 1)
    return np.where(np.isfinite(numbers), near, bits).astype(np.uint32).view(np.float32)
