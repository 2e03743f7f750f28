"""The arguments of a metric of the user's own, which are found in a snapshot by their names."""

from typing import Any

from latephase.measuring.snapshot import Snapshot


def asked(name: str, snapshot: Snapshot) -> Any:
    """The part of a snapshot that an argument of this name stands for."""
    split, _, what = name.rpartition("_")
    split, data = split or "train", snapshot.data
    match what:
        case "features":
            return snapshot.features(split)
        case "logits":
            return snapshot.logits(split)
        case "labels":
            return getattr(data, f"{split}_labels")
        case "inputs":
            return data.held(split)
        case "loss":
            return snapshot.spec["loss"]["name"]
        case "classes":
            return data.classes
        case _:
            return getattr(snapshot, what)
