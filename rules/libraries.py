"""Optional libraries that some models are made with, and what is said where one is missing."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from latephase.errors import UserError


def needed(workflow: Any, library_of: Callable[[Any], str], wildcards: Any) -> str:
    """The library that a job's models are made with, or none. Raises UserError where jobs that are
    to run here lack it.

    A resource of the jobs that make a model, so that a dry run tells. On a cluster, and where conda
    makes the environments, the libraries here are not those of the jobs.
    """
    library = library_of(wildcards)
    elsewhere = not workflow.local_exec or workflow.deployment_settings.deployment_method
    if library and not elsewhere and find_spec(library) is None:
        raise UserError(
            f"the library {library} is not installed, but a model of the runs to be made needs it; "
            f"allowed: pip install --no-deps -r requirements-{library}.txt, or --sdm conda, which "
            f"uses envs/train-{library}.yaml"
        )
    return library


def lacking(workflow: Any, targets: Any) -> str:
    """One line if a job that is to run here needs a library that is not here; else nothing.

    Asked before the first job runs; a job's resources are asked for when its turn comes.
    """
    if workflow.touch:
        return ""
    of_packs, of_margins = targets.packs.library, targets.margins.library
    asked = {"train": of_packs, "extract": of_packs, "extract_margins": of_margins}
    for job in workflow.dag.needrun_jobs():
        if job.rule.name in asked:
            try:
                needed(workflow, asked[job.rule.name], job.wildcards)
            except UserError as error:
                return f"error: {error}"
    return ""
