"""Optional libraries that some models need, and what is said if one is missing."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from latephase.errors import UserError


def needed(workflow: Any, library_of: Callable[[Any], str], wildcards: Any) -> str:
    """The library that a job's models need; empty if they need none.

    Raises UserError if the job will run here and the library is missing. This function gives a
    resource of the jobs that make a model, so a dry run tells what is missing. On a cluster, and if
    conda makes the environments, the libraries here are not those of the jobs.
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
    """One line if a job that will run here needs a library that is missing; otherwise empty.

    This is called before the first job runs. A job's resources are computed only when its turn
    comes.
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
