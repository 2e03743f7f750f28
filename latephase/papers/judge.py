"""Judge a claim on a study's data, and check its controls."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from latephase.analysis.controls import CONTROLS, SHUFFLES
from latephase.papers.claim import REPRODUCED, SAYS_LITTLE, Result, verdict

Statistic = Callable[[pd.DataFrame], Result]
Threshold = tuple[float | None, float | None]


class Judged(NamedTuple):
    """A statistic, its verdict, and the results of its controls in words."""

    result: Result
    verdict: str
    controls: str


def judge(
    table: pd.DataFrame,
    statistic: Statistic,
    threshold: Threshold,
    controls: Sequence[Mapping[str, Any]] = (),
) -> Judged:
    """Compare a statistic with the prediction, and check that its controls fail.

    A control *passes* if the verdict on its data is "reproduced"; otherwise it *fails*. One of 12
    shuffles may pass by chance. If any other control passes, "reproduced" becomes "says little".

    A statistic may have no value on a control's data: if nothing falls, for example, a fall has no
    time. Such a control fails, but this shows little. So "reproduced" also becomes "says little" if
    no control fails with a value.

    Controls are tried whatever the verdict is. Raises what the statistic raises on the study's
    data.
    """
    result = statistic(table)
    said, fails, shown, told = verdict(result, threshold), True, not controls, []
    for control in controls:
        ((kind, asked),) = control.items()
        verdicts = [_verdict(statistic, one, threshold) for one in CONTROLS[kind](table, asked)]
        failed = sum(one != REPRODUCED for one in verdicts)
        fails &= failed >= len(verdicts) - len(verdicts) // SHUFFLES
        shown |= any(one not in (REPRODUCED, None) for one in verdicts)
        told.append(
            f"{_called(kind, asked)}: {_count(failed, verdicts.count(None), len(verdicts))}"
        )
    if said == REPRODUCED and not (fails and shown):
        said = SAYS_LITTLE
    return Judged(result, said, "; ".join(told))


def _verdict(statistic: Statistic, table: pd.DataFrame, threshold: Threshold) -> str | None:
    """The verdict on a control's data; None if the statistic has no value there."""
    try:
        result = statistic(table)
    except ValueError:
        return None
    return None if math.isnan(result.estimate) else verdict(result, threshold)


def _count(failed: int, without_value: int, of: int) -> str:
    if without_value == of:
        return "has no value"
    if of > 1:
        return f"{failed} of {of} fail" + f", {without_value} have no value" * (without_value > 0)
    return "fails" if failed else "passes"


def _called(kind: str, asked: Any) -> str:
    """The description of a control: ``weight decay reversed``."""
    match kind, asked:
        case "shuffle", "labels":
            return "runs shuffled"
        case "shuffle", _:
            return f"{_plain(asked)} shuffled"
        case "reverse", _:
            return f"{_plain(asked)} reversed"
        case "exchange", {**pairs}:
            return ", ".join(f"{one} and {other} exchanged" for one, other in pairs.values())
        case "flat", _:
            return f"{_plain(asked)} at its start"
        case "in_common", _:
            return f"{_plain(asked)} the same in all runs"
        case "scale", {"metric": metric, "by": factor, **rest}:
            where = [
                value if isinstance(value, str) else f"{_plain([column])} {value:g}"
                for column, value in rest.get("where", {}).items()
            ]
            return f"{_plain([metric])} × {factor:g}" + f" of {', '.join(where)}" * bool(where)
        case "delay", {"metric": metric, "by": by}:
            return f"{_plain([metric])} {abs(by):g} decades {'later' if by > 0 else 'earlier'}"
        case "lower", {"metric": metric, "by": by, "with": other}:
            return f"{_plain([metric])} less by {by:g} with {_plain([other])}"
        case "put", {**columns}:
            return ", ".join(f"{_plain([b])} for {_plain([a])}" for a, b in columns.items())
    raise KeyError(kind)


def _plain(columns: Sequence[str]) -> str:
    """The name of a column in plain words: optimizer.weight_decay is "weight decay"."""
    return ", ".join(column.removeprefix("optimizer.").replace("_", " ") for column in columns)
