"""What the extractions share: from a pack's checkpoints to a table, a row a run and step."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from latephase import checkpoints, evaluation, imports, parts, tables
from latephase.datasets import stored
from latephase.progress import Progress
from latephase.spec import Spec, pack_id, run_id, runs_of

ROWS_AT_ONCE = 512  # of the features that are in float64


class Snapshot:
    """One run at one step: its head, and what it puts out on the training and test sets.

    Features come from the network as it was trained, in float32; logits are the head's of
    these features in float64, since late in training their differences are lost in float32.
    """

    def __init__(self, spec: Spec, model: nn.Module, tensors: dict[str, Tensor], data: stored.Data):
        self.spec, self.data, self._model, self._tensors = spec, data, model, tensors
        self.parameters = {name: tensors[name] for name, _ in model.named_parameters()}
        self.buffers = {name: tensors[name] for name, _ in model.named_buffers()}
        self.weight = self.parameters["head.weight"]
        self.bias = self.parameters.get("head.bias")
        self._features: dict[str, Tensor] = {}

    @property
    def model(self) -> nn.Module:
        """The network, in evaluation mode and with this run's buffers: the runs share one."""
        self._model.load_state_dict(self.buffers, strict=False)
        return self._model.eval()

    def features(self, split: str) -> Tensor:
        """``[N, d]`` on the "train" or "test" set."""
        if split not in self._features:
            inputs = getattr(self.data, f"{split}_inputs")
            self._features[split] = evaluation.features(self._model, self._tensors, inputs)
        return self._features[split]

    def logits(self, split: str) -> Tensor:
        """``[N, K]`` on a split, float64."""
        bias = 0 if self.bias is None else self.bias.double()
        features, weight = self.features(split), self.weight.double()
        blocks = (block.double() @ weight.T + bias for block in features.split(ROWS_AT_ONCE))
        return evaluation.gathered(blocks, len(features))

    @property
    def finite(self) -> bool:
        """Whether the run has not diverged."""
        return all(bool(tensor.isfinite().all()) for tensor in self._tensors.values())


def table(
    folder: Path,
    pack: Spec,
    data: stored.Data,
    device: str,
    measure: Callable[[Snapshot], dict[str, float]],
    progress: Progress,
) -> pd.DataFrame:
    """Measure every run at every checkpoint; a run that diverged has NaN from there on."""
    specs = runs_of(pack)
    model = evaluation.build_model(specs[0], data.header["shape"], data.classes).to(device)
    rows: list[dict[str, Any]] = []
    for step, path in checkpoints.steps_in(folder):
        for spec, tensors in zip(specs, checkpoints.runs(path, device), strict=True):
            snapshot = Snapshot(spec, model, tensors, data)
            metrics = measure(snapshot) if snapshot.finite else {}
            rows.append({"run": run_id(spec), "step": step, **metrics})
            progress.tick(1)
    return pd.DataFrame(rows).sort_values(["run", "step"], ignore_index=True)


def main(
    doc: str,
    measuring: Callable[[stored.Data], Callable[[Snapshot], dict[str, float]]],
    argv: list[str] | None = None,
    modules: Sequence[str] = (),
) -> None:
    """The program of a family; ``measuring`` prepares on a data set what measures a snapshot.

    ``modules`` are those that it loads by name.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder of a pack")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--code", help="digest of the code as planned; other code is refused")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(args.threads)
    saved = checkpoints.steps_in(args.checkpoints)
    pack = checkpoints.read(saved[0][1])[1]["pack"]
    entry = parts.arguments(pack["common"]["data"])
    data = stored.load(args.data, **entry, device=args.device)
    name = f"{args.output.stem}, {pack_id(pack)}"
    progress = Progress(name, "checkpoint", 0, len(saved), len(pack["runs"]))
    result = table(args.checkpoints, pack, data, args.device, measuring(data), progress)
    if args.code is not None:
        family = sys.modules["__main__"].__spec__.name
        modules = [family, *modules, *parts.modules(pack["common"])]
        imports.hold(args.code, modules, parts.PACKAGE.parent)
    tables.write(args.output, result)
