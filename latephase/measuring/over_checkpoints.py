"""From a pack's checkpoints to rows of metrics, one for each run and step."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from latephase.datasets import stored
from latephase.measuring.snapshot import Snapshot
from latephase.parts import network
from latephase.runs.spec import Spec, run_id, runs_of
from latephase.storage import checkpoints

Measure = Callable[[Snapshot], dict[str, float]]


def rows(
    folder: Path, pack: Spec, data: stored.Data, device: str, measure: Measure
) -> Iterator[dict[str, Any]]:
    """Measure every run at every checkpoint, step by step.

    Yields ``{"run": id, "step": step, column: value, ...}``. From the step at which a run diverged
    on, its rows have no columns of metrics.
    """
    specs = runs_of(pack)
    model = network.build_model(specs[0], data.header).to(device)
    for step, path in checkpoints.steps_in(folder):
        for spec, tensors in zip(specs, checkpoints.runs(path, device), strict=True):
            snapshot = Snapshot(spec, model, tensors, data)
            yield {"run": run_id(spec), "step": step} | (
                measure(snapshot) if snapshot.finite else {}
            )
