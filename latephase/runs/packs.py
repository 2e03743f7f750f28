"""How the runs of a grid are cut into packs. This is planning only: it affects no result."""

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
"""Numbers that a pack states for each run, even if its runs do not differ in them.

Do not change this list: it decides the ids of the existing packs.
"""
BATCHABLE = (*OF_EVERY_RUN, "regularizer.strength", "fork.run")
"""Dotted names of the values in which the runs of one pack may differ: numbers, and parents of
forks.

Append further names here. A pack states them for each run only if its runs differ in them, so
existing packs keep their ids.
"""


def pack_of(specs: Iterable[Spec]) -> Spec:
    """The pack of runs that differ only in :data:`BATCHABLE` values.

    Returns ``{"common": spec without these numbers, "runs": [{dotted name: number}, ...]}``. The
    runs are in the order of their numbers, so the order of ``specs`` does not matter.

    Raises ValueError if the runs differ in anything else, or if two are the same.
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
    """A spec without the values at the dotted names. The rest is shared with the given spec."""
    result = replaced(spec, dict.fromkeys(paths))  # copies the dicts that contain them
    for path in paths:
        parent, _, last = path.rpartition(".")
        del (lookup(result, parent) if parent else result)[last]
    return result


def _differs(specs: list[Spec], path: str) -> bool:
    values = [lookup(spec, path) for spec in specs if has(spec, path)]
    return any(value != values[0] for value in values)


def cut_packs(axes: dict[str, list], block: dict[str, int]) -> list[list[dict[str, Any]]]:
    """Cut a grid into packs: blocks of fixed sides along the batchable axes.

    ``block`` gives the side along each axis. The side is 1 if ``block`` does not name the axis, or
    if the axis is not batchable. A cell's block is its index along each axis divided by the side,
    whatever the lengths of the axes are. So if a value is appended to an axis, every full block
    stays as it is. Only blocks at the edge that were not full change.
    """
    blocks: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    sides = [block.get(path, 1) if path in BATCHABLE else 1 for path in axes]
    for index, values in points(axes):
        key = tuple(i // side for i, side in zip(index, sides, strict=True))
        blocks.setdefault(key, []).append(values)
    return list(blocks.values())
