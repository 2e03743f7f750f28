"""A metric of one's own, of every run of a pack at every checkpoint.

    python -m scripts.extract_own --metric sparsity --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/sparsity.parquet

``latephase/metrics/sparsity.py`` has a function ``sparsity`` that returns a dict of numbers, a
column each. It gets what the names of its arguments ask for:

features, labels, logits, inputs: of the training set, [N, d], [N], [N, K] and [N, ...], and
test_features, test_labels, test_logits, test_inputs of the test set; weight [K, d] and bias [K]
(or None) of the last layer; loss, its name; classes, K; model, the network in evaluation mode
with this run's buffers, and parameters, this run's at this step by their names.
"""

import argparse
import inspect
import sys
from importlib import import_module
from typing import Any

from latephase.errors import UserError, reporting
from scripts import extraction


def asked(name: str, snapshot: extraction.Snapshot) -> Any:
    """What an argument's name asks of a snapshot."""
    split, _, what = name.rpartition("_")
    split, data = split or "train", snapshot.data
    match what:
        case "features":
            return snapshot.features(split)
        case "logits":
            return snapshot.logits(split)
        case "labels":
            return getattr(data, f"{split}_labels")
        case "inputs":
            return data.held(split)
        case "loss":
            return snapshot.spec["loss"]["name"]
        case "classes":
            return data.classes
        case _:
            return getattr(snapshot, what)


def measuring(metric: str):
    """What prepares the measuring of a metric, as the extractions of the families have it."""
    function = getattr(import_module(f"latephase.metrics.{metric}"), metric)
    parameters = inspect.signature(function).parameters.values()
    names = [p.name for p in parameters if p.default is p.empty]

    def measure(snapshot: extraction.Snapshot) -> dict[str, float]:
        columns = function(**{name: asked(name, snapshot) for name in names})
        try:
            columns = {name: float(value) for name, value in columns.items()}
        except (AttributeError, TypeError, ValueError, RuntimeError):
            raise UserError(
                f"latephase/metrics/{metric}.py: {metric} returns {columns!r}; "
                "allowed: a dict of numbers, a column each"
            ) from None
        if taken := {"run", "step"} & set(columns):
            raise UserError(
                f"latephase/metrics/{metric}.py: {metric} returns a column {min(taken)}, which "
                "every table has; allowed: another name"
            )
        return columns

    return lambda data: measure


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--metric", required=True)
    args, rest = parser.parse_known_args(argv)
    own = f"latephase.metrics.{args.metric}"
    extraction.main(__doc__, measuring(args.metric), rest, [own])


if __name__ == "__main__":
    with reporting():
        main(sys.argv[1:])
