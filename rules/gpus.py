"""How jobs are given GPUs."""


def count(device: str) -> int:
    """How many GPUs a job takes."""
    return int(device.startswith("cuda"))


def own(device: str, limit: object) -> str:
    """The begin of a command that takes a GPU of its own; empty where there is nothing to choose.

    ``limit`` is Snakemake's limit of the resource ``gpu``: as many jobs use one at a time. It is
    None where nobody set one, and so is its value on a cluster, which counts its GPUs itself.
    A device with a number is the user's own choice.
    """
    number = getattr(limit, "value", None)
    if device != "cuda" or number is None or number < 2:
        return ""
    chosen = f"$(python -m scripts.own_gpu --of {number} --job $$)"
    return f"CUDA_VISIBLE_DEVICES={chosen}; export CUDA_VISIBLE_DEVICES; "
