"""Train a pack: many runs at once, each as if it were alone.

All parameters of a run are in one row of a ``[R, P]`` tensor. On an accelerator, the rows of a pack
take each step together, along a run axis (``torch.func.vmap``). On a CPU, one run after the other
takes all steps between two checkpoints: a batched step would be limited by memory, whereas the row
of one run stays in the cache (``benchmarks/training.py``).

The initialisation of a run depends only on its seed, and its batches depend only on its seed and
the epoch. So a training that is interrupted continues from its last saved state and ends with the
same bytes.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from latephase.datasets.stored import Data
from latephase.datasets.streamed import OneHot, Streamed
from latephase.parts import network
from latephase.parts.parameter_rows import Layout, row_of
from latephase.progress import Progress
from latephase.runs import parts
from latephase.runs.derived_seed import derived_seed
from latephase.runs.interventions import Stage, stages
from latephase.runs.spec import (
    Spec,
    checkpoint_steps,
    first_step,
    lookup,
    pack_id,
    run_id,
    runs_of,
)
from latephase.storage import checkpoints
from latephase.training import forks, gradients
from latephase.training.augmenting import Augmenting, black
from latephase.training.norms import bound_head, scale_weights
from latephase.training.objective import is_plain
from latephase.training.resume import origin, resume, save_state
from latephase.training.state import State

ROWS_AT_ONCE = 1 << 16
"""The number of samples whose loss is computed at a time, in float64. It limits the memory for
thousands of classes."""
STATE_SECONDS = 30.0
"""The shortest time between two saved states, in seconds. If a training is killed, it loses at most
this time plus one interval between checkpoints."""

log = logging.getLogger(__name__)


class Stopped(Exception):
    """A training that had to stop, and has saved its state."""


def initial_rows(pack: Spec, header: dict, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Each run's parameters ``[R, P]`` and buffers ``[R, B]`` at initialisation.

    They are what torch makes after ``manual_seed(seed)``, for data with this header.
    """
    params, buffers = [], []
    for spec in runs_of(pack):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec["seed"])
            model = network.build_model(spec, header)
        params.append(row_of(model.parameters(), dtype))
        buffers.append(row_of(model.buffers(), dtype))
    return torch.stack(params), torch.stack(buffers)


def initial_state(optimizer: ModuleType, params: Tensor, layout: Layout) -> dict[str, Tensor]:
    """An optimizer's state before the first step of ``params`` ``[R, P]``."""
    shapes = optimizer.state_shapes(layout) if hasattr(optimizer, "state_shapes") else {}
    return {
        name: params.new_zeros(len(params), *shapes.get(name, params.shape[1:]))
        for name in optimizer.STATE
    }


def epoch_order(seed: int, epoch: int, samples: int) -> Tensor:
    """The order in which a run sees its samples in an epoch: a permutation, ``[samples]``."""
    generator = torch.Generator().manual_seed(derived_seed("latephase batches", seed, epoch))
    return torch.randperm(samples, generator=generator)


def learning_rate_factor(stage: Stage) -> Callable[[int], float]:
    """The factor of the learning rate at a step, counted from 0."""
    if "schedule" not in stage.settings:
        return lambda step: 1.0
    entry, (start, stop) = stage.settings["schedule"], stage.scheduled
    part, arguments = parts.load("schedule", entry["name"]), parts.arguments(entry)
    return lambda step: part.factor(step - start, stop - start, **arguments)


