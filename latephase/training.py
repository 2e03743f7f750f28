"""Training a pack: many runs at once, each as if it were alone.

All parameters of a run lie in one row of a ``[R, P]`` tensor. On an accelerator the rows of
a pack take each step together, along a run axis (``torch.func.vmap``). On a CPU they take
it one run after the other, for the whole stretch between two checkpoints: there a batched
step is bound by memory, while one run's row stays in the cache (``benchmarks/training.py``).

A run's initialisation depends on its seed alone, its batches on its seed and the epoch; so a
training that is broken off goes on from its last saved state to the same bytes.
"""

import hashlib
import logging
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from latephase import checkpoints, evaluation, imports, parts
from latephase.datasets.stored import Data
from latephase.progress import Progress
from latephase.spec import Spec, checkpoint_steps, digest, lookup, pack_id, run_id, runs_of

STATE_SECONDS = 30.0
"""At least so long between two saved states: what a kill costs at most, beside one interval."""

log = logging.getLogger(__name__)


class Layout:
    """Where each parameter of a network lies in a run's row."""

    def __init__(self, model: torch.nn.Module):
        named = dict(model.named_parameters())
        self.shapes = {name: tensor.shape for name, tensor in named.items()}
        self.sizes = [tensor.numel() for tensor in named.values()]

    def views(self, rows: Tensor) -> dict[str, Tensor]:
        """The parameters by name, ``[*, P]`` to ``[*, *shape]`` each, without a copy."""
        pieces = rows.split(self.sizes, dim=-1)
        return {
            name: piece.unflatten(-1, shape)
            for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)
        }


class Stopped(Exception):
    """A training that was asked to stop has saved its state."""


@dataclass
class State:
    """Everything that decides how a pack goes on: saved and restored whole."""

    step: int
    """Of the last checkpoint."""
    at: list[int]
    """The step that each run has taken, at or beyond the checkpoint's."""
    params: Tensor  # [R, P]
    optimizer: dict[str, Tensor]  # each [R, P], or as its state_shapes say
    history: list[dict] = field(default_factory=list)
    wall_seconds: float = 0.0


def initial_rows(pack: Spec, shape: list[int], classes: int, dtype: torch.dtype) -> Tensor:
    """Each run's parameters as torch initialises them after ``manual_seed(seed)``: ``[R, P]``."""
    rows = []
    for spec in runs_of(pack):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec["seed"])
            model = evaluation.build_model(spec, shape, classes)
        rows.append(torch.cat([p.detach().to(dtype).flatten() for p in model.parameters()]))
    return torch.stack(rows)


def initial_state(optimizer: ModuleType, params: Tensor, layout: Layout) -> dict[str, Tensor]:
    """An optimizer's state before the first step of ``params`` ``[R, P]``."""
    shapes = optimizer.state_shapes(layout) if hasattr(optimizer, "state_shapes") else {}
    return {
        name: params.new_zeros(len(params), *shapes.get(name, params.shape[1:]))
        for name in optimizer.STATE
    }


