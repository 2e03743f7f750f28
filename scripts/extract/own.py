"""Measure a metric of your own of every run of a pack at every checkpoint.

    python -m scripts.extract.own --metric sparsity --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/sparsity.parquet

``latephase/metrics/own/sparsity.py`` has a function ``sparsity``. It returns a dict of numbers, one
for each column. The names of its arguments say what it gets:

- features [N, d], labels [N], logits [N, K] and inputs [N, ...] of the training set
- test_features, test_labels, test_logits and test_inputs of the test set
- weight [K, d] and bias [K], or None, of the last layer
- loss, the name of the loss, and classes, the number K
- model, the network in evaluation mode with the buffers of this run
- parameters, those of this run at this step, by their names

A literal ``COLUMNS = ("dead_train", "dead_test")`` beside the function declares all columns that it
returns. Figures and claims are then checked against it before anything runs. Without it, they may
name any column, unless its name is nearly that of something else.
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
    """What takes a data set and returns the measuring function, as for a family of metrics."""
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
    """The beginning of a value's text. A number that is too long to print is described."""
    try:
        return repr(value)[:200]
    except ValueError:
        return "a number of thousands of digits"


def numbers(found: Any) -> dict[str, float] | None:
    """A metric's result as numbers by column. None if it is not a dict of numbers by name."""
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
