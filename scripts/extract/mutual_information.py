"""Measure mutual information of compressed representations of every run at every checkpoint.

    python -m scripts.extract.mutual_information --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors \
        --inputs-encoding results/data/digits-D.encoding.safetensors \
        --output results/packs/P/mutual_information.parquet

It is measured on the test set, as in sakamoto2026. scripts.extract.encode_inputs makes the encoding
of the inputs.
"""

from pathlib import Path

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.mutual_information import INPUTS
from latephase.metrics.mutual_information.family import mutual_information_metrics
from latephase.storage import checkpoints
from scripts import extracting


def measuring(data: Data, inputs_encoding: Path):
    """The function that measures a snapshot. The file holds the encoded test inputs."""
    encoding = checkpoints.read(inputs_encoding)[0]["test"]

    def measure(snapshot: Snapshot) -> dict[str, float]:
        return mutual_information_metrics(snapshot.features("test"), encoding, data.test_labels)

    return measure


def main(argv: list[str] | None = None) -> None:
    extracting.main(__doc__, "scripts.extract.mutual_information", measuring, argv, INPUTS)


if __name__ == "__main__":
    with reporting():
        main()
