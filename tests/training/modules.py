"""The runs of a checkpoint as modules, made by hand."""

from collections.abc import Iterator
from pathlib import Path

from torch import nn

from latephase.parts.network import build_model
from latephase.runs import spec
from latephase.runs.spec import Spec
from latephase.storage import checkpoints


def modules(pack: Spec, path: Path) -> Iterator[tuple[Spec, nn.Module]]:
    """The spec of each run of a pack on the digits, and its network in evaluation mode."""
    tensors, _ = checkpoints.read(path)
    for i, run in enumerate(spec.runs_of(pack)):
        model = build_model(run, {"shape": [1, 8, 8], "classes": 10})
        # Not strict: torch's loading makes up a count of batches where there is none.
        loaded = model.load_state_dict({n: t[i] for n, t in tensors.items()}, strict=False)
        assert not loaded.missing_keys
        yield run, model.eval()
