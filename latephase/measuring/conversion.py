"""Convert checkpoints that other code made to ours, and compute the history of their run."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from latephase.datasets import stored
from latephase.errors import UserError
from latephase.measuring.snapshot import ROWS_AT_ONCE, Snapshot
from latephase.parts import network
from latephase.parts.models.outside import Model
from latephase.runs import outside, parts
from latephase.runs.spec import Spec, run_id, runs_of
from latephase.storage import checkpoints, state_dicts

SAMPLES = 256
"""How many samples are used to compare the network's output with the logits of its head."""
CLOSE = 1e-3
"""The largest allowed difference, as a share of the largest value. The two are summed in different
orders, so they are not exactly equal."""


def convert(
    pack: Spec, data: stored.Data, files: list[tuple[int, Path]], folder: Path, device: str = "cpu"
) -> Iterator[dict[str, Any]]:
    """Write the files of a pack's single run as our checkpoints into a folder, step by step.

    Yields the history that a training would have, one row for each step. The row of a checkpoint
    that is not finite has no numbers; ``diverged_at`` is the first such step. Raises UserError if a
    file does not fit the network, or if the network does not fit its description.
    """
    (spec,) = runs_of(pack)
    model = network.build_model(spec, data.header).to(device)
    diverged_at = None
    for step, path in files:
        tensors = fitted(path, state_dicts.read(path), model, spec["checkpoints"]["prefix"])
        snapshot = Snapshot(spec, model, tensors, data)
        row = {"run": run_id(spec), "step": step}
        if snapshot.finite:
            model.load_state_dict(tensors, strict=False)
            check(model.eval(), data, spec["loss"]["name"], path)
            row |= history(snapshot)
        if not math.isfinite(row.get("loss_train", math.nan)) and diverged_at is None:
            diverged_at = step
        source = {"file": path.name, "sha256": outside.checksum(path)}
        header = {"pack": pack, "step": step, "source": source, "torch": torch.__version__}
        stacked = {name: tensor[None].cpu() for name, tensor in tensors.items()}
        checkpoints.write(checkpoints.step_path(folder, step), stacked, header)
        yield row | {"diverged_at": diverged_at}


def fitted(
    path: Path, found: dict[str, Tensor], model: Model, prefix: str | None = None
) -> dict[str, Tensor]:
    """The tensors of a file by their names in the model, on the model's device.

    ``DataParallel`` and Lightning put a prefix before all names of the network. It is removed.
    Tensors that do not belong to the network are left out. If a file holds several networks,
    ``prefix`` selects one. Buffers that the file lacks are taken from the model.

    Raises UserError for a parameter that is missing, surplus, or of another shape or type.
    """
    state = model.state_dict()
    known = sorted(model.names().items(), key=lambda pair: pair[1].startswith("head."))  # last
    names = {theirs: ours for theirs, ours in known if not _counts(theirs)}
    start = _prefix(path, found, [*names]) if prefix is None else prefix
    own = {name.removeprefix(start): t for name, t in found.items() if name.startswith(start)}
    own = {name: tensor for name, tensor in own.items() if not _counts(name)}
    if missing := [name for name in names if name not in own]:
        raise UserError(
            f"{path}: has no {start}{missing[0]}, which {model.told} has; "
            f"allowed: all of its parameters (there: {_some(found)})"
        )
    if surplus := [name for name in own if name not in names]:
        raise UserError(
            f"{path}: has {start}{surplus[0]}, which {model.told} lacks; allowed: {_some(names)}"
        )
    for name, ours in names.items():  # in the order of the network
        tensor, wanted = own[name], state[ours]
        if tensor.shape != wanted.shape:
            told = f"{start}{name} has shape {list(tensor.shape)}"
            raise UserError(f"{path}: {told}; allowed: {list(wanted.shape)}, as {model.told} has")
        if tensor.is_floating_point() != wanted.is_floating_point():
            told = f"{start}{name} is of {tensor.dtype}"
            raise UserError(f"{path}: {told}; allowed: {wanted.dtype}")
    file = {ours: own[theirs].to(state[ours]) for theirs, ours in names.items()}
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    tensors = {name: file.get(name, own) for name, own in (parameters | buffers).items()}
    return {
        name: _bounded(tensor.detach()) if name in buffers else tensor.detach()
        for name, tensor in tensors.items()
    }


