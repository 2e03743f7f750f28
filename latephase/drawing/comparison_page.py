"""A table as a page: our value with its interval, and the paper's beside it."""

import html
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from latephase import labels, pages

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


def page(
    df: pd.DataFrame,
    title: str,
    keys: dict[str, str],
    quantities: Sequence[tuple[str, str, str]],
    note: str,
) -> str:
    """A row a row of ``df``: its keys, then each quantity's value of ours and of the paper."""
    heads = "".join(
        f'<th scope="col" rowspan="2">{html.escape(heading)}</th>' for heading in keys.values()
    )
    heads += "".join(
        f'<th scope="colgroup" colspan="2">{html.escape(heading)}</th>'
        for _, heading, _ in quantities
    )
    pairs = '<th scope="col">ours</th><th scope="col">paper</th>' * len(quantities)
    rows = "\n".join(_row(row, keys, quantities) for row in df.to_dict("records"))
    body = f"""<div class="scroll" tabindex="0" role="region" aria-label="{html.escape(title)}">
<table>
<caption>{html.escape(note)}.<small>{READING}</small></caption>
<thead><tr>{heads}</tr>
<tr>{pairs}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>"""
    return pages.page(title, body, STYLE)


def _row(
    row: dict[str, Any], keys: dict[str, str], quantities: Sequence[tuple[str, str, str]]
) -> str:
    first, *others = keys
    cells = [f'<th scope="row">{_key(first, row[first])}</th>']
    cells += [f"<td>{_key(key, row[key])}</td>" for key in others]
    for name, _, printed in quantities:
        low, high = row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan)
        interval = "" if math.isnan(low) else f"<small>[{number(low)}, {number(high)}]</small>"
        cells.append(f"<td>{number(row[name])}{interval}</td>")
        cells.append(f'<td class="paper">{as_printed(row[f"published_{printed}"])}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _key(name: str, value: Any) -> str:
    """What names a row: a number in full, an optimizer as it is called, any other text."""
    if isinstance(value, str):
        return html.escape(labels.OPTIMIZERS.get(value, value) if name == "optimizer" else value)
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
