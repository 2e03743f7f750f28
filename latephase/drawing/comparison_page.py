"""A table as a page: our value with its interval, and the paper's beside it."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from latephase.drawing import names
from latephase.drawing.page import Markup, filled, joined
from latephase.drawing.page import page as whole_page

STYLE = """
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th[colspan] { border-bottom: 1px solid #ddd; }
td.paper { background: #f6f6f6; border-right: 1px solid #ddd; }
tbody th { font-weight: 600; }
"""
READING = (
    "In brackets, the 95 % bootstrap interval over seeds. "
    "Blank: not in the paper, or no run to show."
)
TABLE = """<div class="scroll" tabindex="0" role="region" aria-label="$title">
<table>
<caption>$note.<small>$reading</small></caption>
<thead><tr>$keys$quantities</tr>
<tr>$pairs</tr></thead>
<tbody>
$rows
</tbody>
</table>
</div>"""
KEY_HEAD = '<th scope="col" rowspan="2">$heading</th>'
QUANTITY_HEAD = '<th scope="colgroup" colspan="2">$heading</th>'
PAIR = Markup('<th scope="col">ours</th><th scope="col">paper</th>')
ROW = '<tr><th scope="row">$first</th>$keys$values</tr>'
KEY = "<td>$key</td>"
VALUES = '<td>$ours$interval</td><td class="paper">$paper</td>'
INTERVAL = "<small>[$low, $high]</small>"


def page(
    df: pd.DataFrame,
    title: str,
    keys: dict[str, str],
    quantities: Sequence[tuple[str, str, str]],
    note: str,
) -> Markup:
    """A row for each row of ``df``: its keys, then each quantity's value of ours and of the paper.

    ``quantities`` are our column, its heading, and the paper's column without ``published_``.
    """
    table = filled(
        TABLE,
        title=title,
        note=note,
        reading=READING,
        keys=joined(filled(KEY_HEAD, heading=heading) for heading in keys.values()),
        quantities=joined(filled(QUANTITY_HEAD, heading=heading) for _, heading, _ in quantities),
        pairs=joined([PAIR] * len(quantities)),
        rows=joined((_row(row, keys, quantities) for row in df.to_dict("records")), "\n"),
    )
    return whole_page(title, table, STYLE)


def _row(
    row: dict[str, Any], keys: dict[str, str], quantities: Sequence[tuple[str, str, str]]
) -> Markup:
    first, *others = keys
    values = []
    for name, _, printed in quantities:
        low, high = row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan)
        interval = filled(INTERVAL, low=number(low), high=number(high))
        values.append(
            filled(
                VALUES,
                ours=number(row[name]),
                interval="" if math.isnan(low) else interval,
                paper=as_printed(row[f"published_{printed}"]),
            )
        )
    return filled(
        ROW,
        first=_key(first, row[first]),
        keys=joined(filled(KEY, key=_key(key, row[key])) for key in others),
        values=joined(values),
    )


def _key(name: str, value: Any) -> str:
    """What names a row: a number in full, an optimizer as it is called, any other text."""
    if isinstance(value, str):
        return names.value(value) if name == "optimizer" else value
    return as_printed(value)


def number(value: float) -> str:
    """A value in three digits, a count in all of its own; nothing where there is none."""
    if math.isnan(value) or float(value).is_integer():
        return as_printed(value)
    if math.isinf(value) or not 1e-3 <= abs(value) < 1e6:
        return _short(f"{value:.2e}")
    digits = 2 - math.floor(math.log10(abs(value)))
    return _short(f"{round(value, digits):.{max(digits, 0)}f}")


def as_printed(value: float) -> str:
    """A value in the digits that it has, up to six; nothing where there is none."""
    if math.isnan(value):
        return ""
    if float(value).is_integer() and abs(value) < 1e9:
        return _short(f"{value:.0f}")
    return _short(f"{value:.2e}" if abs(value) < 1e-3 else f"{value:.6g}")


def _short(text: str) -> str:
    """Exponents without padding, a true minus sign, a sign for the infinite."""
    mantissa, mark, exponent = text.partition("e")
    if mark and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    text = f"{mantissa}e{int(exponent)}" if mark else mantissa
    return text.replace("inf", "∞").replace("-", "−")
