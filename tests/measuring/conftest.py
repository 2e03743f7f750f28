from pathlib import Path
from typing import NamedTuple

import pytest

from latephase.datasets import stored
from latephase.measuring.snapshot import Snapshot
from latephase.parts.network import build_model
from latephase.runs import parts, spec
from latephase.runs.spec import Spec
from latephase.storage import checkpoints
from latephase.training import trainer
from tests.training import packs


class Trained(NamedTuple):
    """A pack that was trained."""

    pack: Spec
    folder: Path
    data: stored.Data

    @property
    def last(self) -> tuple[int, Path]:
        """The last checkpoint: step and file."""
        return checkpoints.steps_in(self.folder)[-1]

    def snapshots(self) -> list[Snapshot]:
        """Its runs at the last checkpoint."""
        runs = spec.runs_of(self.pack)
        model = build_model(runs[0], self.data.header)
        tensors = checkpoints.runs(self.last[1])
        return [
            Snapshot(run, model, own, self.data) for run, own in zip(runs, tensors, strict=True)
        ]


@pytest.fixture(scope="module")
def normalised(digits_file, tmp_path_factory):
    """Two runs of a network with batch normalisation."""
    pack = packs.pack(*packs.CNN_NUMBERS[:2], **packs.CNN)
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    folder, *_ = trainer.train(pack, data, tmp_path_factory.mktemp("scratch"))
    return Trained(pack, folder, data)
