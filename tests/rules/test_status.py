"""What the line says, after events that are made up."""

import os
import time

import pytest

from rules.forecast import Job
from rules.status import Status, clock, last_progress

NOON = time.mktime((2026, 11, 29, 12, 0, 0, 0, 0, -1))
LINES = """starting at step 0
digits-mlp   step 100 of 900   20 run-steps/s   0:00:50 left
digits-mlp   step 300 of 900   10 run-steps/s   0:01:05 left
"""


def job(rule, about, seconds, needs=(), **more):
    return Job(rule, about, seconds, (rule,), (("cores", 1),), frozenset(needs), **more)


@pytest.fixture
def status():
    """Two trainings, a figure of each, and a page."""
    jobs = {
        1: job("train", "train a", 60),
        2: job("train", "train b", 120),
        3: job("figure", "draw a", 5, [1], made="a.png"),
        4: job("figure", "draw b", 5, [2], made="b.png"),
        5: job("gallery", "gallery", 10, [3, 4]),
    }
    return Status(jobs, {"cores": 1}, NOON)


def test_the_line_from_the_beginning_to_the_end(status):
    assert status.line(NOON) == "0 of 5 jobs, time left not known yet"
    status.start([1], NOON)
    assert status.line(NOON + 10) == "0 of 5 jobs, time left not known yet; train a"
    status.end(1, NOON + 30)  # half as long as planned: 60 s for b, and 20 s of the others
    assert status.line(NOON + 30) == "1 of 5 jobs, 1 min left, first figure at 12:00"
    status.start([3], NOON + 30)
    status.end(3, NOON + 40)  # twice as long as planned
    assert status.drawn == "a.png"
    status.start([2], NOON + 40)
    assert status.line(NOON + 60) == "2 of 5 jobs, 1 min left; train b"
    assert sum(status.left(NOON + 60).values()) == 40 + 50 + 60
    status.end(2, NOON + 100)
    status.start([4], NOON + 100)
    assert status.line(NOON + 100) == "3 of 5 jobs, 20 s left; draw b"
    status.end(4, NOON + 110)
    assert status.drawn == "a.png"
    status.start([5], NOON + 110)
    status.end(5, NOON + 120)
    assert status.line(NOON + 120) == "5 of 5 jobs"


def test_a_job_that_takes_longer_than_expected_is_not_said_to_have_ended(status):
    status.start([1], NOON)
    assert status.left(NOON + 50)[1] == 10
    assert status.left(NOON + 600)[1] == 60


def test_failed_jobs_are_counted_and_what_comes_after_them_is_not_waited_for(status):
    status.start([1, 2], NOON - 60)
    status.fail(2)
    assert status.left(NOON).keys() == {1, 3}
    status.end(1, NOON)  # as long as planned
    assert status.line(NOON) == "1 of 5 jobs, 1 failed, 5 s left, first figure at 12:00"
    status.start([2], NOON)  # it is tried again
    assert status.line(NOON).startswith("1 of 5 jobs, 2 min left")


def test_the_time_left_is_told_when_a_training_tells_its_speed(status, tmp_path):
    log = tmp_path / "a.log"
    status.jobs[1] = job("train", "train a", 60_000, log=str(log))
    status.start([1], NOON)
    assert "time left not known yet" in status.line(NOON)
    log.write_text(LINES)
    os.utime(log, (NOON + 30, NOON + 30))
    assert status.left(NOON + 30)[1] == 65
    assert "min left, first figure at 12:0" in status.line(NOON + 30)


def test_without_trainings_the_time_left_is_what_the_plan_says():
    jobs = {1: job("figure", "draw a", 5, made="a.png"), 2: job("gallery", "gallery", 10, [1])}
    assert Status(jobs, {"cores": 1}, NOON).line(NOON).startswith("0 of 2 jobs, 15 s left")


def test_trainings_are_named_before_other_jobs_and_not_all_of_them():
    jobs = {n: job("train", f"train {n}", 60) for n in range(4)}
    jobs[4] = job("extract", "measure nc0, a", 1)
    status = Status(jobs, {"cores": 9}, NOON)
    status.start([4], NOON)
    assert status.line(NOON).endswith("; measure nc0, a")
    status.start([0, 1, 2, 3], NOON + 1)
    assert status.line(NOON + 1).endswith("; train 0, train 1 and 2 more")


def test_jobs_that_are_not_of_the_plan_are_passed_over(status):
    status.start([9], NOON)
    status.end(9, NOON)
    status.fail(9)
    assert status.counted() == "0 of 5 jobs"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(LINES)
    os.utime(path, (NOON, NOON))
    return str(path)


def test_a_log_says_how_far_a_job_is(log, tmp_path):
    assert last_progress(log, NOON - 1) == ("step 300 of 900", 65, NOON)
    assert last_progress(log, NOON + 1) is None  # of another run
    assert last_progress(str(tmp_path / "none.log"), NOON) is None
    assert last_progress("", NOON) is None
    (tmp_path / "long.log").write_text("x" * 9999 + "\n" + LINES)
    assert last_progress(str(tmp_path / "long.log"), NOON)[:2] == ("step 300 of 900", 65)


def test_the_speed_of_a_running_job_is_what_its_log_says(log):
    status = Status({1: job("train", "train a", 9000, log=log)}, {"cores": 1}, NOON - 20)
    status.start([1], NOON - 20)
    assert status.line(NOON + 5) == "0 of 1 jobs, 1 min left; train a (step 300 of 900)"
    assert status.left(NOON + 5) == {1: 60}
    assert status.left(NOON + 500) == {1: 0}


def test_a_time_on_another_day_has_its_day():
    assert clock(NOON + 3600, NOON) == "13:00"
    assert clock(NOON + 13 * 3600, NOON) == "Mon 30 Nov 01:00"
