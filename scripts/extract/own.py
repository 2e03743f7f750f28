"""A metric of one's own, of every run of a pack at every checkpoint.

    python -m scripts.extract.own --metric sparsity --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/sparsity.parquet

``latephase/metrics/own/sparsity.py`` has a function ``sparsity`` that returns a dict of numbers, a
column each. It gets what the names of its arguments ask for:

features, labels, logits, inputs: of the training set, [N, d], [N], [N, K] and [N, ...], and
test_features, test_labels, test_logits, test_inputs of the test set; weight [K, d] and bias [K]
(or None) of the last layer; loss, its name; classes, K; model, the network in evaluation mode
with this run's buffers, and parameters, this run's at this step by their names.

A literal ``COLUMNS = ("dead_train", "dead_test")`` beside the function declares all that it
returns. Figures and claims are then checked against it before anything runs. Without, they may name
any column that is not nearly what something else is called.
"""

import argparse
import inspect
from importlib import import_module
from typing import Any

from latephase.errors import UserError, reporting
from latephase.measuring.asked import asked
from latephase.measuring.snapshot import Snapshot
from latephase.runs import own_code
from scripts import extracting


def measuring(metric: str):
    """What prepares the measuring of a metric, as in the extractions of the families."""
    name = f"latephase.metrics.own.{metric}"
    with own_code.lines_of([name]):
        module = import_module(name)
    function, declared = getattr(module, metric), getattr(module, "COLUMNS", None)
    parameters = inspect.signature(function).parameters.values()
    names = [p.name for p in parameters if p.default is p.empty]

    def measure(snapshot: Snapshot) -> dict[str, float]:
        found = function(**{name: asked(name, snapshot) for name in names})
        columns = numbers(found)
        if columns is None:
            raise UserError(
                f"latephase/metrics/own/{metric}.py: {metric} returns {shown(found)}; "
                "allowed: a dict of numbers, one for each column"
            )
        if taken := {"run", "step"} & set(columns):
            raise UserError(
                f"latephase/metrics/own/{metric}.py: {metric} returns a column {min(taken)}, which "
                "every table has; allowed: another name"
            )
        if declared is not None and set(columns) != set(declared):
            raise UserError(
                f"latephase/metrics/own/{metric}.py: {metric} returns {', '.join(columns)}; "
                f"allowed: what COLUMNS declares, {', '.join(declared)}"
            )
        return columns

    return lambda data: measure


def shown(value: Any) -> str:
    """The beginning of a value's text; for a number too long to print, a description."""
    try:
        return repr(value)[:200]
    except ValueError:
        return "a number of thousands of digits"


def numbers(found: Any) -> dict[str, float] | None:
    """A metric's result as numbers by column; None if it is not a dict of numbers by text."""
    if not isinstance(found, dict) or not all(isinstance(name, str) and name for name in found):
        return None
    if any(isinstance(value, str | bytes) for value in found.values()):
        return None
    try:
        return {name: float(value) for name, value in found.items()}
    except (ArithmeticError, TypeError, ValueError, RuntimeError):
        return None


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--metric", required=True)
    args, rest = parser.parse_known_args(argv)
    own = f"latephase.metrics.own.{args.metric}"
    extracting.main(__doc__, "scripts.extract.own", measuring(args.metric), rest, named=[own])


if __name__ == "__main__":
    with reporting():
        main()
