"""Snakemake's limit on jobs per second, which costs more than it saves.

Unless told otherwise, Snakemake starts at most 100 jobs per second. To keep to this, it starts a
timer whenever it has looked for jobs to run. When a timer ends, Snakemake looks again and starts
the next one, and it looks once more when a job ends. So after a thousand jobs it looks a thousand
times per second, which takes a good part of a processor.
"""

DEFAULT = (100, 1)
"""Jobs and seconds of the limit that nobody asked for."""


def lift(workflow) -> None:
    """Lift the limit of a workflow that is about to start, unless the user set another one.

    If she asked for 100 jobs per second herself, this cannot be told apart.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit is not None and (limit.max_jobs, limit.timespan) == DEFAULT:
        workflow.scheduler.job_rate_limiter = None
