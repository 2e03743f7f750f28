"""A page of a table that shows only our values, each with its interval if it has one."""

import math
from typing import Any

import pandas as pd

from latephase.drawing.comparison_page import number
from latephase.drawing.page import filled
from latephase.drawing.page import page as whole_page

STYLE = "td { font-variant-numeric: tabular-nums; white-space: nowrap; }"
READING = "In brackets, the bootstrap interval over seeds, 95 % of five or more. Blank: no value."
TABLE = """<div class="scroll" tabindex="0" role="region" aria-label="{{ title }}">
<table>
<caption>{{ note }}.<small>{{ reading }}</small></caption>
<thead><tr>{% for heading in headings %}<th scope="col">{{ heading }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>
{%- for value, interval in row -%}
<td>{{ value }}{% if interval %}<small>{{ interval }}</small>{% endif %}</td>
{%- endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>"""


def page(df: pd.DataFrame, title: str, headings: dict[str, str], note: str) -> str:
    """The page: a row for each row of ``df``, and a column for each of ``headings``.

    If ``df`` has ``<column>_low`` and ``<column>_high``, they are shown as the interval of the
    column. An end that no run has shown is ∞.
    """
    rows = [[_cell(row, column) for column in headings] for row in df.to_dict("records")]
    table = filled(
        TABLE, title=title, note=note, reading=READING, headings=list(headings.values()), rows=rows
    )
    return whole_page(title, table, STYLE)


def _cell(row: dict[str, Any], column: str) -> tuple[str, str]:
    """A value as text, and its interval; "" if there is none."""
    low, high = (row.get(f"{column}_{end}", math.nan) for end in ("low", "high"))
    known = not (math.isnan(low) or math.isnan(high))
    return _text(row[column]), f"[{_text(low)}, {_text(high)}]" if known else ""


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else number(value)
