"""What is measured at a pack's checkpoints, as DataFrames by run and step."""

from pathlib import Path
from types import ModuleType

import pandas as pd

from latephase.datasets.stored import Data
from latephase.measuring import over_checkpoints
from latephase.measuring.over_checkpoints import Measure
from latephase.runs.spec import Spec
from latephase.storage import parquet
from scripts import extracting


def measured(folder: Path, pack: Spec, data: Data, measure: Measure) -> pd.DataFrame:
    """The rows of the measurements at a folder of checkpoints."""
    rows = over_checkpoints.rows(folder, pack, data, "cpu", measure)
    return pd.DataFrame(rows).set_index(["run", "step"]).sort_index()


def extracted(program: ModuleType, folder: Path, data_file: Path, output: Path) -> pd.DataFrame:
    """What the extraction of a family writes about a folder of checkpoints."""
    arguments = {"checkpoints": folder, "data": data_file, "output": output}
    argv = [word for name, path in arguments.items() for word in (f"--{name}", str(path))]
    extracting.main(program.__doc__, program.__name__, program.measuring, argv)
    return parquet.read(output).set_index(["run", "step"])
