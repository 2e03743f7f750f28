"""Mutual information of compressed representations, of every run of a pack at every checkpoint.

    python -m scripts.extract_mutual_information --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors \
        --inputs-code results/data/digits-D.code.safetensors \
        --output results/packs/P/mutual_information.parquet

On the test set, as sakamoto2026 does. The inputs' code is that of scripts.compress_inputs.
"""

import argparse
import sys
from pathlib import Path

from torch import Tensor

from latephase import checkpoints
from latephase.errors import reporting
from latephase.metrics.mutual_information import mutual_information_metrics
from scripts import extraction


def measuring(inputs_code: Tensor):
    """What prepares the measuring on a data set whose test inputs have this code."""

    def measure(snapshot: extraction.Snapshot) -> dict[str, float]:
        labels = snapshot.data.test_labels
        return mutual_information_metrics(snapshot.features("test"), inputs_code, labels)

    return lambda data: measure


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--inputs-code", type=Path, required=True)
    args, rest = parser.parse_known_args(argv)
    inputs_code = checkpoints.read(args.inputs_code)[0]["test"]
    extraction.main(__doc__, measuring(inputs_code), rest)


if __name__ == "__main__":
    with reporting():
        main(sys.argv[1:])
