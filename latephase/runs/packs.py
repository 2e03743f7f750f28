"""How the runs of a grid are cut into packs. Planning only: no number of a result passes here."""

import itertools
import json
from collections.abc import Iterable
from typing import Any

from latephase.runs.grid import has, points
from latephase.runs.spec import Spec, canonical, lookup, replaced

OF_EVERY_RUN = (
    "seed",
    "optimizer.lr",
    "optimizer.weight_decay",
    "optimizer.momentum",
    "optimizer.beta1",
    "model.init_scale",
    "optimizer.coupled_weight_decay",
)
"""Numbers that a pack states run by run, whether its runs differ in them or not.

Leave it as it is: what stands here decides the ids of the packs that there are.
"""
BATCHABLE = (*OF_EVERY_RUN, "regularizer.strength", "fork.run")
"""Dotted names of what the runs of one pack may differ in: numbers, and the runs they fork from.

Append further ones here. A pack states them run by run only where its runs differ in them, so that
the packs that there are keep their ids.
"""


def pack_of(specs: Iterable[Spec]) -> Spec:
    """The pack of runs that differ in :data:`BATCHABLE` numbers alone.

    Returns ``{"common": spec without these numbers, "runs": [{dotted name: number}, ...]}``, the
    runs in the order of their numbers, so that the order in which they were listed does
    not matter.

    Raises ValueError where the runs differ in anything else, or where two are the same.
    """
    specs = list(specs)
    named = [path for path in BATCHABLE if path in OF_EVERY_RUN or _differs(specs, path)]
    runs, commons = [], set()
    for spec in specs:
        numbers = {path: lookup(spec, path) for path in named if has(spec, path)}
        runs.append(numbers)
        commons.add(canonical(_without(spec, numbers)))
    if len(commons) != 1:
        raise ValueError("the runs of a pack differ in more than batchable numbers")
    runs.sort(key=lambda numbers: tuple(numbers.values()))
    if any(a == b for a, b in itertools.pairwise(runs)):
        raise ValueError("a run is in a pack twice")
    return {"common": json.loads(commons.pop()), "runs": runs}


def _without(spec: Spec, paths: Iterable[str]) -> Spec:
    """A spec without the values at the dotted names; the rest is the given spec's own."""
    result = replaced(spec, dict.fromkeys(paths))  # a copy of what lies on the way to them
    for path in paths:
        parent, _, last = path.rpartition(".")
        del (lookup(result, parent) if parent else result)[last]
    return result


def _differs(specs: list[Spec], path: str) -> bool:
    values = [lookup(spec, path) for spec in specs if has(spec, path)]
    return any(value != values[0] for value in values)


def cut_packs(axes: dict[str, list], block: dict[str, int]) -> list[list[dict[str, Any]]]:
    """Cut a grid into packs: blocks of fixed sides along the batchable axes.

    ``block`` gives the side along each axis (1 where it names none, or where the axis is not
    batchable). A cell's block is its index along each axis divided by the side, whatever the
    lengths of the axes; so appending a value to any axis keeps every full block, and only
    blocks at the edge that were not full change.
    """
    blocks: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    sides = [block.get(path, 1) if path in BATCHABLE else 1 for path in axes]
    for index, values in points(axes):
        key = tuple(i // side for i, side in zip(index, sides, strict=True))
        blocks.setdefault(key, []).append(values)
    return list(blocks.values())
