"""A page of a table that shows our values with their intervals beside the paper's values."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from latephase.drawing import names
from latephase.drawing.page import filled
from latephase.drawing.page import page as whole_page

STYLE = """
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th[colspan] { border-bottom: 1px solid #ddd; }
td.paper { background: #f6f6f6; border-right: 1px solid #ddd; }
tbody th { font-weight: 600; }
"""
READING = (
    "In brackets, the bootstrap interval over seeds, 95 % of five or more. "
    "Blank: not in the paper, or no run to show."
)
TABLE = """<div class="scroll" tabindex="0" role="region" aria-label="{{ title }}">
<table>
<caption>{{ note }}.<small>{{ reading }}</small></caption>
<thead><tr>
{%- for heading in keys %}<th scope="col" rowspan="2">{{ heading }}</th>{% endfor %}
{%- for heading in quantities %}<th scope="colgroup" colspan="2">{{ heading }}</th>{% endfor -%}
</tr>
<tr>
{%- for heading in quantities %}<th scope="col">ours</th><th scope="col">paper</th>{% endfor -%}
</tr></thead>
<tbody>
{% for first, others, values in rows %}
<tr><th scope="row">{{ first }}</th>
{%- for key in others %}<td>{{ key }}</td>{% endfor %}
{%- for ours, low, high, paper in values -%}
<td>{{ ours }}{% if low %}<small>[{{ low }}, {{ high }}]</small>{% endif %}</td>
{#- #}<td class="paper">{{ paper }}</td>
{%- endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>"""


def page(
    df: pd.DataFrame,
    title: str,
    keys: dict[str, str],
    quantities: Sequence[tuple[str, str, str]],
    note: str,
) -> str:
    """The page: for each row of ``df`` its keys, then our value and the paper's of each quantity.

    ``keys`` maps columns to their headings. ``quantities`` are our column, its heading, and the
    paper's column without ``published_``.
    """
    table = filled(
        TABLE,
        title=title,
        note=note,
        reading=READING,
        keys=list(keys.values()),
        quantities=[heading for _, heading, _ in quantities],
        rows=[_row(row, keys, quantities) for row in df.to_dict("records")],
    )
    return whole_page(title, table, STYLE)


def _row(
    row: dict[str, Any], keys: dict[str, str], quantities: Sequence[tuple[str, str, str]]
) -> tuple[str, list[str], list[tuple[str, ...]]]:
    """A row's first key, its other keys, and its values.

    The values are, for each quantity, our value, the ends of its interval, and the paper's value.
    """
    first, *others = [_key(key, row[key]) for key in keys]
    values = []
    for name, _, printed in quantities:
        bounds = [number(row.get(f"{name}_{end}", math.nan)) for end in ("low", "high")]
        values.append((number(row[name]), *bounds, as_printed(row[f"published_{printed}"])))
    return first, others, values


def _key(name: str, value: Any) -> str:
    """The key of a row: a number in full, an optimizer by its name, any other text unchanged."""
    if isinstance(value, str):
        return names.value(value) if name == "optimizer" else value
    return as_printed(value)


def number(value: float) -> str:
    """A value with three digits, or a whole number with all of its digits; "" for NaN."""
    if math.isnan(value) or float(value).is_integer():
        return as_printed(value)
    if math.isinf(value) or not 1e-3 <= abs(value) < 1e6:
        return _short(f"{value:.2e}")
    digits = 2 - math.floor(math.log10(abs(value)))
    return _short(f"{round(value, digits):.{max(digits, 0)}f}")


def as_printed(value: float) -> str:
    """A value with its own digits, up to six; "" for NaN."""
    if math.isnan(value):
        return ""
    if float(value).is_integer() and abs(value) < 1e9:
        return _short(f"{value:.0f}")
    return _short(f"{value:.2e}" if abs(value) < 1e-3 else f"{value:.6g}")


def _short(text: str) -> str:
    """Write exponents without padding, a minus sign for "-", and ∞ for "inf"."""
    mantissa, mark, exponent = text.partition("e")
    if mark and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    text = f"{mantissa}e{int(exponent)}" if mark else mantissa
    return text.replace("inf", "∞").replace("-", "−")
