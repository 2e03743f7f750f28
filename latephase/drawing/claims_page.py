"""The papers' claims as a page: each with its estimate, its predicted range and its verdict."""

import math
from collections import Counter
from typing import Any

import pandas as pd

from latephase.drawing.page import Markup, filled, joined
from latephase.drawing.page import page as whole_page
from latephase.papers.claim import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED

MARKS = {REPRODUCED: "✓", NOT_REPRODUCED: "✗", INCONCLUSIVE: "?"}
CLASSES = {REPRODUCED: "yes", NOT_REPRODUCED: "no", INCONCLUSIVE: "open"}
STYLE = """
tbody th { font-weight: 600; min-width: 16rem; }
.value { font-variant-numeric: tabular-nums; min-width: 9rem; }
.verdict > span { display: inline-block; padding: .1rem .6rem; border-radius: .3rem;
                font-weight: 600; white-space: nowrap; border: 1px solid currentColor; }
.yes { color: #0b5394; background: #e3f0fb; }
.no { color: #8a3c00; background: #fdebdc; }
.open { color: #4a4a4a; background: #efefef; }
details { margin-top: .25rem; color: #444; font-size: .875rem; }
"""
TABLE = """<p>$counts. A claim is reproduced if the 95&nbsp;% bootstrap interval over seeds
lies wholly in the predicted range, not reproduced if it lies wholly outside, inconclusive
otherwise. Ranges were set before the statistics were computed.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Claims and verdicts">
<table>
<caption>Each paper's sentence, in our words, and what the runs say of it.</caption>
<thead><tr><th scope="col">Claim</th><th scope="col">Estimate [95&nbsp;% interval]</th>
<th scope="col">Predicted</th><th scope="col">Verdict</th><th scope="col">Rests on</th></tr></thead>
<tbody>
$rows
</tbody>
</table>
</div>"""
ROW = """<tr>
<th scope="row">$sentence<small>$paper, $where</small></th>
<td class="value">$interval<small>$unit</small></td>
<td class="value">$predicted
<details><summary>why</summary>$stated</details></td>
<td class="verdict"><span class="$kind"><span
aria-hidden="true">$mark </span>$verdict</span></td>
<td>$n_cells cells × $n_seeds seeds<small>$note</small>
<small>study $study, statistic $statistic</small></td>
</tr>"""


def page(rows: pd.DataFrame, scale: str) -> Markup:
    """The claims as one page; the columns are those of ``scripts.evaluate_claims``."""
    counts = Counter(rows["verdict"])
    table = filled(
        TABLE,
        counts=", ".join(f"{counts[verdict]} {verdict}" for verdict in MARKS),
        rows=joined((_row(row) for row in rows.to_dict("records")), "\n"),
    )
    return whole_page(f"Claims, scale {scale}", table, STYLE)


def _row(row: dict[str, Any]) -> Markup:
    """One claim as a row of the page."""
    interval = number(row["estimate"])
    if not math.isnan(row["low"]):
        interval += f" [{number(row['low'])}, {number(row['high'])}]"
    return filled(
        ROW,
        interval=interval,
        predicted=threshold_text(row["threshold_low"], row["threshold_high"]),
        kind=CLASSES[row["verdict"]],
        mark=MARKS[row["verdict"]],
        **row,
    )


def number(value: float) -> str:
    """A number as a reader wants it: three digits, a true minus sign, words for the rest."""
    if math.isnan(value):
        return "not available"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.3g}".replace("-", "−")


def threshold_text(low: float, high: float) -> str:
    """The predicted range in words."""
    if math.isinf(high):
        return f"at least {number(low)}"
    if math.isinf(low):
        return f"at most {number(high)}"
    return f"{number(low)} to {number(high)}"
