"""Snakemake's limit on jobs per second is lifted, but not the user's own."""

from types import SimpleNamespace

import pytest
from snakemake.cli import get_argument_parser
from snakemake.settings.types import MaxJobsPerTimespan

from rules import rate_limit


def lifted(limit):
    scheduler = SimpleNamespace(job_rate_limiter="a limiter")
    settings = SimpleNamespace(max_jobs_per_timespan=limit)
    rate_limit.lift(SimpleNamespace(scheduler=scheduler, scheduling_settings=settings))
    return scheduler.job_rate_limiter is None


def test_the_default_is_that_of_snakemake():
    default = get_argument_parser().parse_args([]).max_jobs_per_timespan
    if isinstance(default, str):  # argparse converts a default only where the option is missing
        default = MaxJobsPerTimespan.parse_choice(default)
    assert (default.max_jobs, default.timespan) == rate_limit.DEFAULT
    assert lifted(default)


@pytest.mark.parametrize("limit", ["1/1s", "100/1m", "99/1s"])
def test_a_limit_of_the_user_stays(limit):
    assert not lifted(MaxJobsPerTimespan.parse_choice(limit))


def test_where_there_is_none_there_is_none_to_lift():
    assert not lifted(None)
