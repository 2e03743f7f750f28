"""The page of the papers' claims: each with its estimate, its predicted range and its verdict."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from latephase.drawing.page import filled
from latephase.drawing.page import page as whole_page
from latephase.papers.claim import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, SAYS_LITTLE

MARKS = {REPRODUCED: "✓", SAYS_LITTLE: "~", NOT_REPRODUCED: "✗", INCONCLUSIVE: "?"}
CLASSES = {REPRODUCED: "yes", SAYS_LITTLE: "open", NOT_REPRODUCED: "no", INCONCLUSIVE: "open"}
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
TABLE = """<p>{{ counts }}. A claim is reproduced if the 95&nbsp;% bootstrap interval over seeds
lies wholly in the predicted range, not reproduced if it lies wholly outside, and inconclusive
otherwise. There are five seeds or more; an interval over five contains the true value in
89 to 97&nbsp;% of simulated cases. The ranges were set before the statistics were computed. A
control is the same statistic on data from which the effect was taken out, or in which it was
reversed or made smaller: it should fail. If a control passes, the claim says little instead of
being reproduced.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Claims and verdicts">
<table>
<caption>Each paper's sentence, in our words, and what the runs say of it.</caption>
<thead><tr><th scope="col">Claim</th><th scope="col">Estimate [95&nbsp;% interval]</th>
<th scope="col">Predicted</th><th scope="col">Verdict</th><th scope="col">Rests on</th></tr></thead>
<tbody>
{% for row in rows %}
<tr>
<th scope="row">{{ row.sentence }}<small>{{ row.paper }}, {{ row.where }}</small></th>
<td class="value">{{ row.interval }}<small>{{ row.unit }}</small></td>
<td class="value">{{ row.predicted }}
<details><summary>why</summary>{{ row.stated }}</details></td>
<td class="verdict"><span class="{{ row.kind }}"><span
aria-hidden="true">{{ row.mark }} </span>{{ row.verdict }}</span>
<small>controls: {{ row.controls }}</small></td>
<td>{{ row.rests }}<small>{{ row.note }}</small>
<small>study {{ row.study }}, statistic {{ row.statistic }}</small></td>
</tr>
{% endfor %}
</tbody>
</table>
</div>"""


def page(rows: pd.DataFrame, scale: str) -> str:
    """The claims as one page. The columns are those of ``scripts.evaluate_claims``."""
    counts = Counter(rows["verdict"])
    table = filled(
        TABLE,
        counts=", ".join(f"{counts[verdict]} {verdict}" for verdict in MARKS),
        rows=[row | words(row) for row in rows.to_dict("records")],
    )
    return whole_page(f"Claims, scale {scale}", table, STYLE)


def words(row: Mapping[str, Any]) -> dict[str, str]:
    """The words that a page shows for a claim in addition to its columns."""
    interval = number(row["estimate"])
    if not math.isnan(row["low"]):
        interval += f" [{number(row['low'])}, {number(row['high'])}]"
    return {
        "interval": interval,
        "predicted": threshold_text(row["threshold_low"], row["threshold_high"]),
        "kind": CLASSES[row["verdict"]],
        "mark": MARKS[row["verdict"]],
        "rests": f"{counted(row['n_cells'], 'cell')} × {counted(row['n_seeds'], 'seed')}",
    }


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def number(value: float) -> str:
    """A number with three digits and a minus sign, or words if it is NaN or infinite."""
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
