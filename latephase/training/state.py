"""The state of a pack's training."""

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class State:
    """Everything that decides how a pack continues. It is saved and restored as a whole."""

    step: int
    """The step of the last checkpoint."""
    at: list[int]
    """The step that each run has reached, at or beyond the checkpoint's."""
    params: Tensor  # [R, P]
    buffers: Tensor  # [R, B]
    optimizer: dict[str, Tensor]  # each [R, P], or as its state_shapes say
    history: list[dict] = field(default_factory=list)
    wall_seconds: float = 0.0

    def tensors(self) -> dict[str, Tensor]:
        """All tensors of the state, by name."""
        return {"params": self.params, "buffers": self.buffers} | self.optimizer
