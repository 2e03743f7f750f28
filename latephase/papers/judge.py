"""A claim judged on a study's data, with its controls."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from latephase.analysis.controls import CONTROLS, SHUFFLES
from latephase.papers.claim import REPRODUCED, SAYS_LITTLE, Result, verdict

Statistic = Callable[[pd.DataFrame], Result]
Threshold = tuple[float | None, float | None]


class Judged(NamedTuple):
    """A statistic, its verdict, and in words what its controls gave."""

    result: Result
    verdict: str
    controls: str


def judge(
    table: pd.DataFrame,
    statistic: Statistic,
    threshold: Threshold,
    controls: Sequence[Mapping[str, Any]] = (),
) -> Judged:
    """Compare a statistic with what is predicted, and see that its controls are not as predicted.

    A control *turns* if the verdict on its data is not "reproduced". Of 12 shuffles one may pass by
    chance. Where another control does not turn, "reproduced" becomes "says little". Controls are
    tried whatever the verdict is. Raises what the statistic raises on the study's data.
    """
    result = statistic(table)
    said, turns, told = verdict(result, threshold), True, []
    for control in controls:
        ((kind, asked),) = control.items()
        data = CONTROLS[kind](table, asked)
        turned = sum(_verdict(statistic, one, threshold) != REPRODUCED for one in data)
        turns &= turned >= len(data) - len(data) // SHUFFLES
        told.append(f"{_called(kind, asked)}: {_count(turned, len(data))}")
    if said == REPRODUCED and not turns:
        said = SAYS_LITTLE
    return Judged(result, said, "; ".join(told))


def _verdict(statistic: Statistic, table: pd.DataFrame, threshold: Threshold) -> str | None:
    """The verdict on a control's data; None where the statistic cannot be had there."""
    try:
        return verdict(statistic(table), threshold)
    except ValueError:
        return None


def _count(turned: int, of: int) -> str:
    if of > 1:
        return f"{turned} of {of} turn"
    return "turns" if turned else "does not turn"


def _called(kind: str, asked: Any) -> str:
    """What a control is called: ``weight decay reversed``."""
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
    """optimizer.weight_decay: weight decay."""
    return ", ".join(column.removeprefix("optimizer.").replace("_", " ") for column in columns)
