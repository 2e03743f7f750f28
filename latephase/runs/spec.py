"""What a run and a pack are: specs, their ids, and the steps of their checkpoints.

A *spec* is a plain nested dict of JSON types that describes one run completely. The runs of a
*pack* differ only in numbers that the training engine can hold along its run axis
(:mod:`latephase.runs.packs`). This module uses the standard library only, because the Snakefile
imports it and every cluster job reads the Snakefile again.
"""

import hashlib
import json
import math
from typing import Any

Spec = dict[str, Any]


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no blanks, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """The first 12 hex digits of the sha256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]


def run_id(spec: Spec) -> str:
    """A run's id: the digest of its spec."""
    return digest(spec)


def lookup(spec: Spec, path: str) -> Any:
    """The value at a dotted name. Raises KeyError if there is none."""
    for key in path.split("."):
        spec = spec[key]
    return spec


def replaced(spec: Spec, values: dict[str, Any]) -> Spec:
    """A spec with the values at the dotted names set. The rest is shared with the given spec.

    Only the dicts that contain a name are copied. Copying the whole spec would take most of the
    time in which a catalog with thousands of runs is read.
    """
    result = dict(spec)
    for path, value in values.items():
        *parents, last = path.split(".")
        node = result
        for key in parents:
            node[key] = dict(node[key])
            node = node[key]
        node[last] = value
    return result


def first_step(run: Spec) -> int:
    """The first step of a run: 0, or the step at which it forks from another run."""
    return run["fork"]["step"] if "fork" in run else 0


def checkpoint_steps(steps: int, checkpoints: dict[str, Any], first: int = 0) -> list[int]:
    """The steps at which a run is saved: its first step, its last step, and some between.

    - ``{"log": n}``: n steps, evenly spaced on a log axis, from one after the first step on. They
      are rounded, and repeats are left out.
    - ``{"every": [[until, stride], ...]}``: multiples of each stride up to its bound, one range
      after the other (sakamoto2026's code: every step below 30, every 10 below 150, then every
      steps//150).
    - ``states``, in addition to either, adds further steps.
    """
    if "log" in checkpoints:
        count = checkpoints["log"]
        exponent = math.log(steps - first) / max(count - 1, 1)
        chosen = {first + round(math.exp(exponent * i)) for i in range(count)}
    else:
        chosen, start = set(), 0
        for until, stride in checkpoints["every"]:
            chosen.update(step for step in range(0, until, stride) if step >= start)
            start = until
    chosen |= {*checkpoints.get("states", [])}
    return sorted({step for step in chosen if first < step < steps} | {first, steps})


def runs_of(pack: Spec) -> list[Spec]:
    """The full specs of a pack's runs, in the order of its run axis."""
    return [replaced(pack["common"], numbers) for numbers in pack["runs"]]


def pack_id(pack: Spec) -> str:
    """``<dataset>-<model>-<optimizer>-<digest>``."""
    common = pack["common"]
    names = (common["data"]["name"], common["model"]["name"], common["optimizer"]["name"])
    return "-".join((*names, digest(pack)))
