"""What a metric of the user's own is given of a snapshot, by the names of its arguments."""

from typing import Any

from latephase.measuring.snapshot import Snapshot


def asked(name: str, snapshot: Snapshot) -> Any:
    """The part of a snapshot that the name of an argument asks for."""
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