def epoch_order(seed: int, epoch: int, samples: int) -> Tensor:
    """The order in which a run sees its samples in an epoch: a permutation, ``[samples]``."""
    mixed = hashlib.sha256(f"latephase batches {seed} {epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(mixed[:8]) >> 1)
    return torch.randperm(samples, generator=generator)


def written_gradient(
    model: torch.nn.Module,
    layout: Layout,
    loss: Spec,
    params: Tensor,
    inputs: Tensor,
    targets: Tensor,
) -> Callable[[Tensor], Tensor]:
    """The gradient of one run's batch by the backpropagation that its model writes out.

    Returns a function of batch indices ``[1, B]`` that gives ``[1, P]``, valid until called
    again.
    """
    grads = torch.empty_like(params)
    fill = model.gradient(
        list(layout.views(params[0]).values()),
        list(layout.views(grads[0]).values()),
        parts.load("loss", loss["name"]).logit_gradient,
    )
    memory: dict[int, Tensor] = {}

    def gradient(index: Tensor) -> Tensor:
        size = index.shape[1]
        if size not in memory:
            memory[size] = inputs.new_empty(size, *inputs.shape[1:])
        x = torch.index_select(inputs, 0, index[0], out=memory[size])
        fill(x, targets.index_select(0, index[0]))
        return grads.div_(size) if loss["reduction"] == "mean" else grads

    return gradient


def batched_gradient(
    model: torch.nn.Module,
    layout: Layout,
    loss: Spec,
    params: Tensor,
    inputs: Tensor,
    targets: Tensor,
) -> Callable[[Tensor], Tensor]:
    """The gradients of R runs' batches by autograd, along the run axis.

    Returns a function of batch indices ``[R, B]`` that gives ``[R, P]``.
    """
    per_sample = parts.load("loss", loss["name"]).per_sample
    model.train()  # an evaluation leaves it otherwise
    leaf = params.detach().requires_grad_()

    def objective(row: Tensor, x: Tensor, y: Tensor) -> Tensor:
        losses = per_sample(functional_call(model, layout.views(row), (x,)), y)
        return losses.mean() if loss["reduction"] == "mean" else losses.sum()

    def gradient(index: Tensor) -> Tensor:
        batch = [tensor.index_select(0, index.flatten()) for tensor in (inputs, targets)]
        x, y = (tensor.unflatten(0, index.shape) for tensor in batch)
        return torch.autograd.grad(vmap(objective)(leaf, x, y).sum(), leaf)[0]

    return gradient


class Trainer:
    """A pack on a device: takes its state from one checkpoint step to the next."""

    def __init__(self, pack: Spec, data: Data, device: str = "cpu", dtype=torch.float32):
        self.pack, self.data, self.device = pack, data, device
        self.specs = runs_of(pack)
        common = pack["common"]
        self.model = evaluation.build_model(self.specs[0], data.header["shape"], data.classes)
        self.model.to(device, dtype)
        self.layout = Layout(self.model)
        self.optimizer = parts.load("optimizer", common["optimizer"]["name"])
        self.inputs = data.train_inputs.to(device, dtype)
        self.targets = torch.nn.functional.one_hot(data.train_labels, data.classes).to(
            device, dtype
        )
        self.test_inputs = data.test_inputs.to(device, dtype)
        self.per_epoch = math.ceil(len(self.inputs) / common["batch_size"])
        # One run at a time, by the model's own backpropagation, where that is faster.
        self.serial = device == "cpu" and hasattr(self.model, "gradient")

    def initial(self) -> State:
        """The state at step 0."""
        dtype = self.inputs.dtype
        params = initial_rows(self.pack, self.data.header["shape"], self.data.classes, dtype).to(
            self.device
        )
        state = initial_state(self.optimizer, params, self.layout)
        return State(0, [0] * len(self.specs), params, state)

    def blocks(self) -> list[slice]:
        """The rows that take their steps together."""
        count = len(self.specs)
        return [slice(i, i + 1) for i in range(count)] if self.serial else [slice(0, count)]

    def advance(
        self,
        state: State,
        stop: int,
        tick: Callable[[int], None] = lambda run_steps: None,
        halted: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Take every run to step ``stop``; ``tick`` is told of the run-steps done.

        ``halted`` is asked before each step; where it says so the runs stay where they are, and
        a later call takes them on. Returns whether all have arrived.
        """
        diverged = {row["run"] for row in state.history if row["diverged_at"] is not None}
        for block in self.blocks():
            specs, began = self.specs[block], state.at[block.start]
            reached = stop
            if any(run_id(spec) not in diverged for spec in specs):
                reached = self._advance(state, block, stop, halted)
            state.at[block] = [reached] * len(specs)
            tick(len(specs) * (reached - began))
            if reached < stop:
                return False
        state.step = stop
        return True

    def _advance(self, state: State, block: slice, stop: int, halted: Callable[[], bool]) -> int:
        """Take the runs of a block on, towards ``stop``; returns the step they have reached."""
        specs, params = self.specs[block], state.params[block]
        moments = {name: tensor[block] for name, tensor in state.optimizer.items()}
        make = written_gradient if self.serial else batched_gradient
        gradient = make(
            self.model, self.layout, self.pack["common"]["loss"], params, self.inputs, self.targets
        )
        hyper = self._hyper(specs)
        size = self.pack["common"]["batch_size"]
        orders = None
        # Where no graph is ever recorded, torch need not look for one at each call.
        with torch.inference_mode(self.serial):
            for step in range(state.at[block.start], stop):
                if halted():
                    return step
                epoch, position = divmod(step, self.per_epoch)
                if orders is None or position == 0:
                    orders = torch.stack(
                        [epoch_order(spec["seed"], epoch, len(self.inputs)) for spec in specs]
                    ).to(self.device)
                index = orders[:, position * size : (position + 1) * size]
                self.optimizer.update(
                    params, gradient(index), moments, hyper, step + 1, self.layout
                )
        return stop

    def _hyper(self, specs: list[Spec]) -> dict:
        """Each of the optimizer's parameters: a number for one run, ``[R, 1]`` for several.

        A column even where all runs agree: a run's arithmetic must not depend on its neighbours.
        What is no number is the same for all of them, and stays as it is.
        """
        names = parts.arguments(specs[0]["optimizer"])
        if len(specs) == 1:
            return names
        columns = {name: [lookup(spec, f"optimizer.{name}") for spec in specs] for name in names}
        return {
            name: torch.tensor(values, dtype=torch.float64, device=self.device).unsqueeze(1)
            if isinstance(values[0], float)
            else values[0]
            for name, values in columns.items()
        }

    def evaluate(self, state: State) -> list[dict]:
        """Loss and accuracy of every run at its step.

        A run's ``diverged_at`` is the first checkpoint at which its training loss is not finite:
        it diverged between that one and the one before.
        """
        per_sample = parts.load("loss", self.pack["common"]["loss"]["name"]).per_sample
        known = {row["run"]: row["diverged_at"] for row in state.history}
        rows = []
        for spec, params in zip(self.specs, state.params, strict=True):
            row = {"run": run_id(spec), "step": state.step, "diverged_at": known.get(run_id(spec))}
            for split, inputs, labels in (
                ("train", self.inputs, self.data.train_labels),
                ("test", self.test_inputs, self.data.test_labels),
            ):
                _, logits = evaluation.outputs(self.model, self.layout.views(params), inputs)
                labels = labels.to(self.device)
                targets = torch.nn.functional.one_hot(labels, self.data.classes)
                loss = per_sample(logits.double(), targets.double()).mean().item()
                row[f"loss_{split}"] = loss
                row[f"accuracy_{split}"] = evaluation.accuracy(logits, labels)
            if not math.isfinite(row["loss_train"]) and row["diverged_at"] is None:
                row["diverged_at"] = state.step
            if row["diverged_at"] is not None:
                params.fill_(math.nan)
                row |= {name: math.nan for name in row if name.startswith(("loss", "accuracy"))}
            rows.append(row)
        return rows


def train(
    pack: Spec,
    data: Data,
    scratch: Path,
    device: str = "cpu",
    halted: Callable[[], bool] = lambda: False,
) -> tuple[Path, list[dict], float]:
    """Train a pack, or go on with it, in a scratch folder.

    Returns the folder of its checkpoints, its history (one dict a run and step) and the
    wall seconds that it took, those before a break included. Raises :class:`Stopped`, with the
    state saved, within a step of ``halted`` saying so.
    """
    # A moment of a dead unit halves its way into the denormal numbers and stays there, where
    # each operation costs a hundred times as much.
    torch.set_flush_denormal(True)
    trainer = Trainer(pack, data, device)
    folder = scratch / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    made_of = origin(pack, data)
    state = resume(scratch, device, made_of) or trainer.initial()
    steps = checkpoint_steps(pack["common"]["steps"], pack["common"]["checkpoints"])
    log.info("going on from step %d" if any(state.at) else "beginning at step %d", min(state.at))
    progress = Progress(pack_id(pack), "step", min(state.at), steps[-1], len(pack["runs"]))
    began, saved = time.monotonic() - state.wall_seconds, state.wall_seconds
    for step in steps:
        if step < state.step or (step == state.step and state.history):
            continue
        if not trainer.advance(state, step, progress.tick, halted):
            state.wall_seconds = time.monotonic() - began
            save_state(scratch, state, made_of)
            raise Stopped(f"stopped at step {min(state.at)}; the state is saved")
        state.history += trainer.evaluate(state)
        header = {"pack": pack, "step": step, "torch": torch.__version__}
        checkpoints.write(
            checkpoints.step_path(folder, step), trainer.layout.views(state.params), header
        )
        state.wall_seconds = time.monotonic() - began
        if step == steps[-1] or state.wall_seconds - saved > STATE_SECONDS:
            save_state(scratch, state, made_of)
            saved = state.wall_seconds
    return folder, state.history, state.wall_seconds


def origin(pack: Spec, data: Data) -> str:
    """A digest of all that decides how a training goes: pack, data, torch, the code itself."""
    root = parts.PACKAGE.parent
    modules = [parts.module(kind, pack["common"][kind]["name"]) for kind in parts.KINDS]
    files = {file for name in (__name__, *modules) for file in imports.sources(name, root)}
    code = {file: hashlib.sha256((root / file).read_bytes()).hexdigest() for file in files}
    return digest([pack, data.header, torch.__version__, code])


def save_state(scratch: Path, state: State, made_of: str) -> None:
    """Save a state beside the one before, and forget those older."""
    tensors = {"params": state.params} | state.optimizer
    header = {
        "origin": made_of,
        "step": state.step,
        "at": state.at,
        "history": state.history,
        "wall_seconds": state.wall_seconds,
    }
    checkpoints.write(scratch / f"state_{state.step:09d}.safetensors", tensors, header)
    for path in sorted(scratch.glob("state_*.safetensors"))[:-2]:
        path.unlink()


def _whole_checkpoints(folder: Path) -> set[int]:
    """The steps whose checkpoint is what was written; others are deleted, and said."""
    steps = set()
    for step, path in checkpoints.steps_in(folder):
        try:
            checkpoints.read(path)
        except checkpoints.Damaged as error:
            log.warning("%s", error)
            path.unlink()
        else:
            steps.add(step)
    return steps


def resume(scratch: Path, device: str, made_of: str) -> State | None:
    """The newest saved state to go on from; None where there is none.

    A state that cannot be read, that other code or data made, or whose checkpoints are gone
    (renamed into place, and killed before the scratch folder was removed) is deleted.
    """
    saved = _whole_checkpoints(scratch / "checkpoints")
    for path in sorted(scratch.glob("state_*.safetensors"), reverse=True):
        try:
            tensors, header = checkpoints.read(path, device)
        except (checkpoints.Damaged, OSError) as error:
            reason = f"it cannot be read: {error}"
        else:
            if header.get("origin") != made_of:
                reason = "it was made by other code or from other data"
            elif not {row["step"] for row in header["history"]} <= saved:
                reason = "checkpoints before it are gone or damaged"
            else:
                return State(
                    header["step"],
                    header["at"],
                    tensors.pop("params"),
                    tensors,
                    header["history"],
                    header["wall_seconds"],
                )
        log.warning("%s is left out: %s", path, reason)
        path.unlink()
    shutil.rmtree(scratch / "checkpoints", ignore_errors=True)
    (scratch / "checkpoints").mkdir(parents=True)
    return None
