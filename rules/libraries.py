"""Optional libraries that some models are made with, and what is said where one is missing."""

from importlib.util import find_spec
from typing import Any

from latephase.errors import UserError


def importable(workflow: Any, library: str) -> str:
    """The library, or none. Raises UserError where jobs that are to run here lack it.

    On a cluster, and where conda makes the environments, the libraries here are not those of the
    jobs.
    """
    elsewhere = not workflow.local_exec or workflow.deployment_settings.deployment_method
    if library and not elsewhere and find_spec(library) is None:
        raise UserError(
            f"the library {library} is not installed, which a model of the runs to be made needs; "
            f"allowed: pip install --no-deps -r requirements-{library}.txt, or --sdm conda, which "
            f"takes envs/train-{library}.yaml"
        )
    return library


def of_pack(workflow: Any, targets: Any, wildcards: Any) -> str:
    """The library that a pack's model is made with, or none. Raises UserError as above.

    A resource of the jobs on a pack, so that a dry run tells.
    """
    return importable(workflow, targets.packs.library(wildcards))


def lacking(workflow: Any, targets: Any) -> str:
    """One line if a job that is to run here needs a library that is not here; else nothing.

    Asked before the first job runs; a job's resources are asked for when its turn comes.
    """
    if workflow.touch:
        return ""
    for job in workflow.dag.needrun_jobs():
        if job.rule.name in ("train", "extract"):
            try:
                of_pack(workflow, targets, job.wildcards)
            except UserError as error:
                return f"error: {error}"
    return ""
