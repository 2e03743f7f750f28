"""The augmentation of batches, seeded by run and epoch and computed on the device."""

import torch
from torch import Tensor

from latephase.datasets.streamed import Streamed
from latephase.runs import parts
from latephase.runs.derived_seed import derived_seed
from latephase.runs.spec import Spec


def black(data: Spec, inputs: Tensor | Streamed) -> Tensor:
    """The value of a stored 0 after the images were standardised, ``[C, 1, 1]``."""
    channels = inputs.shape[1]
    mean, std = (
        torch.tensor(data.get(key, default), dtype=torch.float32).expand(channels)
        for key, default in (("mean", 0.0), ("std", 1.0))
    )
    return (-mean / std)[:, None, None]


class Augmenting:
    """Changes the inputs of a batch as the settings of its runs require, or not at all."""

    def __init__(
        self, common: Spec, settings: list[Spec], black: Tensor, samples: int, device: str
    ):
        self.seeds = [run["seed"] for run in settings]
        self.samples, self.device = samples, device
        self.part = None
        if "augmentation" in common:
            self.part = parts.load("augmentation", common["augmentation"]["name"])
            self.arguments = parts.arguments(common["augmentation"])
            self.black = black.to(device)

    def begin(self, epoch: int) -> None:
        """Draw the random numbers of an epoch for each run and sample, ``[R, N, q]``.

        They depend only on seed and epoch, so an interruption of the training does not change them.
        """
        if self.part is None:
            return
        drawn = []
        for seed in self.seeds:
            derived = derived_seed("latephase augmentation", seed, epoch)
            generator = torch.Generator().manual_seed(derived)
            drawn.append(self.part.draws(self.samples, generator, **self.arguments))
        self.drawn = torch.stack(drawn).to(self.device)

    def __call__(self, x: Tensor, index: Tensor) -> Tensor:
        """The inputs ``[R · B, ...]`` of the samples ``index [R, B]``, augmented."""
        if self.part is None:
            return x
        runs = torch.arange(len(index), device=self.device)[:, None]
        drawn = self.drawn[runs, index.to(self.device)].flatten(0, 1)
        return self.part.augmented(x, drawn, self.black, **self.arguments)
