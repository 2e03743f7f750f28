"""When jobs will have ended, by hand and by brute force."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.forecast import Job, Speeds, depths, duration, ends, some

CORES = {"cores": 2}


def job(needs=(), rule="train", seconds=10.0, takes=(("cores", 1),), **more):
    alike = more.pop("alike", (rule,))
    return Job(rule, "", seconds, alike, takes, frozenset(needs), **more)


def ended(jobs, running=None, ended=frozenset(), free=CORES):
    seconds = {number: each.seconds for number, each in jobs.items()}
    return ends(jobs, depths(jobs), ended, running or {}, seconds, free)


def test_a_job_takes_what_its_plan_says_until_one_like_it_has_ended():
    mlp, cnn = job(alike=("train/mlp", "train")), job(alike=("train/cnn", "train"), seconds=30)
    speeds = Speeds()
    assert speeds.expect(mlp) == 10
    speeds.learn(mlp, 5)  # twice as fast as planned
    assert speeds.expect(mlp) == 5
    assert speeds.expect(cnn) == 15  # no better is known
    speeds.learn(cnn, 60)
    assert (speeds.expect(mlp), speeds.expect(cnn)) == (5, 60)
    assert speeds.expect(job(alike=("train/vgg", "train"), seconds=8)) == 8 * 65 / 40
    assert speeds.expect(job(rule="figure")) == 10


def test_two_cores_do_four_jobs_in_the_time_of_two():
    found = ended({number: job() for number in range(4)})
    assert sorted(found.values()) == [10, 10, 20, 20]


def test_a_job_waits_for_what_it_needs_and_for_a_free_core():
    jobs = {1: job(), 2: job(), 3: job(needs=[1], seconds=1), 4: job(needs=[2, 3], seconds=2)}
    assert ended(jobs) == {1: 10, 2: 10, 3: 11, 4: 13}
    assert ended(jobs, free={"cores": 1}) == {1: 10, 3: 11, 2: 21, 4: 23}


def test_what_has_ended_and_what_is_running_are_counted():
    jobs = {1: job(), 2: job(), 3: job(needs=[1], seconds=1), 4: job(needs=[2], seconds=2)}
    assert ended(jobs, ended={1}, running={2: 4.0}) == {3: 1, 2: 4, 4: 6}


def test_a_job_with_more_threads_waits_until_they_are_free():
    jobs = {1: job(seconds=5), 2: job(takes=(("cores", 2),))}
    assert ended(jobs) == {1: 5, 2: 15}


def test_jobs_share_gpus_beside_cores():
    jobs = {number: job(takes=(("cores", 1), ("gpu", 1))) for number in (1, 2)}
    assert ended(jobs, free=CORES | {"gpu": 1}) == {1: 10, 2: 20}
    assert ended(jobs, free={"cores": 8, "gpu": 2}) == {1: 10, 2: 10}


def test_what_comes_after_a_failed_job_never_ends():
    jobs = {2: job(needs=[1]), 3: job()}  # 1 failed and is left out
    assert ends(jobs, {2: 1, 3: 0}, frozenset(), {}, {2: 10, 3: 10}, CORES) == {3: 10}


def test_a_depth_is_the_longest_way_to_a_job():
    jobs = {4: job(needs=[1, 3]), 1: job(), 3: job(needs=[2]), 2: job(needs=[1])}
    assert depths(jobs) == {1: 0, 2: 1, 3: 2, 4: 3}
    chain = {number: job(needs=[number - 1] if number else []) for number in range(5000)}
    assert depths(chain)[4999] == 4999  # deeper than Python's stack


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_plan_breaks_its_order_or_takes_more_than_there_is(data):
    """Whatever the plan: needs come first, cores suffice, and no core rests while a job waits."""
    count = data.draw(st.integers(1, 9))
    jobs = {
        number: job(
            needs=data.draw(st.sets(st.integers(0, number - 1))) if number else (),
            seconds=float(data.draw(st.integers(1, 9))),
        )
        for number in range(count)
    }
    found = ended(jobs)
    began = {number: found[number] - jobs[number].seconds for number in jobs}
    for number, each in jobs.items():
        ready = max((found[need] for need in each.needs), default=0)
        assert began[number] >= ready
        for at in {ready, *found.values()}:
            if ready <= at < began[number]:
                assert sum(began[other] <= at < found[other] for other in jobs) == 2
    for at in began.values():
        assert sum(began[other] <= at < found[other] for other in jobs) <= 2


def test_the_best_order_is_not_much_better():
    """With two cores, a list schedule takes at most 3/2 of the shortest time (Graham, 1966)."""
    lengths = (3, 3, 2, 2, 2)
    found = max(ended({n: job(seconds=s) for n, s in enumerate(lengths)}).values())
    shortest = min(
        max(sum(part), sum(lengths) - sum(part))
        for size in range(6)
        for part in itertools.combinations(lengths, size)
    )
    assert shortest <= found <= 1.5 * shortest


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (90, "2 min"),
        (3570, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86_400 * 3 + 3600 * 4, "3 d 4 h"),
    ],
)
def test_a_duration_is_said_in_one_unit_or_two(seconds, told):
    assert duration(seconds) == told


def test_of_many_names_some_are_told():
    assert some("ab", 2) == "a, b"
    assert some("abcd", 2) == "a, b and 2 more"
