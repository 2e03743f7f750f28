"""From a checkpoint to a table of the pipeline: the same numbers as by hand, NaN once diverged."""

import pandas as pd
import pytest
import torch

from latephase.datasets import stored
from latephase.measuring import over_checkpoints
from latephase.metrics.collapse.family import train_test_collapse_metrics
from latephase.metrics.nc0.family import nc0_metrics
from latephase.parts import network
from latephase.runs import parts, spec
from latephase.storage import checkpoints
from latephase.training import trainer
from scripts.extract import collapse, nc0
from tests.training import packs


@pytest.fixture(scope="module")
def pack():
    """A run that converges, and one that does not."""
    return packs.pack({"seed": 1}, {"seed": 2, "optimizer.lr": 1e6}, **packs.SGD)


@pytest.fixture(scope="module")
def trained(pack, digits_file, tmp_path_factory):
    """The folder of checkpoints, and the data."""
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    folder, *_ = trainer.train(pack, data, tmp_path_factory.mktemp("scratch"))
    return folder, data


@pytest.mark.parametrize("family", ["collapse", "nc0"])
def test_a_table_holds_what_the_functions_say(family, pack, trained, digits_file, tmp_path):
    folder, data = trained
    output = tmp_path / f"{family}.parquet"
    arguments = {"checkpoints": folder, "data": digits_file, "output": output}
    argv = [word for name, path in arguments.items() for word in (f"--{name}", str(path))]
    program = {"collapse": collapse, "nc0": nc0}[family]
    over_checkpoints.main("Doc.", program.measuring, argv)
    table = pd.read_parquet(output).set_index(["run", "step"])

    step, path = checkpoints.steps_in(folder)[-1]
    good, bad = (spec.run_id(run) for run in spec.runs_of(pack))
    assert table.loc[(bad, step)].isna().all()
    named = next(checkpoints.runs(path))
    expected = nc0_metrics(named["head.weight"])
    if family == "collapse":
        model = network.build_model(packs.run(), data.header["shape"], data.classes)
        model.load_state_dict(named)
        with torch.no_grad():
            train, test = (
                (model.features(getattr(data, f"{split}_inputs")), getattr(data, f"{split}_labels"))
                for split in ("train", "test")
            )
        head = named["head.weight"], named["head.bias"]
        expected = train_test_collapse_metrics(train, test, *head)
    row = table.loc[(good, step)].to_dict()
    assert row.keys() == expected.keys()
    for name, value in expected.items():
        read = row[name] if isinstance(value, float) else list(row[name])
        assert read == pytest.approx(value, rel=1e-5, abs=1e-6), name