class Trainer:
    """A pack on a device. It takes a state from one checkpoint step to the next."""

    def __init__(
        self,
        pack: Spec,
        data: Data,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
        parents: Sequence[Path] = (),
    ):
        self.pack, self.data, self.device, self.parents = pack, data, device, parents
        self.specs = runs_of(pack)
        common = pack["common"]
        dtype = dtype or getattr(torch, common.get("dtype", "float32"))
        self.model = network.build_model(self.specs[0], data.header)
        self.model.to(device, dtype)
        self.layout = Layout(self.model)
        self.optimizer = parts.load("optimizer", common["optimizer"]["name"])
        self.dtype = dtype
        # Inputs that are integers, such as tokens, stay integers.
        kept = dtype if data.train_inputs.dtype.is_floating_point else data.train_inputs.dtype
        self.inputs = data.train_inputs.to(device, kept)
        streamed = isinstance(self.inputs, Streamed)
        # If the inputs are streamed, the indices that select them stay on the file's side.
        self.index_device = "cpu" if streamed else device
        targets = data.targets("train")
        self.targets = (
            OneHot(targets.to(device), data.classes, dtype)
            if streamed
            else one_hot(targets, data.classes).to(device, dtype)
        )
        self.test_inputs = data.test_inputs.to(device, kept)
        self.black = black(common["data"], self.inputs)
        self.stages = [stages(spec) for spec in self.specs]  # all runs have the same bounds
        self.per_epoch = math.ceil(len(self.inputs) / common["batch_size"])
        self.serial = device == "cpu"  # one run at a time where that is faster

    def initial(self) -> State:
        """The state at the first step: at step 0, or at the step at which the runs fork."""
        if "fork" in self.specs[0]:
            return self._forked()
        rows = initial_rows(self.pack, self.data.header, self.dtype)
        params, buffers = (tensor.to(self.device) for tensor in rows)
        state = initial_state(self.optimizer, params, self.layout)
        return State(0, [0] * len(self.specs), params, buffers, state)

    def _forked(self) -> State:
        fork, names = self.specs[0]["fork"], [spec["fork"]["run"] for spec in self.specs]
        found = forks.rows(self.parents, names, fork["step"], fork["state"], self.layout)
        params, buffers = (
            rows.to(self.device, self.dtype) for rows in (found.params, found.buffers)
        )
        moments = {name: rows.to(self.device) for name, rows in found.moments.items()}
        moments = moments or initial_state(self.optimizer, params, self.layout)
        return State(fork["step"], [fork["step"]] * len(names), params, buffers, moments)

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
        """Take every run to step ``stop``.

        ``tick`` is called with the number of run-steps that were done. ``halted`` is called before
        each step. If it returns true, the runs stay where they are, and a later call continues
        them. Returns whether all runs have arrived.
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
        """Take the runs of a block towards ``stop``. Returns the step that they have reached."""
        at = state.at[block.start]
        for stage in zip(*self.stages[block], strict=True):
            end = min(stop, stage[0].stop)
            if at < end:
                at = self._advance_in(list(stage), state, block, at, end, halted)
                if at < end:
                    break
        return at

    def _advance_in(
        self,
        stage: list[Stage],
        state: State,
        block: slice,
        start: int,
        stop: int,
        halted: Callable[[], bool],
    ) -> int:
        """Take the runs of a block towards ``stop`` within a stage. Each has its own settings."""
        common, settings = stage[0].settings, [one.settings for one in stage]
        params = state.params[block]
        moments = {name: tensor[block] for name, tensor in state.optimizer.items()}
        written = self.serial and gradients.is_written(self.model) and is_plain(common)
        make = gradients.written if written else gradients.automatic
        rows = params, state.buffers[block]
        augmenting = Augmenting(common, settings, self.black, len(self.inputs), self.device)
        gradient = make(
            self.model, self.layout, settings, *rows, self.inputs, self.targets, augmenting
        )
        hyper, size, orders = self._hyper(settings), common["batch_size"], None
        rate, factor = hyper["lr"], learning_rate_factor(stage[0])
        bound, norm = common.get("max_head_norm"), stage[0].scale_weights_to
        reset = common.get("fork", {}).get("state") == "reset"
        counted = first_step(common) if reset else 0  # the optimizer's steps count from here
        # If no graph is ever recorded, torch need not look for one at each call.
        with torch.inference_mode(written):
            for step in range(start, stop):
                if halted():
                    return step
                if step == stage[0].start and norm is not None:
                    scale_weights(params, self.layout, norm)
                epoch, position = divmod(step, self.per_epoch)
                if orders is None or position == 0:
                    orders = torch.stack(
                        [epoch_order(run["seed"], epoch, len(self.inputs)) for run in settings]
                    ).to(self.index_device)
                    augmenting.begin(epoch)
                index = orders[:, position * size : (position + 1) * size]
                hyper["lr"] = rate * factor(step)
                self.optimizer.update(
                    params, gradient(index), moments, hyper, step + 1 - counted, self.layout
                )
                if bound is not None:
                    bound_head(params, self.layout, bound)
        return stop

    def _hyper(self, specs: list[Spec]) -> dict:
        """Each parameter of the optimizer: a number for one run, ``[R, 1]`` for several runs.

        It is a column even if all runs have the same value, because a run's arithmetic must not
        depend on its neighbours. A parameter that is not a number is the same for all runs and
        stays as it is. A decay that acts on some parameters only is ``[R, P]``, with 0 for the
        others.
        """
        hyper = parts.arguments(specs[0]["optimizer"])
        if len(specs) > 1:
            columns = {n: [lookup(spec, f"optimizer.{n}") for spec in specs] for n in hyper}
            hyper = {
                name: torch.tensor(values, dtype=torch.float64, device=self.device).unsqueeze(1)
                if isinstance(values[0], float)
                else values[0]
                for name, values in columns.items()
            }
        if "decay_on" in specs[0]:
            decayed = self.layout.weights().double().to(self.device).unsqueeze(0)
            hyper |= {
                n: value * decayed for n, value in hyper.items() if n.endswith("weight_decay")
            }
        return hyper

    def evaluate(self, state: State) -> list[dict]:
        """Loss and accuracy of every run at its step.

        A run's ``diverged_at`` is the first checkpoint at which its training loss is not finite. So
        the run diverged between this checkpoint and the one before.
        """
        per_sample = parts.load("loss", self.pack["common"]["loss"]["name"]).per_sample
        known = {row["run"]: row["diverged_at"] for row in state.history}
        rows = []
        for spec, params, buffers in zip(self.specs, state.params, state.buffers, strict=True):
            tensors = self.layout.views(params) | self.layout.buffer_views(buffers)
            row = {"run": run_id(spec), "step": state.step, "diverged_at": known.get(run_id(spec))}
            for split, inputs in (("train", self.inputs), ("test", self.test_inputs)):
                logits = network.logits(self.model, tensors, inputs)
                labels = self.data.targets(split).to(self.device)
                losses = [
                    per_sample(some.double(), one_hot(own, self.data.classes).double())
                    for some, own in zip(
                        logits.split(ROWS_AT_ONCE), labels.split(ROWS_AT_ONCE), strict=True
                    )
                ]
                row[f"loss_{split}"] = torch.cat(losses).mean().item()
                row[f"accuracy_{split}"] = network.accuracy(logits, labels)
            if not math.isfinite(row["loss_train"]) and row["diverged_at"] is None:
                row["diverged_at"] = state.step
            if row["diverged_at"] is not None:
                params.fill_(math.nan)
                buffers.fill_(math.nan)
                row |= {name: math.nan for name in row if name.startswith(("loss", "accuracy"))}
            rows.append(row)
        return rows


def train(
    pack: Spec,
    data: Data,
    scratch: Path,
    device: str = "cpu",
    parents: Sequence[Path] = (),
    halted: Callable[[], bool] = lambda: False,
) -> tuple[Path, list[dict], float]:
    """Train a pack, or continue its training, in a scratch folder.

    ``parents`` are the folders of the checkpoints from which the runs fork, if they do.

    Returns the folder of its checkpoints, its history (one dict for each run and step), and the
    wall seconds that it took, including those before an interruption. Raises :class:`Stopped`, with
    the state saved, within a step after ``halted`` returns true.
    """
    # The moments of a dead unit shrink until they are denormal numbers, and stay there. Each
    # operation on such numbers costs a hundred times as much.
    torch.set_flush_denormal(True)
    trainer = Trainer(pack, data, device, parents=parents)
    folder = scratch / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    made_of = origin(pack, data, parents)
    state = resume(scratch, device, made_of) or trainer.initial()
    common = pack["common"]
    steps = checkpoint_steps(common["steps"], common["checkpoints"], first_step(common))
    kept = {*common["checkpoints"].get("states", [])}
    going_on = max(state.at) > steps[0]
    log.info("continuing from step %d" if going_on else "starting at step %d", min(state.at))
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
        if step in kept:  # written first, because a checkpoint means that this file exists
            forks.keep(folder, state, header)
        tensors = trainer.layout.views(state.params) | trainer.layout.buffer_views(state.buffers)
        # Metrics use single precision, whatever the precision of the training is.
        stored = {name: tensor.float() for name, tensor in tensors.items()}
        checkpoints.write(checkpoints.step_path(folder, step), stored, header)
        state.wall_seconds = time.monotonic() - began
        if step == steps[-1] or state.wall_seconds - saved > STATE_SECONDS:
            save_state(scratch, state, made_of)
            saved = state.wall_seconds
    return folder, state.history, state.wall_seconds
