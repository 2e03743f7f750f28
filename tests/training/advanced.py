"""A pack that is trained in memory, for the tests of the engine."""

import torch

from latephase.runs import spec
from latephase.training.trainer import Trainer


def trained(pack, data, dtype=torch.float32, kind=Trainer, stops=(7, 12), device="cpu"):
    """A pack's rows after training, by run."""
    trainer = kind(pack, data, device, dtype)
    state = trainer.initial()
    for stop in stops:
        trainer.advance(state, stop)
    ids = [spec.run_id(run) for run in spec.runs_of(pack)]
    return dict(zip(ids, state.params.cpu(), strict=True))
