"""How jobs are given GPUs, and what is said if there is none."""

import subprocess
from collections.abc import Mapping
from typing import Any


def count(device: str) -> int:
    """How many GPUs a job takes."""
    return int(device.startswith("cuda"))


def own(device: str, limit: object) -> str:
    """The beginning of a command that takes a GPU of its own; empty if there is no choice.

    ``limit`` is Snakemake's limit of the resource ``gpu``: this many jobs use one at a time. It is
    None if nobody set one. So is its value on a cluster, which counts its GPUs itself. A device
    with a number is the user's own choice.
    """
    number = getattr(limit, "value", None)
    if device != "cuda" or number is None or number < 2:
        return ""
    chosen = f"$(python -m scripts.own_gpu --of {number} --job $$)"
    return f"CUDA_VISIBLE_DEVICES={chosen}; export CUDA_VISIBLE_DEVICES; "


def lacking(workflow: Any, config: Mapping[str, Any], leave: str) -> str:
    """One line if jobs that would run here ask for a GPU that is not here; otherwise empty.

    On a cluster, and if conda makes the environments, this machine and its torch are not those of
    the jobs. Nothing is said either if torch cannot be found.
    """
    elsewhere = not workflow.local_exec or workflow.deployment_settings.deployment_method
    if elsewhere or workflow.touch:
        return ""
    asked = {
        "train": config["device"],
        "extract": config["metrics_device"],
        "encode_inputs": config["metrics_device"],
        "convert_checkpoints": config["metrics_device"],
    }
    names = {job.rule.name for job in workflow.dag.needrun_jobs()} & {*asked}
    for device in sorted({asked[name] for name in names}):
        if device.startswith("cuda"):
            command = f"{leave}python -m scripts.device {device}"
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
            lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
            if lines:
                return lines[0].replace("--device", "config: device or metrics_device")
    return ""