def _bounded(buffer: Tensor) -> Tensor:
    """A buffer in which infinity is replaced by the largest number.

    A mask may hold infinity, but a network whose tensors are infinite counts as diverged.
    """
    return buffer.nan_to_num(nan=math.nan) if buffer.is_floating_point() else buffer


def _counts(name: str) -> bool:
    """Whether a name is that of a counter of batches, which a normalisation never uses."""
    return name.endswith("num_batches_tracked")


def _prefix(path: Path, found: dict[str, Tensor], names: list[str]) -> str:
    """The prefix that all of the network's names have in a file, or most of them."""
    dots = {name[: i + 1] for name in found for i, letter in enumerate(name) if letter == "."}
    held = {start: sum(start + name in found for name in names) for start in ["", *sorted(dots)]}
    best = [start for start, count in held.items() if count == max(held.values())]
    if len(best) > 1 and best[0] and max(held.values()) == len(names):
        raise UserError(
            f"{path}: holds several networks, {', '.join(best)}; allowed: a prefix that names one"
        )
    return best[0]


def _some(names: Any) -> str:
    names = [*names]
    return ", ".join(names[:4]) + ", …" * (len(names) > 4)


@torch.no_grad()
def check(model: Model, data: stored.Data, loss: str, path: Path) -> None:
    """Raise a UserError if the head's logits of the features are not the network's output.

    The two may differ by one number for each sample, so a network may end in ``log_softmax``. With
    the squared loss they may not, because that loss depends on this number.
    """
    x = next(iter(data.train_inputs.split(SAMPLES)))
    given, before = model.whole(x)
    features = model.features(x)
    if features.shape[1:] != (model.head.in_features,):
        raise UserError(
            f"{model.told}: what goes into its head {model.head_name}, flattened, has "
            f"{list(features.shape[1:])} numbers a sample; allowed: {model.head.in_features}"
        )
    if before is not None and not _same(before.flatten(1), features):
        raise UserError(
            f"{model.told}: the output of {model.features_name}, {list(before.shape[1:])}, is not "
            f"what goes into the head {model.head_name}; allowed: the layer before it, or none"
        )
    if not bool(given.isfinite().all()):
        return  # nothing to compare; the history shows that the run diverged
    logits = model.head(features)
    if loss != "mse" and given.shape == logits.shape:
        given, logits = (z - z.mean(1, keepdim=True) for z in (given, logits))
    if not _same(given, logits):
        raise UserError(
            f"{model.told}: its output is not that of its head {model.head_name} "
            f"({path.name}); allowed: logits, as they come out of the head"
        )


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool((a - b).abs().max() <= CLOSE * b.abs().max())


def history(snapshot: Snapshot) -> dict[str, float]:
    """Loss and accuracy on the training and the test set, as a training records them."""
    data, loss = snapshot.data, parts.load("loss", snapshot.spec["loss"]["name"])
    row = {}
    for split in ("train", "test"):
        logits, labels = snapshot.logits(split), getattr(data, f"{split}_labels")
        blocks = zip(logits.split(ROWS_AT_ONCE), labels.split(ROWS_AT_ONCE), strict=True)
        losses = [loss.per_sample(z, one_hot(own, z.shape[-1]).double()) for z, own in blocks]
        row[f"loss_{split}"] = torch.cat(losses).mean().item()
        row[f"accuracy_{split}"] = network.accuracy(logits, labels)
    return row
