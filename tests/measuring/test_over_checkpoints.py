"""From checkpoints to rows: the same numbers as by hand, none once a run has diverged."""

import weakref

import pandas as pd
import pytest
import torch

from latephase.datasets import stored
from latephase.metrics.collapse.family import train_test_collapse_metrics
from latephase.metrics.nc0.family import nc0_metrics
from latephase.parts import network
from latephase.runs import parts, spec
from latephase.storage import checkpoints
from latephase.training import trainer
from scripts.extract import collapse, nc0
from tests.measuring.frames import extracted, measured
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


@pytest.mark.parametrize("program", [collapse, nc0], ids=["collapse", "nc0"])
def test_a_file_holds_what_the_functions_say(program, pack, trained, digits_file, tmp_path):
    folder, data = trained
    table = extracted(program, folder, digits_file, tmp_path / "family.parquet")
    rows = measured(folder, pack, data, program.measuring(data))
    assert list(table) == list(rows)
    numbers = (frame.select_dtypes("number") for frame in (table, rows))  # not the lists
    pd.testing.assert_frame_equal(*numbers, check_exact=True)

    step, path = checkpoints.steps_in(folder)[-1]
    good, bad = (spec.run_id(run) for run in spec.runs_of(pack))
    assert table.loc[(bad, step)].isna().all()
    named = next(checkpoints.runs(path))
    expected = nc0_metrics(named["head.weight"])
    if program is collapse:
        model = network.build_model(packs.run(), data.header)
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


def test_no_checkpoint_is_kept_in_memory(digits_file, tmp_path):
    """Whatever their number: what was measured on one is gone when the next is."""
    pack = packs.pack({"seed": 1}, {"seed": 2}, steps=10, checkpoints={"every": [[10, 1]]})
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    folder, *_ = trainer.train(pack, data, tmp_path)
    seen, alive = [], []

    def measure(snapshot):
        alive.append(sum(ref() is not None for ref in seen))
        seen.append(weakref.ref(snapshot.features("train")))
        return {"x": 0.0}

    table = measured(folder, pack, data, measure)
    assert len(table) == 2 * len(checkpoints.steps_in(folder)) == 22
    assert max(alive) <= 1
