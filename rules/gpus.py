"""How jobs are given GPUs, and what is said if there is none."""

import subprocess
from collections.abc import Mapping
from typing import Any


def count(device: str) -> int:
    """How many GPUs a job takes."""
    return int(device.startswith("cuda"))


def own(device: str, limit: object) -> str:
    """The beginning of a command that gives the job a GPU of its own. Empty if there is no choice.

    ``limit`` is Snakemake's limit of the resource ``gpu``: at most so many jobs with a GPU run at a
    time. It is None if nobody set one. On a cluster, its value is None, because the cluster counts
    its GPUs itself. If the device has a number, the user has chosen the GPU.
    """
    number = getattr(limit, "value", None)
    if device != "cuda" or number is None or number < 2:
        return ""
    chosen = f"$(python -m scripts.own_gpu --of {number} --job $$)"
    return f"CUDA_VISIBLE_DEVICES={chosen}; export CUDA_VISIBLE_DEVICES; "


def lacking(workflow: Any, config: Mapping[str, Any], leave: str) -> str:
    """One line if jobs that will run here ask for a GPU that this machine does not have.

    Otherwise it is empty. It is also empty on a cluster and if conda makes the environments,
    because this machine or its torch is then not that of the jobs, and if torch cannot be found.
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
