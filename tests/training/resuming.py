"""Trainings that are broken off: what is trained, with which words, and what must come of it."""

import json

import pandas as pd

from latephase.runs.columns import RUN, STEP
from latephase.runs.history import DIVERGED_AT, HISTORY
from latephase.storage import checkpoints
from tests.training import packs

# Seven checkpoints, in the middle of epochs and at their ends; one run diverges on the way.
PACK = packs.pack(
    {"seed": 1},
    {"seed": 2, "optimizer.lr": 1e6},
    {"seed": 3},
    **packs.SGD,
    checkpoints={"every": [[12, 2]]},
)
FEW = packs.pack({"seed": 1}, **packs.SGD, steps=4, checkpoints={"every": [[4, 2]]})
ENDLESS = packs.pack(
    {"seed": 1}, {"seed": 2}, steps=20_000_000, checkpoints={"every": [[20_000_000, 10_000_000]]}
)


class Killed(BaseException):
    """What nothing catches, as nothing catches kill -9."""


def history_table(rows: list[dict]) -> pd.DataFrame:
    """A history as it is written: a row a run and step, in the order of both."""
    history, columns = pd.DataFrame(rows), [RUN, STEP, *HISTORY, DIVERGED_AT]
    assert set(history) == set(columns)
    return history[columns].sort_values([RUN, STEP], ignore_index=True)


def content(folder):
    """Every file of a folder: name to bytes."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def arguments(digits_file, folder, pack=PACK):
    """The words of the training program, which works in a folder."""
    flags = {
        "pack": json.dumps(pack),
        "data": digits_file,
        "scratch": folder / "scratch/P",
        "checkpoints": folder / "P/checkpoints",
        "history": folder / "P/history.parquet",
        "timing": folder / "P/timing.json",
    }
    return [str(word) for flag, value in flags.items() for word in (f"--{flag}", value)]


def results(folder):
    """Every file but timing.json, which tells the seconds that it took."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "timing.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_whole(folder, expected):
    """Whatever has a final name is what belongs there."""
    for path in folder.rglob("*.safetensors"):
        checkpoints.read(path)
    found = {
        name: content
        for name, content in results(folder).items()
        if name.startswith("P/") and not name.endswith(".part")
    }
    assert found.items() <= expected.items()
    if (folder / "P/checkpoints").exists():
        assert found == expected


def newest_state(folder):
    """The step of the newest state that is saved; -1 where there is none."""
    steps = [int(path.stem[6:]) for path in (folder / "scratch/P").glob("state_*.safetensors")]
    return max(steps, default=-1)


def steps_gone_on_from(caplog):
    """The steps at which trainings went on, as they told."""
    return [
        int(record.getMessage().split()[-1])
        for record in caplog.records
        if record.getMessage().startswith("continuing from step")
    ]
