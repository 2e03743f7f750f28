"""Lift Snakemake's limit on jobs per second, which costs more than it saves.

By default, Snakemake starts at most 100 jobs per second. To keep to this limit, it starts a timer
whenever it has looked for jobs to run. When a timer ends, Snakemake looks again and starts another
timer. It also looks when a job ends, so each job adds a timer. After a thousand jobs, it looks a
thousand times per second, which takes a good part of a processor's time.
"""

DEFAULT = (100, 1)
"""The jobs and the seconds of the default limit."""


def lift(workflow) -> None:
    """Lift the limit of a workflow that is about to start, unless the user set another one.

    A limit of 100 jobs per second that she set herself looks like the default, and is lifted, too.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit is not None and (limit.max_jobs, limit.timespan) == DEFAULT:
        workflow.scheduler.job_rate_limiter = None
